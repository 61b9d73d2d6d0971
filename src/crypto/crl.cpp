// What is quoted is RFC 5280's ASN.1.
#include "crypto/crl.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/der.h"
#include "crypto/extensions.h"
#include "crypto/name.h"
#include "crypto/pkix_verify.h"

namespace cm4it::crypto {
namespace {

// id-ce (2.5.29) and its last part.
bool is_id_ce(View oid, std::uint8_t part) { return oid.size() == 3 && oid[0] == 0x55 && oid[1] == 0x1d && oid[2] == part; }
constexpr std::uint8_t crl_number = 20, crl_reason = 21, invalidity_date = 24, delta_indicator = 27, distribution_point = 28,
                       certificate_issuer = 29, authority_key_identifier = 35;

tl::unexpected<Error> not_known_critical(const char* field, View oid) {
  return fail(Code::unsupported, std::string(field) + ": " + to_hex(oid) + " is critical, and not known here",
              "RFC 5280 section 5.2");
}

template <class F>
Result<void> each_of_few_extensions(DerReader list, const char* field, F&& take) {
  std::size_t count = 0;
  return each_extension(list, field, [&](View oid, bool critical, View value) -> Result<void> {
    if (++count > budget::crl_extensions)
      return fail(Code::too_large, std::string(field) + ": more than " + std::to_string(budget::crl_extensions));
    return take(oid, critical, value);
  });
}

// IssuingDistributionPoint ::= SEQUENCE { distributionPoint [0] OPTIONAL, onlyContainsUserCerts [1], onlyContainsCACerts [2],
//   onlySomeReasons [3] OPTIONAL, indirectCRL [4], onlyContainsAttributeCerts [5] }   -- booleans default to FALSE
// DistributionPointName ::= CHOICE { fullName [0] GeneralNames, nameRelativeToCRLIssuer [1] }
Result<void> read_scope(View value, Crl& crl) {
  constexpr const char* field = "crl.issuingDistributionPoint";
  DerReader outer(value);
  TRY(auto scope, outer.enter(der::sequence, field));
  CHECK_OK(outer.end(field));
  while (!scope.at_end()) {
    TRY(const DerItem item, scope.item(field));
    const bool yes = !item.content.empty() && item.content[0] != 0;
    switch (item.tag & 0x1f) {
      case 0: {
        DerReader names(item.content);
        if (!names.next_is(der::context(0))) break;
        TRY(crl.point, names.take(der::context(0), field));
        break;
      }
      case 1: crl.users_only = yes; break;
      case 2: crl.authorities_only = yes; break;
      case 3: return fail(Code::unsupported, std::string(field) + ".onlySomeReasons: a CRL of some reasons only is not taken");
      case 4: return fail(Code::unsupported, std::string(field) + ".indirectCRL: an indirect CRL, for several CAs, is not taken");
      default: return fail(Code::unsupported, std::string(field) + ": for attribute certificates, which nothing here reads");
    }
  }
  return {};
}

// AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] OCTET STRING OPTIONAL, … }
Result<View> read_authority_key_id(View value) {
  DerReader outer(value);
  TRY(auto id, outer.enter(der::sequence, "crl.authorityKeyIdentifier"));
  if (!id.next_is(der::context_primitive(0))) return View();
  return id.take(der::context_primitive(0), "crl.authorityKeyIdentifier");
}

Result<void> read_extensions(DerReader extensions, Crl& crl) {
  return each_of_few_extensions(extensions, "crl.crlExtensions", [&](View oid, bool critical, View value) -> Result<void> {
    const auto once = [&](View& field) -> Result<void> {
      if (!field.empty()) return fail(Code::malformed, "crl.crlExtensions: " + to_hex(oid) + " twice", "RFC 5280 section 4.2");
      return {};
    };
    if (is_id_ce(oid, delta_indicator))
      return fail(Code::unsupported, "crl.deltaCRLIndicator: a delta CRL is not taken; the whole CRL is",
                  "RFC 5280 section 5.2.4");
    if (is_id_ce(oid, crl_number)) {
      CHECK_OK(once(crl.number));
      DerReader reader(value);
      TRY(crl.number, reader.integer("crl.cRLNumber"));
      if (crl.number[0] >= 0x80) return fail(Code::malformed, "crl.cRLNumber: less than 0", "RFC 5280 section 5.2.3");
      if (crl.number.size() > 20) return fail(Code::malformed, "crl.cRLNumber: more than 20 octets", "RFC 5280 section 5.2.3");
      return reader.end("crl.cRLNumber");
    }
    if (is_id_ce(oid, distribution_point)) {
      CHECK_OK(once(crl.scope));
      crl.scope = value;
      return read_scope(value, crl);
    }
    if (is_id_ce(oid, authority_key_identifier)) {
      CHECK_OK(once(crl.authority_key_id));
      TRY(crl.authority_key_id, read_authority_key_id(value));
      return {};
    }
    if (critical) return not_known_critical("crl.crlExtensions", oid);
    return {};
  });
}

Result<void> read_reason(View value, CrlEntry& entry) {
  DerReader reader(value);
  TRY(const auto number, reader.uint("crl.reasonCode", der::enumerated));
  CHECK_OK(reader.end("crl.reasonCode"));
  if (number == 8) return fail(Code::malformed, "crl.reasonCode: removeFromCRL is for delta CRLs", "RFC 5280 section 5.3.1");
  if (number == 7 || number > 10)
    return fail(Code::malformed, "crl.reasonCode: " + std::to_string(number) + " is no reason", "RFC 5280 section 5.3.1");
  entry.reason = static_cast<RevocationReason>(number);
  return {};
}

// SEQUENCE { userCertificate CertificateSerialNumber, revocationDate Time, crlEntryExtensions Extensions OPTIONAL }
Result<CrlEntry> read_entry(DerReader& list) {
  TRY(auto reader, list.enter(der::sequence, "crl.revokedCertificates"));
  CrlEntry entry;
  TRY(entry.serial, reader.integer("crl.userCertificate"));
  if (entry.serial.size() > 21)
    return fail(Code::malformed, "crl.userCertificate: more than 20 octets", "RFC 5280 section 4.1.2.2");
  TRY(entry.at, reader.time("crl.revocationDate"));
  if (reader.at_end()) return entry;
  TRY(const auto extensions, reader.enter(der::sequence, "crl.crlEntryExtensions"));
  CHECK_OK(reader.end("crl.revokedCertificates"));
  CHECK_OK(each_of_few_extensions(extensions, "crl.crlEntryExtensions", [&](View oid, bool critical, View value) -> Result<void> {
    if (is_id_ce(oid, crl_reason)) return read_reason(value, entry);
    if (is_id_ce(oid, certificate_issuer))
      return fail(Code::unsupported, "crl.certificateIssuer: an indirect CRL, for several CAs, is not taken",
                  "RFC 5280 section 5.3.3");
    if (critical && !is_id_ce(oid, invalidity_date)) return not_known_critical("crl.crlEntryExtensions", oid);
    return {};
  }));
  return entry;
}

// TBSCertList ::= SEQUENCE { version Version OPTIONAL, signature AlgorithmIdentifier, issuer Name, thisUpdate Time, nextUpdate
// Time OPTIONAL,
//   revokedCertificates SEQUENCE OF … OPTIONAL, crlExtensions [0] EXPLICIT Extensions OPTIONAL }
Result<void> read_to_be_signed(View content, Crl& crl) {
  DerReader reader(content);
  if (!reader.next_is(der::integer))
    return fail(Code::unsupported, "crl.version: 1; version 2 with a cRLNumber is read",
                "RFC 5280 section 5.1.2.1; for `openssl ca` set crlnumber and crl_extensions");
  TRY(const auto version, reader.uint("crl.version"));
  if (version != 1)
    return fail(Code::unsupported, "crl.version: " + std::to_string(version + 1) + "; version 2 is read",
                "RFC 5280 section 5.1.2.1");
  TRY(const DerItem inner, reader.item("crl.signature"));
  if (!equal(inner.whole, crl.algorithm))
    return fail(Code::malformed, "crl.signature: another algorithm than signatureAlgorithm", "RFC 5280 section 5.1.1.2");
  if (!reader.next_is(der::sequence)) return fail(Code::malformed, "crl.issuer: no Name", "RFC 5280 section 5.1.2.3");
  TRY(const DerItem issuer, reader.item("crl.issuer"));
  if (issuer.content.empty()) return fail(Code::malformed, "crl.issuer: empty", "RFC 5280 section 5.1.2.3");
  crl.issuer_name = issuer.whole;
  TRY(crl.issuer_canonical, canonical_name(issuer.whole, "crl.issuer"));
  TRY(crl.this_update, reader.time("crl.thisUpdate"));
  if (reader.next_is(der::utc_time) || reader.next_is(der::generalized_time)) {
    TRY(crl.next_update, reader.time("crl.nextUpdate"));
    if (*crl.next_update < crl.this_update)
      return fail(Code::malformed, "crl.nextUpdate: before thisUpdate", "RFC 5280 section 5.1.2.5");
  }
  // Where nothing is revoked the list is to be left out (section 5.1.2.6); GnuTLS and strongSwan write it empty.
  if (reader.next_is(der::sequence)) {
    TRY(crl.entries, reader.take(der::sequence, "crl.revokedCertificates"));
  }
  if (reader.next_is(der::context(0))) {
    TRY(auto outer, reader.enter(der::context(0), "crl.crlExtensions"));
    TRY(const auto extensions, outer.enter(der::sequence, "crl.crlExtensions"));
    CHECK_OK(outer.end("crl.crlExtensions"));
    CHECK_OK(read_extensions(extensions, crl));
  }
  CHECK_OK(reader.end("crl.tbsCertList"));
  if (crl.number.empty())
    return fail(Code::unsupported, "crl.cRLNumber: missing, and without it nobody can tell which of two CRLs is the newer",
                "RFC 5280 section 5.2.3; for `openssl ca` set crlnumber and crl_extensions");
  return {};
}

}  // namespace

// CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm AlgorithmIdentifier, signatureValue BIT STRING }
Result<Crl> Crl::parse_known(View der) {
  if (der.size() > budget::crl_bytes)
    return fail(Code::too_large, "crl: more than " + std::to_string(budget::crl_bytes) + " octets");
  DerReader file(der);
  TRY(auto list, file.enter(der::sequence, "crl"));
  CHECK_OK(file.end("crl"));
  if (!list.next_is(der::sequence)) return fail(Code::malformed, "crl.tbsCertList: no SEQUENCE", "RFC 5280 section 5.1");
  TRY(const DerItem to_be_signed, list.item("crl.tbsCertList"));
  TRY(const DerItem algorithm, list.item("crl.signatureAlgorithm"));
  Crl crl;
  crl.to_be_signed = to_be_signed.whole;
  crl.algorithm = algorithm.whole;
  TRY(crl.signature, list.bits("crl.signatureValue"));
  CHECK_OK(list.end("crl"));
  CHECK_OK(read_to_be_signed(to_be_signed.content, crl));
  crl.issuer_text = name_text(crl.issuer_name);
  return crl;
}

Result<Crl> Crl::parse(View der) {
  TRY(Crl crl, parse_known(der));
  CHECK_OK(check_pkix_algorithm(crl.algorithm, "crl.signatureAlgorithm"));
  std::size_t count = 0;
  CHECK_OK(visit_crl_entries(crl, [&](const CrlEntry&) { return ++count <= budget::crl_entries; }));
  if (count > budget::crl_entries)
    return fail(Code::too_large, "crl: more than " + std::to_string(budget::crl_entries) + " entries");
  return crl;
}

const char* to_string(RevocationReason reason) {
  switch (reason) {
    case RevocationReason::unspecified: return "unspecified";
    case RevocationReason::key_compromise: return "keyCompromise";
    case RevocationReason::ca_compromise: return "cACompromise";
    case RevocationReason::affiliation_changed: return "affiliationChanged";
    case RevocationReason::superseded: return "superseded";
    case RevocationReason::cessation_of_operation: return "cessationOfOperation";
    case RevocationReason::certificate_hold: return "certificateHold";
    case RevocationReason::remove_from_crl: return "removeFromCRL";
    case RevocationReason::privilege_withdrawn: return "privilegeWithdrawn";
    case RevocationReason::aa_compromise: return "aACompromise";
  }
  return "unspecified";
}

std::string Crl::number_text() const {
  std::string text = to_hex(number);
  const auto first = text.find_first_not_of('0');
  return first == std::string::npos ? "0" : text.substr(first);
}

Result<void> visit_crl_entries(const Crl& crl, const std::function<bool(const CrlEntry&)>& visit) {
  DerReader list(crl.entries);
  while (!list.at_end()) {
    TRY(const CrlEntry entry, read_entry(list));
    if (!visit(entry)) return {};
  }
  return {};
}

}  // namespace cm4it::crypto
