#include "apps/ics/piece_reader.h"

#include <istream>

#include "base/budgets.h"
#include "base/cbor.h"

namespace cm4it::ics {
namespace {

constexpr std::size_t window_bytes = 4 * 1024 * 1024;
constexpr char cose_sign1_tag = '\xd2';

// Octets of the JSON object that begins `text`; 0: it does not end there.
std::size_t object_octets(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return at + 1;
    }
  }
  return 0;
}

}  // namespace

tl::unexpected<Error> PieceReader::bad(const std::string& rule, Code code) const {
  return fail(code, name_ + " at octet " + std::to_string(offset_) + ": " + rule);
}

// As much as any one piece may have lies in the buffer, or the whole rest.
void PieceReader::fill() {
  if (drained_ || rest().size() > budget::evidence_bytes) return;
  buffer_.erase(0, used_);
  used_ = 0;
  const std::size_t had = buffer_.size();
  buffer_.resize(window_bytes);
  in_.read(buffer_.data() + had, static_cast<std::streamsize>(window_bytes - had));
  buffer_.resize(had + static_cast<std::size_t>(in_.gcount()));
  drained_ = !in_;
}

void PieceReader::consume(std::size_t octets) {
  used_ += octets;
  offset_ += octets;
}

void PieceReader::skip_space() {
  for (;;) {
    fill();
    const auto octets = rest().find_first_not_of(" \t\r\n");
    if (octets != std::string_view::npos) return consume(octets);
    if (rest().empty()) return;
    consume(rest().size());
  }
}

Result<void> PieceReader::start() {
  place_ = Place::first_element;
  fill();
  if (rest().empty()) return fail(Code::malformed, name_ + ": empty");
  if (rest()[0] == cose_sign1_tag) {
    format_ = evidence::Format::cose;
    return {};
  }
  skip_space();
  format_ = evidence::Format::manifest;
  if (rest().starts_with('{')) return {};
  if (!rest().starts_with('[')) return fail(Code::unsupported, name_ + ": neither COSE_Sign1 messages nor a manifest");
  array_ = true;
  consume(1);
  return {};
}

Result<void> PieceReader::resume(std::uint64_t offset) {
  if (place_ == Place::start) CHECK_OK(start());
  in_.clear();
  if (!in_.seekg(static_cast<std::streamoff>(offset))) return fail(Code::unavailable, name_ + ": cannot go on in it");
  buffer_.clear();
  used_ = 0;
  offset_ = offset;
  drained_ = false;
  place_ = Place::after_element;
  return {};
}

Result<std::optional<evidence::Piece>> PieceReader::at(std::uint64_t begin) {
  CHECK_OK(resume(begin));
  if (*format_ == evidence::Format::cose) return next_in_sequence();
  fill();
  return element();
}

Result<std::optional<evidence::Piece>> PieceReader::next() {
  if (place_ == Place::start) CHECK_OK(start());
  return *format_ == evidence::Format::cose ? next_in_sequence() : next_in_manifest();
}

Result<std::optional<evidence::Piece>> PieceReader::next_in_sequence() {
  fill();
  begin_ = offset_;
  if (rest().empty()) return std::optional<evidence::Piece>{};
  CborReader reader(view(rest()));
  const auto item = reader.item();
  if (!item) return bad(item.error().message, item.error().code);
  consume(item->size());
  return std::optional(evidence::Piece{evidence::Format::cose, to_bytes(*item)});
}

Result<std::optional<evidence::Piece>> PieceReader::next_in_manifest() {
  skip_space();
  if (place_ == Place::after_element || (place_ == Place::first_element && array_ && rest().starts_with(']'))) {
    const bool closed = array_ && rest().starts_with(']');
    if (closed) {
      consume(1);
      skip_space();
    }
    if (closed || !array_) {
      if (!rest().empty()) return bad("octets after the manifest");
      place_ = Place::end;
    } else {
      if (!rest().starts_with(',')) return bad("',' or ']' expected");
      consume(1);
      skip_space();
    }
  }
  if (place_ == Place::end) return std::optional<evidence::Piece>{};
  return element();
}

Result<std::optional<evidence::Piece>> PieceReader::element() {
  if (!rest().starts_with('{')) return bad("an object expected");
  begin_ = offset_;
  const std::size_t octets = object_octets(rest().substr(0, budget::evidence_bytes));
  if (octets == 0 && rest().size() >= budget::evidence_bytes)
    return bad("an element of more than " + std::to_string(budget::evidence_bytes) + " octets", Code::too_large);
  if (octets == 0) return bad("the input ends inside an element");
  evidence::Piece piece{evidence::Format::manifest, to_bytes(view(rest().substr(0, octets)))};
  consume(octets);
  place_ = Place::after_element;
  return std::optional(std::move(piece));
}

}  // namespace cm4it::ics
