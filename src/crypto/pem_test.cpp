// PEM blocks and bundles, as openssl writes them and as others do.
#include "base/needs_for_test.h"
#include "crypto/pem.h"

#include "crypto/openssl_for_test.h"

namespace cm4it::crypto {
namespace {

TEST(Pem, ALabelStandsOnOneLine) {
  EXPECT_EQ(pem_label("-----BEGIN PKCS #7 SIGNED DATA-----\n"), "PKCS #7 SIGNED DATA");
  for (const char* none : {"", "-----BEGIN ", "-----BEGIN A\n-----", "-----BEGIN -----", " -----BEGIN A-----", "-----BEGINA-----", "-----END A-----"})
    EXPECT_EQ(pem_label(none), "") << none;
}

// However many there are: a loop, since a depth of calls ends the stack.
TEST(Pem, LinesThatOnlyBeginLikeBlocksArePassedOver) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "-----BEGIN x\n";
  EXPECT_FALSE(next_pem(text).value());
  EXPECT_FALSE(has_pkix_pem(text));
  EXPECT_EQ(der_in_pem(text + pem_text("X", Bytes{1}), "X").value(), Bytes{1});
}

TEST(Pem, IsReadByItsLabelAndWrittenInLines) {
  const Bytes one(100, 1), two(48, 2);
  const std::string text = pem_text("ONE", one) + "between\n" + pem_text("TWO", two);
  EXPECT_TRUE(text.starts_with("-----BEGIN ONE-----\n" + to_base64(one).substr(0, 64) + "\n"));
  EXPECT_EQ(der_in_pem(text, "TWO").value(), two);
  EXPECT_EQ(der_in_pem(text, "ONE").value(), one);
  EXPECT_FALSE(der_in_pem(text, "THREE").value());
  EXPECT_EQ(der_in_pem("-----BEGIN A----- AQ\t\r\n\v\f==-----END A-----", "A").value(), Bytes{1}) << "RFC 7468 figure 2";
  EXPECT_EQ(der_in_pem(text.substr(0, text.size() - 10), "TWO").error().code, Code::malformed) << "it does not end";
  EXPECT_EQ(der_in_pem("-----BEGIN A-----\nAQ==\n-----END B-----\n", "A").error().code, Code::malformed) << "but with another label";
  EXPECT_EQ(der_in_pem("-----BEGIN A-----\nA-Q==\n-----END A-----\n", "A").error().code, Code::malformed);
}

struct Bundles : testing::Test {
  void SetUp() override {
    CM4IT_NEEDS(test::OpenSsl::there(), "openssl");
    openssl.make_ca("ca");
    openssl.issue("ca", "leaf", 5);
    openssl.make_crl("ca", "list", 1, {{"02", ""}});
    ASSERT_TRUE(openssl.run("crl2pkcs7 -in list.pem -certfile ca.pem -certfile leaf.pem -out all.p7b")) << openssl.said();
    ASSERT_TRUE(openssl.run("pkcs7 -in all.p7b -outform DER -out all.der")) << openssl.said();
  }
  std::vector<Bytes> all() const { return {openssl.der("ca.cer"), openssl.der("leaf.cer"), openssl.der("list.crl")}; }
  static std::vector<Bytes> octets(const Result<std::vector<PkixItem>>& items) {
    std::vector<Bytes> found;
    EXPECT_TRUE(items) << items.error().message;
    for (const auto& item : items ? *items : std::vector<PkixItem>{}) found.push_back(item.der);
    return found;
  }
  static std::string block(const std::string& label, const std::string& body) {
    return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
  }
  test::OpenSsl openssl;
};

TEST_F(Bundles, GiveTheirCertificatesAndCrls) {
  EXPECT_EQ(octets(items_in_bundle(openssl.der("all.der"), 10)), all());
  EXPECT_EQ(octets(items_in_pem(openssl.get("all.p7b"), 10)), all());
  EXPECT_TRUE(looks_like_bundle(openssl.der("all.der")));
  EXPECT_FALSE(looks_like_bundle(openssl.der("ca.cer")));
  EXPECT_EQ(items_in_bundle(openssl.der("all.der"), 2).error().code, Code::too_large);
  EXPECT_EQ(items_in_bundle(openssl.der("ca.cer"), 10).error().code, Code::malformed);
  // Windows and others write BER: lengths that are not known beforehand.
  ASSERT_TRUE(openssl.run("cms -sign -in ca.pem -signer leaf.pem -inkey leaf.key -certfile ca.pem -outform DER -nodetach -stream -out ber")) << openssl.said();
  const Bytes ber = openssl.der("ber");
  ASSERT_EQ(ber[1], 0x80) << "an indefinite length";
  EXPECT_TRUE(looks_like_bundle(ber));
  EXPECT_EQ(octets(items_in_bundle(ber, 10)).size(), 2u);
  ASSERT_TRUE(openssl.run("cms -sign -in ca.pem -signer leaf.pem -inkey leaf.key -nocerts -outform DER -out none")) << openssl.said();
  EXPECT_EQ(items_in_bundle(openssl.der("none"), 10).error().code, Code::malformed);
}

TEST_F(Bundles, OfEstAreBase64WithoutLines) {
  const Bytes der = openssl.der("all.der");
  const std::string base64 = to_base64(der);
  std::string lines;
  for (std::size_t at = 0; at < base64.size(); at += 76) lines += base64.substr(at, 76) + "\r\n";
  for (const std::string& text : {base64, lines, "\n" + lines}) EXPECT_EQ(bare_base64(text), der);
  EXPECT_FALSE(bare_base64("MInd the gap"));
  EXPECT_FALSE(bare_base64(text(der)));
  EXPECT_EQ(certificates_in_file(lines, 10).value().size(), 2u);
}

TEST_F(Bundles, MayHaveOlderLabels) {
  const auto base64 = [&](const char* file) { return to_base64(openssl.der(file)); };
  for (const char* label : {"CERTIFICATE", "X509 CERTIFICATE", "X.509 CERTIFICATE", "TRUSTED CERTIFICATE"})
    EXPECT_EQ(octets(items_in_pem(block(label, base64("ca.cer")), 10)), std::vector<Bytes>{openssl.der("ca.cer")}) << label;
  for (const char* label : {"X509 CRL", "CRL"}) {
    const auto items = items_in_pem(block(label, base64("list.crl")), 10);
    EXPECT_EQ(octets(items), std::vector<Bytes>{openssl.der("list.crl")}) << label;
    EXPECT_TRUE(items->at(0).crl);
  }
  for (const char* label : {"PKCS7", "CMS", "PKCS #7 SIGNED DATA"})
    EXPECT_EQ(octets(items_in_pem(block(label, base64("all.der")), 10)), all()) << label;
  ASSERT_TRUE(openssl.run("x509 -in ca.pem -trustout -addtrust serverAuth -setalias mine -out trusted.pem")) << openssl.said();
  EXPECT_EQ(octets(items_in_pem(openssl.get("trusted.pem"), 10)), std::vector<Bytes>{openssl.der("ca.cer")}) << "what it is trusted for is cut off";
}

TEST_F(Bundles, StandAmongOtherThings) {
  std::vector<std::string> others;
  const std::string mixed = "subject=a -----BEGIN nothing\n" + openssl.get("leaf.csr") + openssl.get("leaf.pem") + "text\n" + openssl.get("list.pem");
  EXPECT_EQ(octets(items_in_pem(mixed, 10, &others)).size(), 2u);
  EXPECT_EQ(others, std::vector<std::string>{"CERTIFICATE REQUEST"});
  EXPECT_EQ(items_in_pem(mixed + openssl.get("leaf.key"), 10).error().code, Code::not_permitted);
  EXPECT_EQ(items_in_pem(openssl.get("ca.pem").substr(0, 200), 10).error().code, Code::malformed);
  EXPECT_EQ(items_in_pem(block("CERTIFICATE", "no base64!"), 10).error().code, Code::malformed);
  EXPECT_EQ(items_in_pem(openssl.get("ca.pem") + openssl.get("leaf.pem"), 1).error().code, Code::too_large);
  EXPECT_FALSE(has_pkix_pem(openssl.get("leaf.csr")));
  EXPECT_TRUE(has_pkix_pem(mixed));
}

}  // namespace
}  // namespace cm4it::crypto
