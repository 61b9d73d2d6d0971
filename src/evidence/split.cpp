// A submission's body, split into pieces of evidence.
#include "base/budgets.h"
#include "base/cbor.h"
#include "base/text.h"
#include "evidence/codec.h"

namespace cm4it::evidence {

tl::unexpected<Error> too_many_pieces() {
  return fail(Code::too_large, "body: more than " + std::to_string(budget::submission_items) + " pieces of evidence",
              "send it in parts; `ics import` does");
}

namespace {

// RFC 8742: one item after another, each as it is a leaf of a log: COSE_Sign1, or [format, evidence]. What is neither is
// given on for a statement, and refused as one.
Result<std::vector<Piece>> split_sequence(View body) {
  std::vector<Piece> pieces;
  while (!body.empty()) {
    if (pieces.size() == budget::submission_items) return too_many_pieces();
    CborReader reader(body);
    auto item = reader.item();
    if (!item) return within("body, piece " + std::to_string(pieces.size() + 1), std::move(item).error());
    if (auto leaf = parse_leaf(*item)) pieces.push_back({leaf->first, std::move(leaf->second)});
    else pieces.push_back({Format::cose, to_bytes(*item)});
    body = body.subspan(item->size());
  }
  return pieces;
}

// RFC 9110 section 8.3.1: case does not matter, blanks may stand before parameters.
std::string without_parameters(std::string_view media_type) {
  std::string type(media_type.substr(0, media_type.find(';')));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  return lowercase(type);
}

tl::unexpected<Error> unknown_type(const std::string& type) {
  std::vector<std::string_view> read;
  for (const Codec* codec : codecs()) read.insert(read.end(), codec->submitted.begin(), codec->submitted.end());
  return fail(Code::unsupported, "Content-Type: " + type.substr(0, 64) + "; " + joined(read) + ", application/cbor-seq and multipart/form-data (signed sums) are read");
}

}  // namespace

bool begins_like_a_sequence(View body) { return !body.empty() && (body[0] == 0xd2 || body[0] == 0x82); }

Result<std::vector<Piece>> split(std::string_view media_type, View body) {
  const std::string type = without_parameters(media_type);
  if (body.empty()) return fail(Code::malformed, "body: empty");
  if (type == "application/cbor-seq") return split_sequence(body);
  for (const Codec* codec : codecs())
    if (contains(codec->submitted, type)) return codec->split(body);
  if (!type.empty() && type != "application/octet-stream") return unknown_type(type);
  if (begins_like_a_sequence(body)) return split_sequence(body);
  for (const Codec* codec : codecs())
    if (codec->looks_like && codec->split && codec->looks_like(body)) return codec->split(body);
  return fail(Code::unsupported, "body: neither COSE_Sign1 messages nor a manifest nor OpenPGP keys nor X.509 certificates or CRLs");
}

std::vector<Piece> accompanying(const Piece& piece) {
  const Codec* codec = find_codec(piece.format);
  return codec && codec->accompanying ? codec->accompanying(piece) : std::vector<Piece>{};
}

}  // namespace cm4it::evidence
