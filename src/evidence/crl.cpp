#include "evidence/crl.h"

#include "base/budgets.h"
#include "base/der.h"
#include "crypto/pkix_verify.h"
#include "evidence/builder.h"
#include "evidence/openpgp_meaning.h"

namespace cm4it::evidence {
namespace {

using openpgp::shown_text;

std::string shown(const std::string& text) { return shown_text(view(text), budget::text_field); }

// A withdrawal of what its issuer said of certificates in this name.
Statement meaning_of(const crypto::Crl& list) {
  auto part = std::make_shared<CrlPart>();
  part->issuer_name = to_bytes(list.issuer_name);
  part->scope = crypto::sha256(list.scope);
  part->number = to_bytes(list.number);
  part->this_update = list.this_update;
  part->next_update = list.next_update;
  part->name = "CRL " + list.number_text() + (list.issuer_text.empty() ? "" : " of " + shown(list.issuer_text));
  Statement statement;
  statement.format = Format::crl;
  statement.issued_at = list.this_update;
  statement.not_before = list.this_update;
  Withdraw withdraw;
  withdraw.reason = part->name;
  withdraw.part = crypto::sha256(list.issuer_name);
  statement.body = std::move(withdraw);
  statement.crl = std::move(part);
  return statement;
}

std::string reason_of(const CrlPart& part) {
  std::string reason = part.name;
  for (const auto& entry : part.entries)
    reason +=
        "; serial number " + to_hex(entry.serial) + " since " + to_rfc3339(entry.at) + ", " + crypto::to_string(entry.reason);
  return reason;
}

}  // namespace

namespace crl {

Result<Statement> kept_statement(View bytes, const SubjectId& subject, const std::vector<View>& serials,
                                 const OffsetOf& offset_of) {
  TRY(const auto list, crypto::Crl::parse_known(bytes));
  Statement statement = meaning_of(list);
  statement.subject = subject;
  auto part = std::make_shared<CrlPart>(*statement.crl);
  for (const View serial : serials) {
    TRY(const auto offset, offset_of(list.entries, serial));
    if (!offset) continue;
    TRY(const auto entry, crypto::crl_entry_at(list.entries, *offset));
    part->entries.push_back({to_bytes(entry.serial), entry.at, entry.reason});
  }
  std::get<Withdraw>(statement.body).reason = reason_of(*part);
  statement.crl = std::move(part);
  return statement;
}

namespace {
constexpr std::string_view begin = "-----BEGIN X509 CRL-----", end = "-----END X509 CRL-----";
}

Result<std::vector<Bytes>> crls_in_pem(std::string_view text, std::size_t most) {
  std::vector<Bytes> lists;
  for (auto at = text.find(begin); at != text.npos; at = text.find(begin, at)) {
    if (lists.size() == most) return fail(Code::too_large, "body: more than " + std::to_string(most) + " CRLs");
    at += begin.size();
    const auto stop = text.find(end, at);
    if (stop == text.npos) return fail(Code::malformed, "crl: a PEM block without its end", "RFC 7468 section 2");
    std::string digits;
    digits.reserve(stop - at);
    for (const char c : text.substr(at, stop - at))
      if (c != '\n' && c != '\r' && c != ' ' && c != '\t') digits.push_back(c);
    auto der = from_base64(digits);
    if (!der) return within("crl", std::move(der).error());
    lists.push_back(std::move(*der));
    at = stop;
  }
  return lists;
}

bool has_crl_block(std::string_view text) { return text.find(begin) != text.npos; }

// CertificateList and TBSCertList, each a SEQUENCE, then version 2: certificates have a tag before theirs.
bool looks_like_crl(View bytes) {
  const auto inner = [](View from) -> std::optional<View> {
    if (from.size() < 2 || from[0] != der::sequence) return {};
    const std::size_t head = from[1] < 0x80 ? 2 : 2 + (from[1] & 0x7fu);
    return from.size() < head ? std::nullopt : std::optional(from.subspan(head));
  };
  const auto list = inner(bytes);
  const auto to_be_signed = list ? inner(*list) : std::nullopt;
  return to_be_signed && to_be_signed->size() > 3 && (*to_be_signed)[0] == der::integer && (*to_be_signed)[1] == 1 &&
         (*to_be_signed)[2] == 1 && (*to_be_signed)[3] == der::sequence;
}

}  // namespace crl

Result<Decoded> decode_crl(View bytes, bool kept) {
  TRY(const auto list, kept ? crypto::Crl::parse_known(bytes) : crypto::Crl::parse(bytes));
  DecodedBuilder builder;
  builder.format = Format::crl;
  builder.bytes = to_bytes(bytes);
  builder.signed_bytes = to_bytes(list.to_be_signed);
  builder.signature = to_bytes(list.signature);
  builder.issuer = X509Issuer{to_bytes(list.issuer_name), to_bytes(list.authority_key_id), shown(list.issuer_text)};
  builder.statements.push_back(meaning_of(list));
  return std::move(builder).build();
}

Result<void> verify_crl(const Decoded& decoded, const crypto::PublicKey& issuer) {
  TRY(const auto list, crypto::Crl::parse_known(decoded.bytes()));
  return crypto::verify_pkix(list.algorithm, list.to_be_signed, list.signature, issuer, "crl.signatureAlgorithm");
}

}  // namespace cm4it::evidence
