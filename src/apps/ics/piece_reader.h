// Evidence out of a file of any length, a piece after another: a CBOR sequence (COSE_Sign1, or [format, evidence]), or a file of
// any one format. Which of them is seen by how it begins.
#pragma once

#include "evidence/piece_stream.h"

namespace cm4it::ics {

class PieceReader {
 public:
  // `name` is for errors; `in` outlives the reader.
  PieceReader(std::istream& in, std::string name) : stream_(in, std::move(name)) {}

  // As of evidence::PieceSource.
  Result<std::optional<evidence::Piece>> next() {
    CHECK_OK(open());
    return source_->next();
  }
  std::uint64_t begin() const { return source_ ? source_->begin() : 0; }
  std::uint64_t offset() const { return source_ ? source_->offset() : 0; }
  std::vector<std::string> left_out() { return source_ ? source_->left_out() : std::vector<std::string>{}; }
  bool certificates() const { return source_ && source_->gathers(); }
  Result<void> resume(std::uint64_t offset) {
    CHECK_OK(open());
    return source_->resume(offset);
  }
  Result<std::vector<evidence::Piece>> at(std::uint64_t begin) {
    CHECK_OK(open());
    return source_->at(begin);
  }

 private:
  Result<void> open() {
    if (!source_) {
      TRY(source_, evidence::open_source(stream_));
    }
    return {};
  }

  evidence::PieceStream stream_;
  std::unique_ptr<evidence::PieceSource> source_;
};

}  // namespace cm4it::ics
