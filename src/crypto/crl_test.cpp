// CRLs that `openssl ca -gencrl` makes, and others that nobody should.
#include "base/needs_for_test.h"
#include "crypto/crl.h"

#include <set>

#include "base/budgets.h"
#include "base/der.h"
#include "crypto/openssl_for_test.h"
#include "crypto/pkix_sign.h"
#include "crypto/pkix_verify.h"

namespace cm4it::crypto {
namespace {

struct Read {
  Crl crl;
  std::vector<std::pair<std::string, RevocationReason>> entries;
};

Read read_all(View der) {
  const auto crl = Crl::parse(der);
  EXPECT_TRUE(crl) << crl.error().message;
  Read read;
  if (!crl) return read;
  read.crl = *crl;
  EXPECT_TRUE(visit_crl_entries(*crl, [&](const CrlEntry& entry) {
    read.entries.emplace_back(to_hex(entry.serial), entry.reason);
    return true;
  }));
  return read;
}

class OpenSslCrl : public testing::Test {
 protected:
  void SetUp() override {
    CM4IT_NEEDS(test::OpenSsl::there(), "openssl");
  }
  PublicKey key_of(const std::string& ca) {
    EXPECT_TRUE(openssl_.run("x509 -in " + ca + ".pem -pubkey -noout -out pub")) << openssl_.said();
    return PublicKey::from_text(openssl_.get("pub")).value();
  }
  test::OpenSsl openssl_;
};

TEST_F(OpenSslCrl, IsReadAndVerifiedByEveryAlgorithm) {
  for (const char* key : {"ec -pkeyopt ec_paramgen_curve:P-256", "ec -pkeyopt ec_paramgen_curve:P-384", "ed25519", "rsa:2048"}) {
    openssl_.make_ca("ca", key);
    openssl_.make_ca("other", key);
    openssl_.make_crl("ca", "one", 7, {{"02", "keyCompromise"}, {"0A1B2C", ""}, {"03", "certificateHold"}}, "20260201000000Z",
                      "20270201000000Z");
    const Bytes der = openssl_.der("one.crl");
    const Read read = read_all(der);
    EXPECT_EQ(read.crl.number_text(), "7");
    EXPECT_EQ(to_rfc3339(read.crl.this_update), "2026-02-01T00:00:00Z");
    EXPECT_EQ(to_rfc3339(*read.crl.next_update), "2027-02-01T00:00:00Z");
    EXPECT_EQ(read.crl.issuer_text, "CN=ca,O=Acme");
    EXPECT_TRUE(equal(read.crl.authority_key_id, key_of("ca").method1_id()));
    const std::set<std::pair<std::string, RevocationReason>> entries(read.entries.begin(), read.entries.end());
    EXPECT_EQ(entries, (std::set<std::pair<std::string, RevocationReason>>{{"02", RevocationReason::key_compromise},
                                                                           {"0a1b2c", RevocationReason::unspecified},
                                                                           {"03", RevocationReason::certificate_hold}}));
    const auto verify = [&](const PublicKey& by) {
      return verify_pkix(read.crl.algorithm, read.crl.to_be_signed, read.crl.signature, by, "crl.signatureAlgorithm");
    };
    const auto holds = verify(key_of("ca"));
    EXPECT_TRUE(holds) << key << holds.error().message;
    EXPECT_EQ(verify(key_of("other")).error().code, Code::bad_signature) << key;
  }
}

TEST_F(OpenSslCrl, DeltasIndirectOnesAndThoseWithoutNumberAreRefusedByName) {
  openssl_.make_ca("ca");
  struct Case {
    const char* more;
    const char* why;
  };
  const Case cases[] = {{"2.5.29.27 = critical,DER:020105\n", "deltaCRLIndicator"},
                        {"issuingDistributionPoint = critical,@i\n[i]\nindirectCRL = TRUE\n", "indirectCRL"},
                        {"issuingDistributionPoint = critical,@i\n[i]\nonlysomereasons = keyCompromise\n", "onlySomeReasons"},
                        {"issuingDistributionPoint = critical,@i\n[i]\nonlyAA = TRUE\n", "attribute certificates"},
                        {"1.2.3.4 = critical,DER:0500\n", "critical, and not known"}};
  for (const auto& [more, why] : cases) {
    openssl_.make_crl("ca", "bad", 1, {{"02", ""}}, "20260201000000Z", "20270201000000Z", more);
    const auto refused = Crl::parse(openssl_.der("bad.crl"));
    ASSERT_FALSE(refused) << more;
    EXPECT_EQ(refused.error().code, Code::unsupported) << more;
    EXPECT_NE(refused.error().message.find(why), std::string::npos) << refused.error().message;
  }
  openssl_.make_crl("ca", "users", 1, {}, "20260201000000Z", "20270201000000Z",
                    "issuingDistributionPoint = critical,@i\n[i]\nonlyuser = TRUE\n");
  const Bytes der = openssl_.der("users.crl");
  EXPECT_FALSE(read_all(der).crl.scope.empty());

  openssl_.put("ca.cnf", "[ca]\ndefault_ca = d\n[d]\ndatabase = index\ndefault_md = sha256\n");
  openssl_.put("index", "");
  ASSERT_TRUE(openssl_.run("ca -config ca.cnf -cert ca.pem -keyfile ca.key -gencrl -crldays 3 -out old.pem")) << openssl_.said();
  ASSERT_TRUE(openssl_.run("crl -in old.pem -outform DER -out old.crl"));
  const auto without = Crl::parse(openssl_.der("old.crl"));
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, Code::unsupported);
}

// A CRL put together here, so that it can be wrong; its signature is by a key of ours.
class CrlBuilder {
 public:
  Bytes time = der::item(der::utc_time, view("260201000000Z"));
  Bytes name = *from_hex("300d310b3009060355040312024143");
  Bytes entries, number = der::integer_of(7), more;
  bool with_number = true;

