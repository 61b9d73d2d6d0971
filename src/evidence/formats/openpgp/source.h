// Dumps of certificates, one after another, and what gpg imports. For this folder.
#pragma once

#include "evidence/piece_stream.h"

namespace cm4it::evidence::openpgp {

std::unique_ptr<PieceSource> open_source(PieceStream& stream);
// What is stored of a key are pieces; what gpg reads is a certificate.
std::unique_ptr<PieceSink> open_sink(PieceSink::Out out);

}  // namespace cm4it::evidence::openpgp
