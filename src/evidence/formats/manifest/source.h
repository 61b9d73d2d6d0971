// Manifests of any length, an element after another. For this folder.
#pragma once

#include "evidence/piece_stream.h"

namespace cm4it::evidence::manifest {

std::unique_ptr<PieceSource> open_source(PieceStream& stream);
std::unique_ptr<PieceSink> open_sink(PieceSink::Out out);

}  // namespace cm4it::evidence::manifest
