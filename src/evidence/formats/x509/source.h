// Files of certificates and CRLs: PEM, DER one after another, bundles (PKCS #7), or base64 of those. For this folder.
#pragma once

#include "evidence/piece_stream.h"

namespace cm4it::evidence::x509 {

std::unique_ptr<PieceSource> open_source(PieceStream& stream);

}  // namespace cm4it::evidence::x509