  CrlBuilder& entry(Bytes serial, Bytes extensions = {}) {
    append(entries, der::item(der::sequence, {der::item(der::integer, serial), time, extensions}));
    return *this;
  }
  static Bytes extension(const char* oid, View value, bool critical = false) {
    return der::item(der::sequence,
                     {*from_hex(oid), critical ? *from_hex("0101ff") : Bytes{}, der::item(der::octet_string, value)});
  }
  static Bytes reason(std::uint8_t number) {
    return der::item(der::sequence, extension("0603551d15", der::integer_of(number, der::enumerated)));
  }
  Bytes der() const {
    static const SignerPtr key = generate(Algorithm::eddsa).value();
    Bytes extensions = with_number ? extension("0603551d14", number) : Bytes{};
    append(extensions, more);
    const Bytes list = entries.empty() ? Bytes{} : der::item(der::sequence, entries);
    return pkix_signed(*key, der::item(der::sequence, {der::integer_of(1), *from_hex("300506032b6570"), name, time, list,
                                                       der::item(der::context(0), der::item(der::sequence, extensions))}))
        .value();
  }
};

TEST(Crl, BadOnesAreRefusedWithTheFieldsName) {
  ASSERT_TRUE(Crl::parse(CrlBuilder().entry({1}).der())) << Crl::parse(CrlBuilder().entry({1}).der()).error().message;
  struct Case {
    const char* field;
    Bytes der;
  };
  CrlBuilder no_name, negative, twice, behind;
  no_name.name = *from_hex("3000");
  negative.number = *from_hex("0201ff");
  twice.more = CrlBuilder::extension("0603551d14", der::integer_of(8));
  const Case cases[] = {
      {"crl.issuer", no_name.der()},
      {"crl.cRLNumber", negative.der()},
      {"crl.crlExtensions", twice.der()},
      {"crl.userCertificate", CrlBuilder().entry(Bytes(22, 1)).der()},
      {"crl.userCertificate", CrlBuilder().entry({0, 1}).der()},
      {"crl.reasonCode", CrlBuilder().entry({1}, CrlBuilder::reason(7)).der()},
      {"crl.reasonCode", CrlBuilder().entry({1}, CrlBuilder::reason(8)).der()},
      {"crl.reasonCode", CrlBuilder().entry({1}, CrlBuilder::reason(11)).der()},
      {"crl.certificateIssuer",
       CrlBuilder().entry({1}, der::item(der::sequence, CrlBuilder::extension("0603551d1d", *from_hex("3000"), true))).der()},
      {"crl.crlEntryExtensions",
       CrlBuilder().entry({1}, der::item(der::sequence, CrlBuilder::extension("06032a0304", *from_hex("0500"), true))).der()},
      {"crl",
       [] {
         Bytes more = CrlBuilder().der();
         more.push_back(0);
         return more;
       }()},
      {"crl",
       [] {
         Bytes less = CrlBuilder().der();
         less.pop_back();
         return less;
       }()},
  };
  for (const auto& [field, bytes] : cases) {
    const auto refused = Crl::parse(bytes);
    ASSERT_FALSE(refused) << field;
    EXPECT_TRUE(refused.error().message.starts_with(field)) << refused.error().message;
  }
}

TEST(Crl, BoundsOnItsSize) {
  CrlBuilder many;
  for (std::size_t i = 0; i < budget::crl_entries; ++i)
    many.entry({1, static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)});
  ASSERT_TRUE(Crl::parse(many.der()));
  many.entry({2});
  EXPECT_EQ(Crl::parse(many.der()).error().code, Code::too_large);
  EXPECT_EQ(Crl::parse(Bytes(budget::crl_bytes + 1, 0x30)).error().code, Code::too_large);
  CrlBuilder extensions;
  for (std::uint8_t i = 0; i < budget::crl_extensions; ++i)
    append(extensions.more,
           der::item(der::sequence, {der::item(der::object, Bytes{0x2a, 3, i}), der::item(der::octet_string, Bytes{5, 0})}));
  EXPECT_EQ(Crl::parse(extensions.der()).error().code, Code::too_large);
}

