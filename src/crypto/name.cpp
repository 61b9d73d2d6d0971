#include "crypto/name.h"

#include <openssl/x509.h>

#include <algorithm>
#include <vector>

#include "base/der.h"
#include "base/text.h"
#include "crypto/certificate_impl.h"

namespace cm4it::crypto {
namespace {

using NamePtr = std::unique_ptr<X509_NAME, FreeWith<X509_NAME_free>>;
using StringPtr = std::unique_ptr<ASN1_STRING, FreeWith<ASN1_STRING_free>>;

// Types of text; values of others are compared as they stand.
constexpr std::uint8_t utf8_string = V_ASN1_UTF8STRING;
bool is_text(std::uint8_t tag) {
  constexpr std::uint8_t types[] = {V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING, V_ASN1_T61STRING,      V_ASN1_IA5STRING,
                                    V_ASN1_BMPSTRING,  V_ASN1_VISIBLESTRING,   V_ASN1_UNIVERSALSTRING};
  return contains(types, tag);
}

Result<std::string> utf8_of(const DerItem& value, const char* field) {
  const bool plain = value.tag != V_ASN1_BMPSTRING && value.tag != V_ASN1_UNIVERSALSTRING &&
                     std::all_of(value.content.begin(), value.content.end(), [](std::uint8_t octet) { return octet < 0x80; });
  if (plain) return std::string(text(value.content));
  const StringPtr string(ASN1_STRING_type_new(value.tag));
  unsigned char* utf8 = nullptr;
  int size = -1;
  if (string && ASN1_STRING_set(string.get(), value.content.data(), static_cast<int>(value.content.size())) == 1)
    size = ASN1_STRING_to_UTF8(&utf8, string.get());
  if (size < 0) {
    ERR_clear_error();
    return fail(Code::malformed, std::string(field) + ": text that is not what its type says", "RFC 5280 section 4.1.2.4");
  }
  std::string result(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return result;
}

// RFC 4518 sections 2.2 and 2.6.1, of ASCII.
std::string folded(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (is_blank(c)) {
      if (!result.empty() && result.back() != ' ') result.push_back(' ');
    } else {
      result.push_back(lowercase(c));
    }
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

// AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY }
Result<Bytes> canonical_attribute(DerReader attribute, const char* field) {
  TRY(const DerItem type, attribute.item(field));
  TRY(const DerItem value, attribute.item(field));
  CHECK_OK(attribute.end(field));
  if (type.tag != der::object) return fail(Code::malformed, std::string(field) + ": an attribute without its type", "RFC 5280 section 4.1.2.4");
  if (!is_text(value.tag)) return der::item(der::sequence, {type.whole, value.whole});
  TRY(const std::string utf8, utf8_of(value, field));
  const std::string text = folded(utf8);
  return der::item(der::sequence, {type.whole, der::item(utf8_string, view(text))});
}

}  // namespace

// Name ::= SEQUENCE OF RelativeDistinguishedName; RelativeDistinguishedName ::= SET OF AttributeTypeAndValue
Result<Bytes> canonical_name(View name, const char* field) {
  DerReader outer(name);
  TRY(auto rdns, outer.enter(der::sequence, field));
  CHECK_OK(outer.end(field));
  Bytes canonical;
  while (!rdns.at_end()) {
    TRY(auto set, rdns.enter(der::set, field));
    std::vector<Bytes> attributes;
    while (!set.at_end()) {
      TRY(const auto attribute, set.enter(der::sequence, field));
      TRY(auto one, canonical_attribute(attribute, field));
      attributes.push_back(std::move(one));
    }
    std::sort(attributes.begin(), attributes.end());
    Bytes all;
    for (const Bytes& one : attributes) append(all, one);
    append(canonical, der::item(der::set, all));
  }
  return der::item(der::sequence, canonical);
}

std::string name_text(View name) {
  const unsigned char* at = name.data();
  const NamePtr parsed(d2i_X509_NAME(nullptr, &at, static_cast<long>(name.size())));
  ERR_clear_error();
  return parsed ? name_text(parsed.get()) : std::string();
}

std::string name_text(const X509_NAME* name) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) {
    ERR_clear_error();
    return {};
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace cm4it::crypto
