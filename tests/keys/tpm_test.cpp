// Keys in a TPM, with swtpm for one.
#include "base/needs_for_test.h"
#include "crypto/digest.h"
#include "keys/running.h"

namespace cm4it::keys::test {
namespace {

using crypto::Algorithm;

class Tpm : public Running {
 protected:
  void SetUp() override {
    CM4IT_NEEDS(fs::exists("/usr/bin/swtpm") && fs::exists("/usr/bin/tpm2_createprimary") && !crypto_module().empty(), "swtpm, tpm2-tools or tpm2-openssl");
    Running::SetUp();
    fs::create_directory(directory_ / "state");
    ::setenv("TPM2OPENSSL_TCTI", ("swtpm:path=" + file("tpm")).c_str(), 1);
    ::setenv("TPM2TOOLS_TCTI", ("swtpm:path=" + file("tpm")).c_str(), 1);
    ::setenv("TSS2_LOG", "all+none", 1);
    plug_in();
  }
  static std::string crypto_module() {
    for (const char* directory : {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"})
      if (const auto module = std::string(directory) + "/ossl-modules/tpm2.so"; fs::exists(module)) return module;
    return "";
  }
  void plug_in() {
    for (const char* name : {"tpm", "tpm.ctrl"}) fs::remove(file(name));
    auto started = demo::Process::start({"/usr/bin/swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + file("state"), "--ctrl",
                                         "type=unixio,path=" + file("tpm.ctrl"), "--server", "type=unixio,path=" + file("tpm"),
                                         "--flags", "not-need-init,startup-clear"},
                                        directory_ / "swtpm.log");
    ASSERT_TRUE(started) << started.error().message;
    tpm_ = std::move(*started);
    ASSERT_TRUE(eventually([&] { return fs::exists(file("tpm")) && fs::exists(file("tpm.ctrl")); }))
        << content_of(directory_ / "swtpm.log");
  }
  void take_out() {
    tpm_->kill();
    tpm_.reset();
  }
  void tool(const demo::Arguments& words) const {
    const auto output = demo::run(words);
    ASSERT_TRUE(output);
    ASSERT_EQ(output->exit, 0) << words[0] << ": " << output->err;
  }

  std::unique_ptr<demo::Process> tpm_;
};

TEST_F(Tpm, FilesThatOnlyItCanUse) {
  for (const Algorithm algorithm : {Algorithm::es256, Algorithm::es384, Algorithm::ps256}) {
    SCOPED_TRACE(crypto::cose_id(algorithm));
    const auto path = directory_ / ("key" + std::to_string(crypto::cose_id(algorithm)));
    const auto made = crypto::make_tpm_key_file(path, algorithm);
    ASSERT_TRUE(made) << made.error().message << made.error().detail;
    EXPECT_THAT(content_of(path), testing::StartsWith("-----BEGIN TSS2 PRIVATE KEY-----"));
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    const auto again = crypto::load_key(path.string());
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ((*again)->public_key(), (*made)->public_key());
    const auto signature = (*again)->sign(view("a statement"));
    ASSERT_TRUE(signature) << signature.error().message;
    EXPECT_TRUE((*again)->public_key().verify(view("a statement"), *signature));
  }
  EXPECT_EQ(crypto::make_tpm_key_file(directory_ / "none", Algorithm::eddsa).error().code, Code::unsupported);
}

TEST_F(Tpm, HandlesOfKeysThatStayInIt) {
  tool({"/usr/bin/tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc256:ecdsa-sha256", "-a",
        "sign|fixedtpm|fixedparent|sensitivedataorigin|userwithauth", "-c", file("primary")});
  tool({"/usr/bin/tpm2_evictcontrol", "-Q", "-C", "o", "-c", file("primary"), "0x81000001"});
  tool({"/usr/bin/tpm2_flushcontext", "-t"});
  const auto key = crypto::load_key("handle:0x81000001");
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_TRUE((*key)->public_key().verify(view("x"), (*key)->sign(view("x")).value()));
  const auto none = crypto::load_key("handle:0x81000002");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::unavailable);
  EXPECT_THAT(none.error().message, HasSubstr("handle:0x81000002: not in this TPM"));
  EXPECT_EQ(crypto::load_key("handle:81000001").error().code, Code::malformed);
}

TEST_F(Tpm, AHandleMayHaveAPassphrase) {
  tool({"/usr/bin/tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc256:ecdsa-sha256", "-a",
        "sign|fixedtpm|fixedparent|sensitivedataorigin|userwithauth", "-p", "horse", "-c", file("primary")});
  tool({"/usr/bin/tpm2_evictcontrol", "-Q", "-C", "o", "-c", file("primary"), "0x81000003"});
  tool({"/usr/bin/tpm2_flushcontext", "-t"});
  const std::string handle = "handle:0x81000003?pass";
  const auto key = crypto::load_key(handle, {{}, secret("right", "horse"), {}});
  EXPECT_TRUE(key) << key.error().message;
  const auto wrong = crypto::load_key(handle, {{}, secret("wrong", "mule"), {}});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::not_permitted) << wrong.error().message;
  EXPECT_THAT(wrong.error().message, HasSubstr("its passphrase is wrong"));
  const auto none = crypto::load_key(handle);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::not_permitted);
  EXPECT_THAT(none.error().message, HasSubstr("passphrase of " + handle));
}

TEST_F(Tpm, TakenOutAndPutBack) {
  const auto key = crypto::make_tpm_key_file(directory_ / "key", Algorithm::es256).value();
  take_out();
  const auto gone = key->sign(view("x"));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Code::unavailable);
  EXPECT_THAT(gone.error().detail, HasSubstr("TPM2OPENSSL_TCTI"));
  plug_in();
  const auto back = key->sign(view("x"));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(key->public_key().verify(view("x"), *back));
}

TEST_F(Tpm, AServersKeyInIt) {
  const auto id = ok({"key", "new", file("server.key"), "--tpm", "--alg", "p256"});
  ok({"init", file("plant"), "--role", "maintenance", "--domain", "plant.example", "--listen", "127.0.0.1:0", "--tls-key",
      file("server.key")});
  start("plant");
  const auto answer = ics({"--server", url("plant"), "--server-key", id, "domains"});
  EXPECT_EQ(answer.exit, 0) << answer.err << log("plant");
}

}  // namespace
}  // namespace cm4it::keys::test