// RSASSA-PSS has parameters, of which a CA may choose any: certificates are taken with all of them.
TEST_F(OpenSslCrl, IsVerifiedWithEveryPss) {
  openssl_.make_ca("ca", "rsa:2048");
  openssl_.make_crl("ca", "one", 1, {{"02", ""}});
  for (const char* options : {"-md sha256 -sigopt rsa_pss_saltlen:32", "-md sha384 -sigopt rsa_pss_saltlen:48", "-md sha512 -sigopt rsa_pss_saltlen:20"}) {
    ASSERT_TRUE(openssl_.run(std::string("ca -config ca.cnf -cert ca.pem -keyfile ca.key -gencrl -crldays 30 -sigopt rsa_padding_mode:pss ") + options + " -out pss.pem"))
        << openssl_.said();
    ASSERT_TRUE(openssl_.run("crl -in pss.pem -outform DER -out pss.crl"));
    const Bytes der = openssl_.der("pss.crl");
    const auto crl = Crl::parse(der);
    ASSERT_TRUE(crl) << options << crl.error().message;
    const auto verify = [&](View signature, const PublicKey& key) { return verify_pkix(crl->algorithm, crl->to_be_signed, signature, key, "crl").has_value(); };
    EXPECT_TRUE(verify(crl->signature, key_of("ca"))) << options;
    Bytes other = to_bytes(crl->signature);
    other.back() ^= 1;
    EXPECT_FALSE(verify(other, key_of("ca"))) << options;
  }
  ASSERT_TRUE(openssl_.run("ca -config ca.cnf -cert ca.pem -keyfile ca.key -gencrl -crldays 30 -md sha1 -sigopt rsa_padding_mode:pss -out pss.pem")) << openssl_.said();
  ASSERT_TRUE(openssl_.run("crl -in pss.pem -outform DER -out pss.crl"));
  EXPECT_EQ(Crl::parse(openssl_.der("pss.crl")).error().code, Code::unsupported);
}

}  // namespace
}  // namespace cm4it::crypto
