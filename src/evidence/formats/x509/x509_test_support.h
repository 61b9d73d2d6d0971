// For tests and fuzz seeds: certificates made field by field, so that each field can be wrong.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/der.h"
#include "crypto/signer.h"
#include "evidence/evidence.h"

namespace cm4it::evidence::x509::test {

// Object identifiers, as whole DER items.
inline Bytes oid(std::string_view hex_content) { return der::item(der::object, from_hex(hex_content).value()); }
inline const Bytes ecdsa_sha256 = der::item(der::sequence, oid("2a8648ce3d040302")),
                   ed25519 = der::item(der::sequence, oid("2b6570"));
inline constexpr std::uint8_t printable_string = 0x13;

// A Name of CN, and of O and serialNumber where they are given; `text_type`: of their text.
inline Bytes name(std::string_view common_name, std::string_view organization = {}, std::string_view serial_number = {},
                  std::uint8_t text_type = der::utf8_string) {
  Bytes rdns;
  const auto add = [&](std::string_view type, std::string_view value) {
    if (!value.empty()) append(rdns, der::item(der::set, der::item(der::sequence, {oid(type), der::item(text_type, view(value))})));
  };
  add("55040a", organization);
  add("550405", serial_number);
  add("550403", common_name);
  return der::item(der::sequence, rdns);
}

inline Bytes extension(std::string_view type, View value, bool critical = false) {
  const Bytes yes = {0x01, 0x01, 0xff};
  return der::item(der::sequence, {oid(type), critical ? View(yes) : View{}, der::item(der::octet_string, value)});
}

inline Bytes basic_constraints(std::optional<std::uint64_t> path_length = {}) {
  const Bytes yes = {0x01, 0x01, 0xff};
  return extension("551d13", der::item(der::sequence, {yes, path_length ? der::integer_of(*path_length) : Bytes{}}), true);
}
// KeyUsage bits (RFC 5280 section 4.2.1.3) in one octet: 0x80 digitalSignature … 0x04 keyCertSign, 0x02 cRLSign.
inline Bytes key_usage(std::uint8_t bits) {
  std::uint8_t unused = 0;
  while (unused < 8 && !(bits >> unused & 1)) ++unused;
  return extension("551d0f", der::item(der::bit_string, Bytes{unused, bits}), true);
}
inline Bytes purposes(const std::vector<std::string>& oids_hex) {
  Bytes all;
  for (const auto& hex : oids_hex) append(all, oid(hex));
  return extension("551d25", der::item(der::sequence, all));
}
inline const std::string server_auth_oid = "2b06010505070301", client_auth_oid = "2b06010505070302",
                         code_signing_oid = "2b06010505070303", document_signing_oid = "2b06010505070324";
inline Bytes dns(std::string_view text) { return der::item(der::context_primitive(2), view(text)); }
inline Bytes uri(std::string_view text) { return der::item(der::context_primitive(6), view(text)); }
inline Bytes hardware_module(std::string_view type_hex, View serial) {
  return der::item(der::context(0),
                   {oid("2b06010505070804"),
                    der::item(der::context(0), der::item(der::sequence, {oid(type_hex), der::item(der::octet_string, serial)}))});
}
inline Bytes alternative_names(const std::vector<Bytes>& names) {
  Bytes all;
  for (const Bytes& one : names) append(all, one);
  return extension("551d11", der::item(der::sequence, all));
}
// Names below this one only.
inline Bytes permitted_dns(std::string_view base) {
  return extension("551d1e", der::item(der::sequence, der::item(der::context(0), der::item(der::sequence, dns(base)))), true);
}
inline Bytes subject_key_id(View id) { return extension("551d0e", der::item(der::octet_string, id)); }
inline Bytes authority_key_id(View id) {
  return extension("551d23", der::item(der::sequence, der::item(der::context_primitive(0), id)));
}

// By the CA's key, and by its certificate's issuer and serial number: as easy-rsa writes it.
inline Bytes authority_key_id_and_serial(View id, View issuer, View serial) {
  return extension("551d23", der::item(der::sequence, {der::item(der::context_primitive(0), id),
                                                       der::item(der::context(1), der::item(der::context(4), issuer)),
                                                       der::item(der::context_primitive(2), serial)}));
}
// requireExplicitPolicy, from as many certificates below this one on.
inline Bytes requires_policy(std::uint8_t below = 0) {
  return extension("551d24", der::item(der::sequence, der::item(der::context_primitive(0), Bytes{below})), true);
}
// inhibitPolicyMapping: policyConstraints that require none.
inline Bytes inhibits_mapping() {
  return extension("551d24", der::item(der::sequence, der::item(der::context_primitive(1), Bytes{0})), true);
}
inline Bytes any_policy() { return extension("551d20", der::item(der::sequence, der::item(der::sequence, oid("551d2000")))); }
inline Bytes crl_point(View general_name) {
  return extension("551d1f", der::item(der::sequence, der::item(der::sequence, der::item(der::context(0), der::item(der::context(0), general_name)))));
}
// Names of directories below this one only.
inline Bytes permitted_directory(View base) {
  return extension("551d1e", der::item(der::sequence, der::item(der::context(0), der::item(der::sequence, der::item(der::context(4), base)))), true);
}

struct CertificateDraft {
  crypto::SignerPtr signer;           // the issuer's key
  Bytes issuer;                       // Name
  Bytes subject = name("sensor 1", "Acme", "0042");
  crypto::PublicKey key;              // the subject's
  Bytes serial = {0x01};              // content of the INTEGER
  Bytes not_before = der::generalized(Time{1'700'000'000}), not_after = der::generalized(Time{2'000'000'000});
  std::vector<Bytes> extensions = {};
  Bytes algorithm = {};               // empty: what the signer signs with
  Bytes outer_algorithm = {};         // empty: the same
  Bytes signature = {};               // empty: the right one
  Bytes version = der::item(der::context(0), der::integer_of(2));

