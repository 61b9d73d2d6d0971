#include "crypto/pem.h"

#include <openssl/cms.h>
#include <openssl/x509.h>

#include <algorithm>

#include "base/der.h"
#include "base/text.h"
#include "crypto/openssl.h"

namespace cm4it::crypto {
namespace {

constexpr std::string_view begin_mark = "-----BEGIN ", end_mark = "-----END ", dashes = "-----";

struct Label {
  std::string_view text;
  PkixKind kind;
};
// RFC 7468 section 5.1 and appendix A name the older ones of certificates, section 6 of CRLs; OpenSSL reads and writes "TRUSTED
// CERTIFICATE" and "PKCS #7 SIGNED DATA".
constexpr Label labels[] = {{"CERTIFICATE", PkixKind::certificate},
                            {"X509 CERTIFICATE", PkixKind::certificate},
                            {"X.509 CERTIFICATE", PkixKind::certificate},
                            {"TRUSTED CERTIFICATE", PkixKind::certificate},
                            {"X509 CRL", PkixKind::crl},
                            {"CRL", PkixKind::crl},
                            {"PKCS7", PkixKind::bundle},
                            {"CMS", PkixKind::bundle},
                            {"PKCS #7 SIGNED DATA", PkixKind::bundle},
                            {"CERTIFICATE CHAIN", PkixKind::bundle}};

// OBJECT IDENTIFIER id-signedData, with its head.
const Bytes signed_data = *from_hex("06092a864886f70d010702");

using CmsPtr = std::unique_ptr<CMS_ContentInfo, FreeWith<CMS_ContentInfo_free>>;
struct FreeCertificates {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};
struct FreeCrls {
  void operator()(STACK_OF(X509_CRL) * stack) const { sk_X509_CRL_pop_free(stack, X509_CRL_free); }
};

void add(std::vector<PkixItem>& to, bool crl, Bytes der) {
  if (!der.empty()) to.push_back({crl, std::move(der)});
}

// OpenSSL's "TRUSTED CERTIFICATE" says behind the certificate what it is trusted for, which is nobody else's concern.
Bytes first_item(Bytes der) {
  if (auto item = DerReader(der).item("certificate")) return to_bytes(item->whole);
  return der;
}

Result<void> add_items(const PemBlock& block, PkixKind kind, std::size_t most, std::vector<PkixItem>& items) {
  TRY(Bytes der, der_of(block));
  if (kind == PkixKind::bundle) {
    TRY(auto of_bundle, items_in_bundle(der, most - items.size()));
    for (auto& item : of_bundle) items.push_back(std::move(item));
    return {};
  }
  if (items.size() == most) return fail(Code::too_large, "PEM: more than " + std::to_string(most) + " certificates and CRLs", "send it in parts");
  if (block.label == "TRUSTED CERTIFICATE") der = first_item(std::move(der));
  items.push_back({kind == PkixKind::crl, std::move(der)});
  return {};
}

}  // namespace

std::string_view pem_label(std::string_view text) {
  if (!text.starts_with(begin_mark)) return {};
  text.remove_prefix(begin_mark.size());
  const std::size_t end = text.find(dashes);
  if (end == text.npos || text.substr(0, end).find('\n') != text.npos) return {};  // the dashes of another line
  return text.substr(0, end);
}

Result<std::optional<PemBlock>> next_pem(std::string_view text, std::size_t from) {
  PemBlock block;
  for (block.begin = text.find(begin_mark, from); block.begin != text.npos; block.begin = text.find(begin_mark, block.begin + 1)) {
    block.label = pem_label(text.substr(block.begin));
    if (!block.label.empty()) break;  // else no line of PEM
  }
  if (block.begin == text.npos) return std::optional<PemBlock>{};
  const std::size_t content = block.begin + begin_mark.size() + block.label.size() + dashes.size();
  const std::string last = std::string(end_mark) + std::string(block.label) + std::string(dashes);
  const std::size_t end = text.find(last, content);
  if (end == text.npos) return fail(Code::malformed, "PEM, " + std::string(block.label.substr(0, 64)) + ": the input ends inside it", "RFC 7468 section 2");
  block.base64 = text.substr(content, end - content);
  block.end = end + last.size();
  return std::optional(block);
}

Result<Bytes> der_of(const PemBlock& block) {
  auto der = from_base64_lines(block.base64);
  if (!der) return within("PEM, " + std::string(block.label.substr(0, 64)), std::move(der).error());
  return der;
}

Result<std::optional<Bytes>> der_in_pem(std::string_view text, std::string_view label) {
  for (std::size_t from = 0;;) {
    TRY(const auto block, next_pem(text, from));
    if (!block) return std::optional<Bytes>{};
    from = block->end;
    if (block->label != label) continue;
    TRY(auto der, der_of(*block));
    return std::optional(std::move(der));
  }
}

Result<Bytes> from_base64_lines(std::string_view text) {
  std::string digits;
  digits.reserve(text.size());
  for (const char c : text)
    if (!is_blank(c)) digits.push_back(c);
  return from_base64(digits);
}

std::string pem_text(std::string_view label, View der) {
  const std::string base64 = to_base64(der), name(label);
  std::string pem = "-----BEGIN " + name + "-----\n";
  for (std::size_t at = 0; at < base64.size(); at += 64) pem += base64.substr(at, 64) + "\n";
  return pem + "-----END " + name + "-----\n";
}

std::optional<PkixKind> pkix_kind(std::string_view label) {
  for (const Label& known : labels)
    if (known.text == label) return known.kind;
  return {};
}

bool has_pkix_pem(std::string_view text) {
  for (std::size_t at = text.find(begin_mark); at != text.npos; at = text.find(begin_mark, at + 1))
    if (pkix_kind(pem_label(text.substr(at)))) return true;
  return false;
}

Result<std::vector<PkixItem>> items_in_bundle(View encoded, std::size_t most) {
  const unsigned char* at = encoded.data();
  const CmsPtr bundle(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(encoded.size())));
  if (!bundle || OBJ_obj2nid(CMS_get0_type(bundle.get())) != NID_pkcs7_signed) {
    ERR_clear_error();
    return fail(Code::malformed, "PKCS #7: no SignedData", "RFC 5652 section 5");
  }
  const std::unique_ptr<STACK_OF(X509), FreeCertificates> certificates(CMS_get1_certs(bundle.get()));
  const std::unique_ptr<STACK_OF(X509_CRL), FreeCrls> lists(CMS_get1_crls(bundle.get()));
  ERR_clear_error();
  const int certificate_count = certificates ? sk_X509_num(certificates.get()) : 0;
  const int list_count = lists ? sk_X509_CRL_num(lists.get()) : 0;
  if (static_cast<std::size_t>(certificate_count) + static_cast<std::size_t>(list_count) > most)
    return fail(Code::too_large, "PKCS #7: more than " + std::to_string(most) + " certificates and CRLs", "send it in parts");
  std::vector<PkixItem> items;
  for (int i = 0; i < certificate_count; ++i) add(items, false, der_by(i2d_X509, sk_X509_value(certificates.get(), i)));
  for (int i = 0; i < list_count; ++i) add(items, true, der_by(i2d_X509_CRL, sk_X509_CRL_value(lists.get(), i)));
  if (items.empty()) return fail(Code::malformed, "PKCS #7: neither a certificate nor a CRL in it", "RFC 5652 section 5.1");
  return items;
}

// ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, … }, its length in whatever form BER allows.
bool looks_like_bundle(View encoded) {
  if (encoded.size() < 2 || encoded[0] != der::sequence) return false;
  const std::size_t head = encoded[1] <= 0x80 ? 2 : 2 + (encoded[1] & 0x7fu);
  return encoded.size() >= head + signed_data.size() && equal(encoded.subspan(head, signed_data.size()), signed_data);
}

std::optional<Bytes> bare_base64(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && is_blank(text[at])) ++at;
  if (!text.substr(at).starts_with("MI")) return {};  // SEQUENCE of more than 127 octets, or of an indefinite length
  auto decoded = from_base64_lines(text.substr(at));
  return decoded ? std::optional(std::move(*decoded)) : std::nullopt;
}

Result<std::vector<PkixItem>> items_in_pem(std::string_view text, std::size_t most, std::vector<std::string>* others) {
  if (text.find("PRIVATE KEY-----") != text.npos)
    return fail(Code::not_permitted, "PEM: a private key; nothing of it was kept", "send certificates alone");
  std::vector<PkixItem> items;
  for (std::size_t from = 0;;) {
    TRY(const auto block, next_pem(text, from));
    if (!block) return items;
    from = block->end;
    const auto kind = pkix_kind(block->label);
    if (kind) CHECK_OK(add_items(*block, *kind, most, items));
    else if (others) others->emplace_back(block->label.substr(0, 64));
  }
}

Result<std::vector<Bytes>> certificates_in_file(std::string_view content, std::size_t most) {
  std::vector<PkixItem> items;
  const auto decoded = bare_base64(content);
  const View binary = decoded ? View(*decoded) : view(content);
  if (looks_like_bundle(binary)) {
    TRY(items, items_in_bundle(binary, most));
  } else if (!binary.empty() && binary[0] == der::sequence) {
    items.push_back({false, to_bytes(binary)});
  } else {
    TRY(items, items_in_pem(content, most));
  }
  std::vector<Bytes> certificates;
  for (auto& item : items)
    if (!item.crl) certificates.push_back(std::move(item.der));
  if (certificates.empty()) return fail(Code::malformed, "no certificate in it");
  return certificates;
}

}  // namespace cm4it::crypto
