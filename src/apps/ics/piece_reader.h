// Evidence out of a file of any length, a piece after another: a CBOR sequence of COSE_Sign1, or a manifest (a JSON array
// of elements, or one element). Which of them is seen by the first octet.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "evidence/evidence.h"

namespace cm4it::ics {

class PieceReader {
 public:
  // `name` is for errors; `in` outlives the reader.
  PieceReader(std::istream& in, std::string name) : in_(in), name_(std::move(name)) {}

  // Nothing at the end. malformed, too_large: names the octet; what came before it is good.
  Result<std::optional<evidence::Piece>> next();
  // Where the last piece began and ended.
  std::uint64_t begin() const { return begin_; }
  std::uint64_t offset() const { return offset_; }
  // Goes on behind a piece, at an offset() of an earlier reading; the file must be seekable.
  Result<void> resume(std::uint64_t offset);
  // The one piece that begins there, the reading being disturbed.
  Result<std::optional<evidence::Piece>> at(std::uint64_t begin);

 private:
  enum class Place { start, first_element, after_element, end };
  Result<void> start();
  void fill();
  std::string_view rest() const { return std::string_view(buffer_).substr(used_); }
  void consume(std::size_t octets);
  void skip_space();
  tl::unexpected<Error> bad(const std::string& rule, Code code = Code::malformed) const;
  Result<std::optional<evidence::Piece>> next_in_sequence();
  Result<std::optional<evidence::Piece>> next_in_manifest();
  Result<std::optional<evidence::Piece>> element();

  std::istream& in_;
  std::string name_, buffer_;
  std::size_t used_ = 0;
  std::uint64_t begin_ = 0, offset_ = 0;
  bool drained_ = false, array_ = false;
  std::optional<evidence::Format> format_;
  Place place_ = Place::start;
};

}  // namespace cm4it::ics
