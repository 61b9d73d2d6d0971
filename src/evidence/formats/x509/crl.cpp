#include "evidence/formats/x509/crl.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/der.h"
#include "crypto/crl.h"
#include "crypto/pkix_verify.h"
#include "evidence/builder.h"
#include "evidence/formats.h"
#include "evidence/formats/openpgp/meaning.h"
#include "evidence/formats/x509/credential.h"
#include "evidence/formats/x509/x509.h"

namespace cm4it::evidence {
namespace {

using openpgp::shown_text;

std::string shown(const std::string& text) { return shown_text(view(text), budget::text_field); }

// What its issuingDistributionPoint (RFC 5280 section 5.2.5) says that a CRL is about.
struct Crl final : RevocationList {
  bool users_only = false, authorities_only = false;
  Bytes point;  // the names of its distribution point, each a GeneralName in DER; empty: none

  Coverage coverage_of(const Credential& credential) const override;
  std::string reason() const override;
  Bytes findings() const override;
  std::shared_ptr<RevocationList> copy() const override { return std::make_shared<Crl>(*this); }
};

// Findings: an octet of these, then `point`.
constexpr std::uint8_t of_users = 1, of_authorities = 2;

// RFC 5280 section 6.3.3 (b) (2).
RevocationList::Coverage Crl::coverage_of(const Credential& credential) const {
  const auto* certificate = x509::certificate_in(credential);
  if (!certificate || (certificate->fields().authority ? users_only : authorities_only)) return Coverage::no;
  if (point.empty()) return Coverage::surely;
  const auto& points = certificate->fields().crl_points;
  for (DerReader names(point); !names.at_end();) {
    const auto whole_name = names.item("crl.issuingDistributionPoint");
    if (!whole_name) break;
    if (std::any_of(points.begin(), points.end(), [&](const Bytes& one) { return equal(one, whole_name->whole); })) return Coverage::surely;
  }
  return Coverage::perhaps;
}

std::string Crl::reason() const {
  std::string reason = name;
  for (const auto& entry : entries)
    reason += "; serial number " + to_hex(entry.handle) + " since " + to_rfc3339(entry.at) + ", " + crypto::to_string(entry.reason);
  return reason;
}

Bytes Crl::findings() const {
  Bytes octets{static_cast<std::uint8_t>((users_only ? of_users : 0) | (authorities_only ? of_authorities : 0))};
  append(octets, point);
  return octets;
}

Result<std::shared_ptr<RevocationList>> known_crl(View findings) {
  if (findings.empty() || findings[0] > (of_users | of_authorities)) return fail(Code::malformed, "crl: findings that are none");
  auto list = std::make_shared<Crl>();
  list->users_only = (findings[0] & of_users) != 0;
  list->authorities_only = (findings[0] & of_authorities) != 0;
  list->point = to_bytes(findings.subspan(1));
  return list;
}

// A CRL is a withdrawal of certificates that its issuer made under this name.
Statement meaning_of_list(const crypto::Crl& list) {
  auto said = std::make_shared<Crl>();
  said->issuer_name = list.issuer_canonical;
  said->scope = crypto::sha256(list.scope);
  said->users_only = list.users_only;
  said->authorities_only = list.authorities_only;
  said->point = to_bytes(list.point);
  said->number = to_bytes(list.number);
  said->this_update = list.this_update;
  said->next_update = list.next_update;
  said->name = "CRL " + list.number_text() + (list.issuer_text.empty() ? "" : " of " + shown(list.issuer_text));
  Statement statement;
  statement.format = Format::crl;
  statement.issued_at = list.this_update;
  statement.not_before = list.this_update;
  Withdraw withdraw;
  withdraw.reason = said->name;
  withdraw.component = crypto::sha256(list.issuer_canonical);
  statement.body = std::move(withdraw);
  statement.revocations = std::move(said);
  return statement;
}

Result<void> visit_crl(View piece, const RevocationVisitor& visit) {
  TRY(const auto list, crypto::Crl::parse_known(piece));
  return crypto::visit_crl_entries(list, [&](const crypto::CrlEntry& entry) { return visit({entry.serial, entry.at, entry.reason}); });
}

}  // namespace

namespace crl {

namespace {

// An item's head, of which the content need not be all there: a tag, and where the content and the next item begin.
struct Head {
  std::uint8_t tag;
  std::size_t content, end;
};
std::optional<Head> head_at(View bytes, std::size_t at) {
  if (at > bytes.size() || bytes.size() - at < 2) return {};
  const std::size_t first = bytes[at + 1], octets = first < 0x80 ? 0 : first & 0x7f;
  if (octets > 4 || bytes.size() - at < 2 + octets) return {};
  std::size_t size = octets == 0 ? first : 0;
  for (std::size_t i = 0; i < octets; ++i) size = size << 8 | bytes[at + 2 + i];
  return Head{bytes[at], at + 2 + octets, at + 2 + octets + size};
}

}  // namespace

// CertificateList and TBSCertList, each a SEQUENCE; then, behind a version or none, algorithm, issuer, and a time. A certificate
// has a SEQUENCE of two times there.
bool looks_like_crl(View bytes) {
  const auto list = head_at(bytes, 0);
  const auto to_be_signed = list && list->tag == der::sequence ? head_at(bytes, list->content) : std::nullopt;
  if (!to_be_signed || to_be_signed->tag != der::sequence) return false;
  auto item = head_at(bytes, to_be_signed->content);
  if (item && item->tag == der::integer) item = head_at(bytes, item->end);
  for (int i = 0; i < 2 && item; ++i) item = item->tag == der::sequence ? head_at(bytes, item->end) : std::nullopt;
  return item && (item->tag == der::utc_time || item->tag == der::generalized_time);
}

}  // namespace crl

namespace {

Result<Decoded> decode_crl(View bytes, Trust trust) {
  TRY(const auto list, trust == Trust::from_store ? crypto::Crl::parse_known(bytes) : crypto::Crl::parse(bytes));
  DecodedBuilder builder;
  builder.format = Format::crl;
  builder.bytes = to_bytes(bytes);
  builder.signed_bytes = to_bytes(list.to_be_signed);
  builder.signature = to_bytes(list.signature);
  builder.issuer = x509::issuer_hint(list.issuer_canonical, list.authority_key_id, list.issuer_text);
  builder.statements.push_back(meaning_of_list(list));
  return std::move(builder).build();
}

Result<void> verify_crl(const Decoded& decoded, const crypto::PublicKey& issuer) {
  TRY(const auto list, crypto::Crl::parse_known(decoded.bytes()));
  return crypto::verify_pkix(list.algorithm, list.to_be_signed, list.signature, issuer, "crl.signatureAlgorithm");
}

Result<std::vector<Statement>> stored_crl_statements(View bytes, const KeyId& issuer, const SubjectId*) {
  TRY(const auto list, crypto::Crl::parse_known(bytes));
  Statement statement = meaning_of_list(list);
  statement.subject = SubjectId::key(issuer);
  return std::vector<Statement>{std::move(statement)};
}

}  // namespace

// Bodies are split, and told from certificates, by x509::codec.
constexpr Codec crl::codec{.format = Format::crl, .name = "crl", .media_type = "application/pkix-crl", .submitted = {},
                           .most_octets = budget::crl_bytes, .decode = decode_crl, .verify = verify_crl, .stored_statements = stored_crl_statements, .visit_list = visit_crl,
                           .known_list = known_crl, .by_authorities = true};

}  // namespace cm4it::evidence