  Bytes encode() const {
    const bool ecdsa = signer->public_key().algorithm() != crypto::Algorithm::eddsa;
    const Bytes signed_with = !algorithm.empty() ? algorithm : ecdsa ? ecdsa_sha256 : ed25519;
    Bytes all;
    for (const Bytes& one : extensions) append(all, one);
    const Bytes extension_list = all.empty() ? Bytes{} : der::item(der::context(3), der::item(der::sequence, all));
    const Bytes to_be_signed =
        der::item(der::sequence, {version, der::item(der::integer, serial), signed_with, issuer,
                                  der::item(der::sequence, {not_before, not_after}), subject, key.spki(), extension_list});
    Bytes octets = signature;
    if (octets.empty()) {
      octets = signer->sign(to_be_signed).value();
      if (ecdsa) octets = ecdsa_value(octets);
    }
    return der::item(der::sequence,
                     {to_be_signed, outer_algorithm.empty() ? signed_with : outer_algorithm, der::bits_of(octets)});
  }

 private:
  // r ‖ s as ECDSA-Sig-Value (RFC 3279 section 2.2.3).
  static Bytes ecdsa_value(View fixed) {
    const auto number = [](View octets) {
      while (octets.size() > 1 && octets[0] == 0) octets = octets.subspan(1);
      Bytes content;
      if (octets[0] >= 0x80) content.push_back(0);
      append(content, octets);
      return der::item(der::integer, content);
    };
    return der::item(der::sequence, {number(fixed.first(fixed.size() / 2)), number(fixed.last(fixed.size() / 2))});
  }
};

// A CA, and what it issues.
struct Authority {
  crypto::SignerPtr key;
  Bytes subject;

  CertificateDraft issues(const crypto::PublicKey& to, Bytes subject_name) const {
    return {.signer = key,
            .issuer = subject,
            .subject = std::move(subject_name),
            .key = to,
            .extensions = {authority_key_id(key->public_key().method1_id())}};
  }
  CertificateDraft certifies(const Authority& other, std::optional<std::uint64_t> path_length = {}) const {
    auto draft = issues(other.key->public_key(), other.subject);
    draft.extensions.push_back(basic_constraints(path_length));
    draft.extensions.push_back(key_usage(0x06));
    draft.extensions.push_back(subject_key_id(other.key->public_key().method1_id()));
    return draft;
  }
  CertificateDraft itself(std::optional<std::uint64_t> path_length = {}) const { return certifies(*this, path_length); }
};

}  // namespace cm4it::evidence::x509::test
