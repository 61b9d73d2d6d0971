// A submission's body, taken apart into pieces of evidence.
#include <algorithm>

#include "base/budgets.h"
#include "base/cbor.h"
#include "crypto/pem.h"
#include "evidence/formats/x509/crl.h"
#include "evidence/formats/openpgp/openpgp.h"
#include "evidence/formats/x509/x509.h"

namespace cm4it::evidence {
namespace {

tl::unexpected<Error> too_many() {
  return fail(Code::too_large, "body: more than " + std::to_string(budget::submission_items) + " pieces of evidence",
              "send it in parts; `ics import` does");
}

// RFC 8742: one item after another, each as it is a leaf of a log: COSE_Sign1, or [format, evidence]. What is neither is
// given on for a statement, and refused as one.
Result<std::vector<Piece>> split_sequence(View body) {
  std::vector<Piece> pieces;
  while (!body.empty()) {
    if (pieces.size() == budget::submission_items) return too_many();
    CborReader reader(body);
    auto item = reader.item();
    if (!item) return within("body, piece " + std::to_string(pieces.size() + 1), std::move(item).error());
    if (auto leaf = parse_leaf(*item)) pieces.push_back({leaf->first, std::move(leaf->second)});
    else pieces.push_back({Format::cose, to_bytes(*item)});
    body = body.subspan(item->size());
  }
  return pieces;
}

// Where a JSON value that begins at `at` ends. Only strings and brackets matter here: each element is parsed by itself
// afterwards, and kept octet for octet.
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
      if (pieces.size() == budget::submission_items) return too_many();
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
    const std::size_t begin = at_;
    if (at_ >= text_.size() || text_[at_] != '{') return bad("an object expected");
    std::size_t depth = 0;
    bool in_string = false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (in_string) {
        if (c == '\\') ++at_;
        else if (c == '"') in_string = false;
        continue;
      }
      if (c == '"') in_string = true;
      else if (c == '{' || c == '[') ++depth;
      else if ((c == '}' || c == ']') && --depth == 0) {
        ++at_;
        return Piece{Format::manifest, to_bytes(view(text_.substr(begin, at_ - begin)))};
      }
    }
    return bad("the input ends inside an element");
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

// Certificates. What was dropped is told only where nothing is left: openpgp::take_apart() has the rest.
Result<std::vector<Piece>> split_openpgp(View body) {
  TRY(auto taken, openpgp::take_apart(body));
  if (!taken.pieces.empty()) return std::move(taken.pieces);
  if (taken.dropped.empty()) return fail(Code::malformed, "body: certificates without any signature, which say nothing");
  return fail(Code::malformed, "body: nothing in it can be kept; " + taken.dropped[0].what + ": " + taken.dropped[0].why, "docs/openpgp.md");
}

// RFC 2585 (one DER certificate or CRL), RFC 7468 and RFC 8555 section 9.1 (many in PEM), RFC 7030 section 4.1.3 and RFC 8951
// (a bundle, also in base64); which of them it is, is seen.
Result<std::vector<Piece>> split_pkix(View body) {
  const auto decoded = crypto::bare_base64(text(body));
  const View binary = decoded ? View(*decoded) : body;
  if (binary[0] == 0x30 && !crypto::looks_like_bundle(binary))
    return std::vector<Piece>{{crl::looks_like_crl(binary) ? Format::crl : Format::x509, to_bytes(binary)}};
  std::vector<crypto::PkixItem> items;
  std::vector<std::string> others;
  if (binary[0] == 0x30) {
    TRY(items, crypto::items_in_bundle(binary, budget::submission_items));
  } else {
    TRY(items, crypto::items_in_pem(text(body), budget::submission_items, &others));
  }
  if (items.empty())
    return fail(Code::malformed, "body: no certificate in it" + (others.empty() ? std::string() : ", but \"" + others[0] + "\""),
                "a \"-----BEGIN CERTIFICATE-----\", \"-----BEGIN X509 CRL-----\" or \"-----BEGIN PKCS7-----\" block, or DER, is expected");
  std::vector<Piece> pieces;
  pieces.reserve(items.size());
  for (auto& item : items) pieces.push_back({item.crl ? Format::crl : Format::x509, std::move(item.der)});
  return pieces;
}

bool is_pkix(std::string_view media_type) {
  constexpr std::string_view types[] = {"application/pkix-cert",     "application/pkix-crl",   "application/x-x509-ca-cert",        "application/x-x509-user-cert",
                                        "application/x-pem-file",    "application/pem-certificate-chain", "application/x-pkcs7-certificates",
                                        "application/x-pkcs7-crl",   "application/x-pkcs7-mime", "application/pkcs7-mime",         "application/cms"};
  return std::find(std::begin(types), std::end(types), media_type) != std::end(types);
}

// RFC 9110 section 8.3.1: case does not matter, blanks may stand before parameters.
std::string without_parameters(std::string_view media_type) {
  std::string type(media_type.substr(0, media_type.find(';')));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  for (char& c : type)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return type;
}

}  // namespace

Result<std::vector<Piece>> split(std::string_view media_type, View body) {
  const std::string type = without_parameters(media_type);
  if (body.empty()) return fail(Code::malformed, "body: empty");
  if (type == "application/cose" || type == "application/cm4it-statement+cbor")
    return std::vector<Piece>{{Format::cose, to_bytes(body)}};
  if (type == "application/cbor-seq") return split_sequence(body);
  if (type == "application/json" || type == "application/jose+json") return ElementScanner(text(body)).elements();
  if (type == "application/pgp-keys") return split_openpgp(body);
  if (is_pkix(type)) return split_pkix(body);
  if (type == "application/octet-stream" || type.empty()) {
    if (body[0] == 0xd2 || body[0] == 0x82) return split_sequence(body);
    const auto first = text(body).find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && (text(body)[first] == '[' || text(body)[first] == '{'))
      return ElementScanner(text(body)).elements();
    if (openpgp::looks_like_openpgp(body)) return split_openpgp(body);
    if (x509::looks_like_pkix(body)) return split_pkix(body);
    return fail(Code::unsupported, "body: neither COSE_Sign1 messages nor a manifest nor OpenPGP keys nor X.509 certificates or CRLs");
  }
  return fail(Code::unsupported, "Content-Type: " + type.substr(0, 64) +
              "; application/cose, application/cbor-seq, application/json (a manifest), application/pgp-keys, application/pkix-cert, application/pkix-crl, "
              "application/pkcs7-mime, application/x-pem-file and multipart/form-data (signed sums) are read");
}

}  // namespace cm4it::evidence
