#include "evidence/formats/manifest/elements.h"

#include "base/budgets.h"
#include "evidence/codec.h"

namespace cm4it::evidence::manifest {
namespace {

// An array of elements, or one; each element stays as it is, octet for octet.
class ElementScanner {
 public:
  explicit ElementScanner(std::string_view text) : text_(text) {}

  Result<std::vector<Piece>> elements() {
    std::vector<Piece> pieces;
    space();
    if (at_ < text_.size() && text_[at_] == '{') {
      TRY(auto piece, element());
      pieces.push_back(std::move(piece));
      space();
      if (at_ != text_.size()) return bad("octets after the element");
      return pieces;
    }
    if (!take('[')) return bad("an array of elements, or one element, expected");
    space();
    if (take(']')) return bad("no element in it");
    for (;;) {
      if (pieces.size() == budget::submission_items) return too_many_pieces();
      space();
      TRY(auto piece, element());
      pieces.push_back(std::move(piece));
      space();
      if (take(',')) continue;
      if (!take(']')) return bad("',' or ']' expected");
      space();
      if (at_ != text_.size()) return bad("octets after the array");
      return pieces;
    }
  }

 private:
  tl::unexpected<Error> bad(const std::string& rule) const {
    return fail(Code::malformed, "manifest at octet " + std::to_string(at_) + ": " + rule);
  }
  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Result<Piece> element() {
    if (at_ >= text_.size() || text_[at_] != '{') return bad("an object expected");
    const std::size_t octets = object_octets(text_.substr(at_));
    if (octets == 0) {
      at_ = text_.size();
      return bad("the input ends inside an element");
    }
    Piece piece{Format::manifest, to_bytes(view(text_.substr(at_, octets)))};
    at_ += octets;
    return piece;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::size_t object_octets(std::string_view text) {
  if (!text.starts_with('{')) return 0;
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

bool looks_like_manifest(View body) {
  const auto first = text(body).find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (text(body)[first] == '[' || text(body)[first] == '{');
}

Result<std::vector<Piece>> split(View body) { return ElementScanner(text(body)).elements(); }

}  // namespace cm4it::evidence::manifest
