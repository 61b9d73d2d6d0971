// Names and extensions of a certificate.
#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <set>

#include "base/budgets.h"
#include "base/der.h"
#include "base/text.h"
#include "crypto/certificate_impl.h"
#include "crypto/name.h"

namespace cm4it::crypto {
namespace {

using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;
using PointsPtr = std::unique_ptr<CRL_DIST_POINTS, FreeWith<CRL_DIST_POINTS_free>>;
using PurposesPtr = std::unique_ptr<EXTENDED_KEY_USAGE, FreeWith<EXTENDED_KEY_USAGE_free>>;

tl::unexpected<Error> bad_field(const std::string& field, const std::string& rule, const char* section) {
  return fail(Code::malformed, "certificate." + field + ": " + rule, std::string("RFC 5280 section ") + section);
}

std::string dotted(const ASN1_OBJECT* object) {
  char text[128] = "";
  OBJ_obj2txt(text, sizeof text, object, 1);
  return text;
}

std::string octets_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)), static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// Names go from the root down: of several the last is the most specific.
std::string attribute(X509_NAME* name, int nid) {
  int last = -1;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name, nid, at)) >= 0;) last = at;
  if (last < 0) return {};
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
  if (size < 0) ERR_clear_error();
  std::string text(reinterpret_cast<char*>(utf8), size > 0 ? static_cast<std::size_t>(size) : 0);
  OPENSSL_free(utf8);
  return text;
}

// HardwareModuleName ::= SEQUENCE { hwType OBJECT IDENTIFIER, hwSerialNum OCTET STRING } (RFC 4108 section 5)
Result<HardwareModule> read_hardware_module(const ASN1_TYPE* value) {
  constexpr const char* field = "certificate.subjectAltName.hardwareModuleName";
  if (value->type != V_ASN1_SEQUENCE) return fail(Code::malformed, std::string(field) + ": no SEQUENCE", "RFC 4108 section 5");
  const std::string der_octets = octets_of(value->value.sequence);
  DerReader outer(view(der_octets));
  TRY(auto reader, outer.enter(der::sequence, field));
  TRY(const DerItem type, reader.item(field));
  HardwareModule module;
  const unsigned char* at = type.whole.data();
  const std::unique_ptr<ASN1_OBJECT, FreeWith<ASN1_OBJECT_free>> object(
      d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(type.whole.size())));
  if (!object) return fail(Code::malformed, std::string(field) + ".hwType: no object identifier", "RFC 4108 section 5");
  module.type = dotted(object.get());
  TRY(const View serial, reader.take(der::octet_string, field));
  module.serial = to_bytes(serial);
  CHECK_OK(reader.end(field));
  return module;
}

std::string address_text(const ASN1_STRING* octets) {
  char text[INET6_ADDRSTRLEN] = "";
  const int size = ASN1_STRING_length(octets);
  if (size == 4) ::inet_ntop(AF_INET, ASN1_STRING_get0_data(octets), text, sizeof text);
  if (size == 16) ::inet_ntop(AF_INET6, ASN1_STRING_get0_data(octets), text, sizeof text);
  return text;
}

Result<void> read_alternative_names(X509* certificate, CertificateFields& fields) {
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  if (static_cast<std::size_t>(std::max(count, 0)) > budget::certificate_names)
    return fail(Code::too_large, "certificate.subjectAltName: more than " + std::to_string(budget::certificate_names) + " names");
  for (int i = 0; i < count; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    switch (name->type) {
      case GEN_DNS: fields.dns.push_back(octets_of(name->d.dNSName)); break;
      case GEN_URI: fields.uris.push_back(octets_of(name->d.uniformResourceIdentifier)); break;
      case GEN_EMAIL: fields.mails.push_back(octets_of(name->d.rfc822Name)); break;
      case GEN_IPADD: fields.addresses.push_back(address_text(name->d.iPAddress)); break;
      case GEN_OTHERNAME:
        if (dotted(name->d.otherName->type_id) == "1.3.6.1.5.5.7.8.4" && !fields.hardware) {  // id-on-hardwareModuleName
          TRY(fields.hardware, read_hardware_module(name->d.otherName->value));
        }
        break;
      default: break;
    }
  }
  return {};
}

