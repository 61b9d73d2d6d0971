// Names that are one, however they are written (RFC 5280 section 7.1); OpenSSL compares the same pairs.
#include "crypto/name.h"

#include <gtest/gtest.h>
#include <openssl/x509.h>

#include "base/der.h"

namespace cm4it::crypto {
namespace {

constexpr std::uint8_t utf8 = 0x0c, printable = 0x13, teletex = 0x14, ia5 = 0x16, universal = 0x1c, bmp = 0x1e, bits = 0x03;

Bytes attribute(std::uint8_t tag, View value, const char* oid = "550403") {
  return der::item(der::sequence, {der::item(der::object, *from_hex(oid)), der::item(tag, value)});
}
Bytes name(std::initializer_list<std::vector<Bytes>> rdns) {
  Bytes all;
  for (const auto& rdn : rdns) {
    Bytes set;
    for (const Bytes& one : rdn) append(set, one);
    append(all, der::item(der::set, set));
  }
  return der::item(der::sequence, all);
}
Bytes of(std::uint8_t tag, View value) { return name({{attribute(tag, value)}}); }
Bytes of(std::uint8_t tag, std::string_view text) { return of(tag, view(text)); }

bool same_to_openssl(View a, View b) {
  const auto parse = [](View der) {
    const unsigned char* at = der.data();
    return std::unique_ptr<X509_NAME, decltype(&X509_NAME_free)>(d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size())), X509_NAME_free);
  };
  const auto one = parse(a), other = parse(b);
  EXPECT_TRUE(one && other);
  return X509_NAME_cmp(one.get(), other.get()) == 0;
}

bool same(const Bytes& a, const Bytes& b) {
  const auto one = canonical_name(a, "name"), other = canonical_name(b, "name");
  EXPECT_TRUE(one && other);
  EXPECT_EQ(*one == *other, same_to_openssl(a, b));
  EXPECT_EQ(*canonical_name(*one, "name"), *one) << "once is enough";
  return *one == *other;
}

TEST(CanonicalName, IsOneWhateverTheTypeOfItsText) {
  const Bytes plain = of(utf8, "Acme Root");
  for (const std::uint8_t tag : {printable, teletex, ia5}) EXPECT_TRUE(same(plain, of(tag, "Acme Root"))) << int(tag);
  const auto wide = [](std::string_view text, std::size_t octets) {
    Bytes all;
    for (const char c : text) {
      all.resize(all.size() + octets - 1);
      all.push_back(static_cast<std::uint8_t>(c));
    }
    return all;
  };
  EXPECT_TRUE(same(plain, of(bmp, wide("Acme Root", 2))));
  EXPECT_TRUE(same(plain, of(universal, wide("Acme Root", 4))));
  EXPECT_TRUE(same(of(utf8, "M\xc3\xbcller"), of(teletex, "M\xfcller")));
  EXPECT_FALSE(same(of(utf8, "M\xc3\xbcller"), of(utf8, "Muller")));
}

TEST(CanonicalName, MindsNeitherCaseNorBlanks) {
  EXPECT_TRUE(same(of(utf8, "Acme Root"), of(printable, "  ACME   root ")));
  EXPECT_TRUE(same(of(utf8, "Acme\tRoot"), of(utf8, "acme root")));
  EXPECT_FALSE(same(of(utf8, "Acme Root"), of(utf8, "AcmeRoot")));
  EXPECT_FALSE(same(of(utf8, "Acme"), of(utf8, "Acme 2")));
  EXPECT_TRUE(same(of(utf8, " "), of(utf8, "")));
}

TEST(CanonicalName, SortsWhatIsASetAndNothingElse) {
  const Bytes cn = attribute(utf8, view("a")), o = attribute(utf8, view("b"), "55040a");
  EXPECT_TRUE(same(name({{cn, o}}), name({{o, cn}})));
  EXPECT_FALSE(same(name({{cn}, {o}}), name({{o}, {cn}})));
  EXPECT_FALSE(same(name({{cn}, {o}}), name({{cn, o}})));
  EXPECT_FALSE(same(of(utf8, "a"), name({{attribute(utf8, view("a"), "55040a")}})));
  // What is no text is compared as it stands.
  EXPECT_FALSE(same(name({{attribute(bits, Bytes{0, 'A'}, "55042d")}}), name({{attribute(bits, Bytes{0, 'a'}, "55042d")}})));
}

TEST(CanonicalName, RefusesWhatIsNoName) {
  const auto code = [](const Bytes& der) { return canonical_name(der, "name").error().code; };
  EXPECT_EQ(code({}), Code::malformed);
  EXPECT_EQ(code(der::item(der::set, View())), Code::malformed);
  EXPECT_EQ(code(der::item(der::sequence, der::item(der::sequence, View()))), Code::malformed);
  EXPECT_EQ(code(of(utf8, "\xff\xfe")), Code::malformed);
  EXPECT_EQ(code(of(bmp, "abc")), Code::malformed);
  Bytes longer = of(utf8, "a");
  longer.push_back(0);
  EXPECT_EQ(code(longer), Code::malformed);
  EXPECT_TRUE(canonical_name(der::item(der::sequence, View()), "name")) << "a subject may be empty";
}

}  // namespace
}  // namespace cm4it::crypto
