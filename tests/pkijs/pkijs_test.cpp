// PKI.js reads our OCSP answers. The library comes from npm, once, into the build directory.
#include <gtest/gtest.h>

#include "base/needs_for_test.h"
#include "base/der.h"
#include "crypto/ocsp.h"
#include "crypto/openssl_for_test.h"
#include "demo/process.h"

namespace cm4it::crypto::ocsp {
namespace {

namespace fs = std::filesystem;

bool installed(const char* name) {
  const auto version = demo::run({"/usr/bin/env", name, "--version"});
  return version && version->exit == 0;
}

struct PkiJs : testing::Test {
  void SetUp() override {
    CM4IT_NEEDS(test::OpenSsl::there(), "openssl");
    if (!installed("node") || !installed("npm")) GTEST_SKIP() << "node and npm are not installed";
    if (fs::exists(modules / "node_modules" / "pkijs")) return;
    const auto got = demo::run({"/usr/bin/env", "timeout", "120", "npm", "install", "--prefix", modules, "--no-save",
                                "--ignore-scripts", "--no-audit", "--no-fund", "pkijs@3.4.3"});
    if (!got || got->exit != 0) GTEST_SKIP() << "pkijs cannot be had from npm: " << (got ? got->err : got.error().message);
  }
  SignerPtr key(const std::string& name) const {
    fs::permissions(openssl.path(name + ".key"), fs::perms::owner_read);
    return load_key_file(openssl.path(name + ".key")).value();
  }
  std::string read_by_library() const {
    const auto output =
        demo::run({"/usr/bin/env", "timeout", "60", "node", CM4IT_TESTS "/pkijs/pkijs.mjs", modules, openssl.path("answer"),
                   openssl.path("ca.cer"), openssl.path("one.cer"), openssl.path("two.cer"), openssl.path("three.cer")});
    EXPECT_TRUE(output && output->exit == 0) << (output ? output->err : output.error().message);
    return output ? output->out : "";
  }

  const fs::path modules = fs::path(CM4IT_NPM) / "pki";
  test::OpenSsl openssl;
};

TEST_F(PkiJs, ReadsAndVerifiesAnswersOfCaAndDelegate) {
  for (const char* algorithm : {"ec -pkeyopt ec_paramgen_curve:P-256", "rsa:2048"}) {
    openssl.make_ca("ca", algorithm);
    unsigned serial = 0;
    for (const char* name : {"one", "two", "three"}) openssl.issue("ca", name, ++serial);
    const auto delegate = generate(Algorithm::es256).value();
    openssl.put("delegate.der", View(delegate_request(*delegate, "Acme OCSP").value()));
    openssl.issue("ca", "delegate", 77, "delegate.der -inform DER");
    for (const bool by_delegate : {true, false}) {
      const auto responder = by_delegate ? Responder::make(delegate, openssl.der("ca.cer"), {openssl.der("delegate.cer")})
                                         : Responder::make(key("ca"), openssl.der("ca.cer"), {openssl.der("ca.cer")});
      ASSERT_TRUE(responder) << responder.error().message;
      ASSERT_TRUE(openssl.run("ocsp -issuer ca.pem -cert one.pem -sha256 -cert two.pem -reqout request")) << openssl.said();
      const auto request = parse_request(openssl.der("request"));
      ASSERT_TRUE(request) << request.error().message;
      std::vector<Single> singles;
      for (const CertId& id : request->asked) {
        EXPECT_TRUE(responder->is_issuer(id));
        Single single{id.encoded, Single::Status::good, {}, system_time(), system_time() + 3600};
        if (id.serial == Bytes{2})
          single = {
              id.encoded, Single::Status::revoked, {system_time() + -60, RevocationReason::key_compromise}, system_time(), {}};
        singles.push_back(single);
      }
      openssl.put("answer", View(responder->answer(singles, system_time(), request->nonce).value()));
      EXPECT_EQ(read_by_library(),
                "{\"status\":0,\"good\":true,\"statuses\":[0,1,3],\"extensions\":[\"1.3.6.1.5.5.7.48.1.2\"]}\n")
          << algorithm << (by_delegate ? ", delegate" : "");
    }
    fs::remove(openssl.path("ca.key"));
  }
}

}  // namespace
}  // namespace cm4it::crypto::ocsp