// RFC 5280 section 4.2: at most one instance of each; what is critical and not understood ends the reading.
Result<void> check_extensions(X509* certificate) {
  const int count = X509_get_ext_count(certificate);
  if (static_cast<std::size_t>(std::max(count, 0)) > budget::certificate_extensions)
    return fail(Code::too_large, "certificate.extensions: more than " + std::to_string(budget::certificate_extensions));
  std::set<std::string> seen;
  for (int i = 0; i < count; ++i) {
    X509_EXTENSION* extension = X509_get_ext(certificate, i);
    const std::string oid = dotted(X509_EXTENSION_get_object(extension));
    if (!seen.insert(oid).second) return bad_field("extensions", oid + " twice", "4.2");
    if (X509_EXTENSION_get_critical(extension) && X509_supported_extension(extension) != 1)
      return fail(Code::unsupported, "certificate.extensions: " + oid + " is critical, and not known here",
                  "RFC 5280 section 4.2");
  }
  X509_check_purpose(certificate, -1, 0);  // makes OpenSSL read them
  ERR_clear_error();
  if (X509_get_extension_flags(certificate) & EXFLAG_INVALID)
    return bad_field("extensions", "one of them is not encoded as it must be", "4.2.1");
  return {};
}

// Does it have none but extensions that say who the subject is and what its key is for? Then a path that it stands first on holds
// for it if it holds for any other of the same issuer, uses and purposes.
bool is_ordinary(X509* certificate) {
  constexpr int ordinary[] = {NID_basic_constraints,  NID_key_usage,     NID_ext_key_usage,            NID_subject_key_identifier,
                              NID_authority_key_identifier, NID_subject_alt_name, NID_issuer_alt_name, NID_info_access,
                              NID_crl_distribution_points,  NID_certificate_policies, NID_freshest_crl};
  for (int i = 0; i < X509_get_ext_count(certificate); ++i) {
    const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(X509_get_ext(certificate, i)));
    if (!contains(ordinary, nid)) return false;
  }
  return true;
}

std::vector<Bytes> crl_points(const X509* certificate) {
  const PointsPtr points(static_cast<CRL_DIST_POINTS*>(X509_get_ext_d2i(certificate, NID_crl_distribution_points, nullptr, nullptr)));
  std::vector<Bytes> names;
  for (int i = 0; points && i < sk_DIST_POINT_num(points.get()); ++i) {
    const DIST_POINT_NAME* point = sk_DIST_POINT_value(points.get(), i)->distpoint;
    for (int k = 0; point && point->type == 0 && k < sk_GENERAL_NAME_num(point->name.fullname); ++k)
      if (Bytes name = der_by(i2d_GENERAL_NAME, sk_GENERAL_NAME_value(point->name.fullname, k)); !name.empty()) names.push_back(std::move(name));
  }
  return names;
}

Bytes key_id(const ASN1_OCTET_STRING* id) {
  return id ? to_bytes(View(ASN1_STRING_get0_data(id), static_cast<std::size_t>(ASN1_STRING_length(id)))) : Bytes{};
}

}  // namespace

Result<void> read_names(Certificate::Impl& certificate) {
  CertificateFields& fields = certificate.fields;
  X509* const x509 = certificate.x509.get();
  TRY(fields.issuer_canonical, canonical_name(fields.issuer_name, "certificate.issuer"));
  TRY(fields.subject_canonical, canonical_name(fields.subject_name, "certificate.subject"));
  fields.issuer_text = name_text(X509_get_issuer_name(x509));
  fields.subject_text = name_text(X509_get_subject_name(x509));
  X509_NAME* const subject = X509_get_subject_name(x509);
  fields.common_name = attribute(subject, NID_commonName);
  fields.organization = attribute(subject, NID_organizationName);
  fields.serial_number = attribute(subject, NID_serialNumber);
  return {};
}

Result<void> read_extensions(Certificate::Impl& certificate) {
  CertificateFields& fields = certificate.fields;
  X509* const x509 = certificate.x509.get();
  CHECK_OK(check_extensions(x509));
  CHECK_OK(read_alternative_names(x509, fields));
  const std::uint32_t flags = X509_get_extension_flags(x509);
  fields.authority = (flags & EXFLAG_CA) != 0;
  fields.policy_constraints = X509_get_ext_by_NID(x509, NID_policy_constraints, -1) >= 0;
  fields.policies = X509_get_ext_by_NID(x509, NID_certificate_policies, -1) >= 0;
  fields.name_constraints = X509_get_ext_by_NID(x509, NID_name_constraints, -1) >= 0;
  fields.ordinary = is_ordinary(x509);
  fields.crl_points = crl_points(x509);
  if (flags & EXFLAG_KUSAGE) fields.key_usage = X509_get_key_usage(x509);
  if (flags & EXFLAG_XKUSAGE) {
    const PurposesPtr purposes(static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(x509, NID_ext_key_usage, nullptr, nullptr)));
    fields.purposes.emplace();
    for (int i = 0; purposes && i < sk_ASN1_OBJECT_num(purposes.get()); ++i)
      fields.purposes->push_back(dotted(sk_ASN1_OBJECT_value(purposes.get(), i)));
  }
  fields.subject_key_id = key_id(X509_get0_subject_key_id(x509));
  fields.authority_key_id = key_id(X509_get0_authority_key_id(x509));
  return {};
}

}  // namespace cm4it::crypto
