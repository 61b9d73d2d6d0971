#include "evidence/formats/x509/x509.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/text.h"
#include "crypto/pem.h"
#include "evidence/builder.h"
#include "evidence/formats.h"
#include "evidence/formats/x509/credential.h"
#include "evidence/formats/x509/crl.h"
#include "evidence/formats/x509/source.h"
#include "evidence/formats/openpgp/meaning.h"

namespace cm4it::evidence {
namespace x509 {
namespace {

using crypto::CertificateFields;
using openpgp::shown_text;

constexpr std::size_t most_alternative_names = 48;  // that lead to the subject: budget::aliases, less the certificate's own

std::string shown(const std::string& text, std::size_t most = budget::text_field) { return shown_text(view(text), most); }

// Of a CA, or of someone who signs and does nothing else: a party. A server that is no client: a service.
Type type_of(const CertificateFields& fields) {
  if (fields.of_authority()) return Type::party;
  if (!fields.purposes || fields.purposes->empty() || fields.hardware) return Type::device;
  const auto signs = [](const std::string& purpose) {
    return purpose == code_signing || purpose == email_protection || purpose == document_signing;
  };
  if (std::all_of(fields.purposes->begin(), fields.purposes->end(), signs)) return Type::party;
  return fields.for_purpose(server_auth) && !fields.for_purpose(client_auth) ? Type::service : Type::device;
}

std::string shown_list(const std::vector<std::string>& texts) { return shown(joined(texts), budget::note_field); }

std::map<std::string, std::string> attributes_of(const crypto::Certificate& certificate) {
  const CertificateFields& fields = certificate.fields();
  std::map<std::string, std::string> attributes = {{"x509.issuer", shown(fields.issuer_text, budget::note_field)},
                                                   {"x509.serial", certificate.serial_text()},
                                                   {"x509.subject", shown(fields.subject_text, budget::note_field)},
                                                   {"dns", shown_list(fields.dns)},
                                                   {"email", shown_list(fields.mails)},
                                                   {"ip", shown_list(fields.addresses)}};
  if (fields.authority) attributes["x509.authority"] = "yes";
  if (fields.hardware) attributes["hwType"] = fields.hardware->type;
  std::erase_if(attributes, [](const auto& attribute) { return attribute.second.empty(); });
  return attributes;
}

std::string name_of(const CertificateFields& fields) {
  for (const std::string& name : {fields.common_name, fields.dns.empty() ? std::string() : fields.dns[0],
                                  fields.uris.empty() ? std::string() : fields.uris[0]})
    if (!name.empty()) return shown(name);
  return shown(fields.subject_text);
}

Identity identity_of(const crypto::Certificate& certificate) {
  const CertificateFields& fields = certificate.fields();
  Identity identity;
  identity.type = type_of(fields);
  identity.spki = to_bytes(certificate.key().spki());
  identity.name = name_of(fields);
  identity.maker = shown(fields.organization);
  identity.serial = shown(fields.serial_number);
  if (identity.serial.empty() && fields.hardware) identity.serial = to_hex(fields.hardware->serial);
  for (const auto& uri : fields.uris)
    if (identity.uris.size() < budget::uris) identity.uris.push_back(shown(uri));
  identity.attributes = attributes_of(certificate);
  return identity;
}

std::vector<std::string> names_of(const crypto::Certificate& certificate) {
  const CertificateFields& fields = certificate.fields();
  std::vector<std::string> names = {fingerprint_name(crypto::sha256(certificate.der())),
                                    fingerprint_name(crypto::digest(crypto::Hash::sha1, certificate.der())),
                                    issued_name(fields.issuer_canonical, fields.serial),
                                    issued_name(fields.issuer_text, certificate.serial_text())};
  if (fields.of_authority()) names.push_back(authority_name(fields.subject_canonical));
  // If the key is not encoded canonically in the certificate, the hashes of both encodings lead to it.
  if (const KeyId came{crypto::sha256(fields.spki)}; came != certificate.key_id()) names.push_back(came.text());
  if (fields.hardware) names.push_back("hw:" + fields.hardware->type + ":" + to_hex(fields.hardware->serial));
  std::size_t room = most_alternative_names;
  const auto add = [&](const char* kind, const std::vector<std::string>& texts) {
    for (const auto& text : texts)
      if (room > 0 && !text.empty() && !is_proved_name(kind + text)) names.push_back(kind + shown(text)), --room;
  };
  add("", fields.uris);
  add("dns:", fields.dns);
  add("email:", fields.mails);
  add("ip:", fields.addresses);
  return names;
}

}  // namespace

std::string fingerprint_name(View digest) { return "x509:" + to_hex(digest); }

std::string issued_name(View issuer_name, View serial) { return "x509-issued:" + to_hex(crypto::sha256({issuer_name, serial})); }

std::string issued_name(const std::string& issuer_text, const std::string& serial_hex) {
  return "x509-issued:" + shown(issuer_text, budget::note_field) + "#" + serial_hex;
}

std::string authority_name(View subject_name) { return "x509-ca:" + to_hex(crypto::sha256(subject_name)); }

std::string identifier_name(View subject_key_id) { return "x509-ski:" + to_hex(subject_key_id); }

IssuerHint issuer_hint(View issuer_name, View authority_key_id, const std::string& issuer_text) {
  IssuerHint hint;
  if (authority_key_id.size() == method1_octets) hint.names.push_back(method1_name(authority_key_id));
  if (!authority_key_id.empty()) hint.names.push_back(identifier_name(authority_key_id));
  hint.names.push_back(authority_name(issuer_name));
  hint.text = "named " + shown(issuer_text);
  return hint;
}

Statement meaning_of(crypto::Certificate certificate) {
  const CertificateFields& fields = certificate.fields();
  Statement statement;
  statement.format = Format::x509;
  statement.subject = SubjectId::key(certificate.key_id());
  statement.issued_at = fields.not_before;
  statement.not_before = fields.not_before;
  // `expires` is the first second at which it holds no more; notAfter is the last at which it does.
  if (fields.not_after) statement.expires = *fields.not_after + 1;
  statement.body = identity_of(certificate);
  statement.aliases = names_of(certificate);
  statement.credentials.push_back(credential_of(std::move(certificate)));
  return statement;
}

Result<void> check_signs_statements(const crypto::Certificate& certificate) {
  constexpr std::uint32_t signs = 0x80 | 0x40;  // digitalSignature, nonRepudiation
  const CertificateFields& fields = certificate.fields();
  const auto no = [&](const char* why) {
    return fail(Code::not_permitted, "x5chain: the certificate of " + fields.subject_text + why, "docs/x509.md");
  };
  if (fields.key_usage && !(*fields.key_usage & signs))
    return no(": its keyUsage has neither digitalSignature nor nonRepudiation");
  for (const auto purpose : {document_signing, code_signing, email_protection, any_purpose})
    if (fields.for_purpose(purpose)) return {};
  return no(": its extKeyUsage does not say that it is for signing (documentSigning, codeSigning, emailProtection or any)");
}

// SEQUENCE of more than 255 octets, and a SEQUENCE in it: what else begins so is refused when it is read.
bool looks_like_pkix(View bytes) {
  const auto binary = [](View der) {
    return (der.size() > 4 && der[0] == 0x30 && der[1] == 0x82 && der[4] == 0x30) || crl::looks_like_crl(der) || crypto::looks_like_bundle(der);
  };
  if (binary(bytes) || crypto::has_pkix_pem(text(bytes))) return true;
  const auto decoded = crypto::bare_base64(text(bytes));
  return decoded && binary(*decoded);
}

}  // namespace x509

namespace {

Result<Decoded> decode_x509(View bytes, Trust) {
  TRY(auto certificate, crypto::Certificate::from_der(bytes));
  const crypto::CertificateFields& fields = certificate.fields();
  DecodedBuilder builder;
  builder.format = Format::x509;
  builder.bytes = to_bytes(bytes);
  builder.signed_bytes = to_bytes(fields.to_be_signed);
  builder.signature = fields.signature;
  builder.issuer = x509::issuer_hint(fields.issuer_canonical, fields.authority_key_id, fields.issuer_text);
  if (fields.self_issued()) builder.carried_key = certificate.key();
  if (fields.dns.size() + fields.uris.size() + fields.mails.size() + fields.addresses.size() > x509::most_alternative_names)
    builder.findings.push_back(
        {"certificate.subjectAltName: only its first " + std::to_string(x509::most_alternative_names) + " names lead to it"});
  builder.statements.push_back(x509::meaning_of(std::move(certificate)));
  return std::move(builder).build();
}

bool gives_identifier(const Statement& statement, std::string_view name) {
  const auto* certificate = statement.credentials.empty() ? nullptr : x509::certificate_in(*statement.credentials[0]);
  return certificate && name == x509::identifier_name(certificate->fields().subject_key_id);
}

Result<CredentialPtr> known_certificate(View octets, View findings) {
  TRY(auto certificate, crypto::Certificate::from_known(octets, findings));
  return x509::credential_of(std::move(certificate));
}

Result<void> verify_x509(const Decoded& decoded, const crypto::PublicKey& issuer) {
  return decoded.statements().at(0).credentials.at(0)->verify(issuer);
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

constexpr std::string_view pkix_types[] = {"application/pkix-cert",     "application/pkix-crl",   "application/x-x509-ca-cert",        "application/x-x509-user-cert",
                                             "application/x-pem-file",    "application/pem-certificate-chain", "application/x-pkcs7-certificates",
                                             "application/x-pkcs7-crl",   "application/x-pkcs7-mime", "application/pkcs7-mime",         "application/cms"};

}  // namespace

constexpr Codec x509::codec{.format = Format::x509, .name = "x509", .media_type = "application/pkix-cert", .submitted = pkix_types,
                            .most_octets = budget::evidence_bytes, .looks_like = x509::looks_like_pkix, .split = split_pkix, .source = x509::open_source,
                            .decode = decode_x509, .verify = verify_x509, .gives_name = gives_identifier, .known_credential = known_certificate, .by_authorities = true};

}  // namespace cm4it::evidence
