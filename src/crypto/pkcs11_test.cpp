// Keys in tokens, with SoftHSM for a token.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/needs_for_test.h"
#include "crypto/digest.h"
#include "crypto/softhsm_for_test.h"

namespace cm4it::crypto {
namespace {

using testing::HasSubstr;

const SoftHsm& hsm() {
  static const SoftHsm made;
  static const bool filled = [] {
    for (const char* label : {"plant", "guarded", "twins", "twins"}) made.add_token(label);
    return true;
  }();
  (void)filled;
  return made;
}

class Pkcs11 : public testing::Test {
 protected:
  void SetUp() override {
    CM4IT_NEEDS(SoftHsm::installed(), "softhsm2");
    hsm();
  }
  // Of its own for each test.
  static std::string key(const std::string& name, const std::string& pin = "pin") {
    return hsm().uri("token=plant;object=" + name, pin);
  }
};

TEST_F(Pkcs11, KeysOfEveryKindSign) {
  const LeaksOfSoftHsm expected;
  for (const Algorithm algorithm : {Algorithm::es256, Algorithm::es384, Algorithm::eddsa, Algorithm::ps256}) {
    SCOPED_TRACE(cose_id(algorithm));
    const std::string uri = key("kind" + std::to_string(cose_id(algorithm)));
    const auto made = make_key(uri, algorithm);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ((*made)->public_key().algorithm(), algorithm);
    const auto again = load_key(uri);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ((*again)->public_key(), (*made)->public_key());
    for (const std::string& message : {std::string(), std::string("a statement"), std::string(100'000, 'x')}) {
      const auto signature = (*again)->sign(view(message));
      ASSERT_TRUE(signature) << signature.error().message;
      EXPECT_TRUE((*made)->public_key().verify(view(message), *signature));
    }
  }
}

TEST_F(Pkcs11, APublicKeyNeedsNoPin) {
  const auto made = make_key(key("public"), Algorithm::es256);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(load_public_key(key("public", "")).value(), (*made)->public_key());
}

TEST_F(Pkcs11, AKeyIsNeverWrittenOver) {
  ASSERT_TRUE(make_key(key("once"), Algorithm::es256));
  EXPECT_EQ(make_key(key("once"), Algorithm::es256).error().code, Code::conflict);
}

TEST_F(Pkcs11, KeysAreFoundByTheirIdToo) {
  const auto made = make_key(hsm().uri("token=plant;object=by-id;id=%0a%ff%00"), Algorithm::es256);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(load_key(hsm().uri("token=plant;id=%0A%FF%00")).value()->public_key(), (*made)->public_key());
}

TEST_F(Pkcs11, ErrorsSayWhatIsMissing) {
  ASSERT_TRUE(make_key(key("one"), Algorithm::es256));
  ASSERT_TRUE(make_key(key("two"), Algorithm::es256));
  struct Case {
    std::string uri;
    Code code;
    const char* says;
  };
  const Case cases[] = {
      {hsm().uri("token=elsewhere;object=one"), Code::unavailable, "token \"elsewhere\": it is not there"},
      {hsm().uri("token=plant;serial=0;object=one"), Code::unavailable, "it is not there"},
      {hsm().uri("token=twins;object=one"), Code::ambiguous, "several tokens"},
      {key("none"), Code::not_found, "token \"plant\", key \"none\": no such private key"},
      {hsm().uri("token=plant"), Code::ambiguous, "several keys"},
      {"pkcs11:token=plant;object=one?module-path=/nowhere/module.so", Code::not_found, "/nowhere/module.so"},
      {"pkcs11:token=plant;object=one?module-path=/usr/lib/x86_64-linux-gnu/libz.so.1", Code::unsupported,
       "not a PKCS#11 module"},
      {key("one", "none"), Code::not_found, "secret file"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.uri);
    if (one.code == Code::unsupported && !std::filesystem::exists("/usr/lib/x86_64-linux-gnu/libz.so.1")) continue;
    const auto signer = load_key(one.uri);
    ASSERT_FALSE(signer);
    EXPECT_EQ(signer.error().code, one.code) << signer.error().message;
    EXPECT_THAT(signer.error().message, HasSubstr(one.says));
  }
}

TEST_F(Pkcs11, PinsComeFromFilesOrAreAskedFor) {
  const auto guarded = [](const std::string& pin) { return hsm().uri("token=guarded;object=it", pin); };
  ASSERT_TRUE(make_key(guarded("pin"), Algorithm::es256));
  const auto wrong = load_key(guarded("wrong-pin"));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::not_permitted);
  EXPECT_THAT(wrong.error().message, HasSubstr("token \"guarded\": the PIN is wrong"));
  EXPECT_THAT(wrong.error().message + wrong.error().detail, Not(HasSubstr("4321")));

  const auto none = load_key(guarded(""));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::not_permitted);
  EXPECT_THAT(none.error().message, HasSubstr("PIN of token \"guarded\""));

  std::vector<std::string> asked;
  const auto person = [&asked](const std::string& what) -> Result<Secret> {
    asked.push_back(what);
    return Secret(to_bytes(view("1234")));
  };
  EXPECT_TRUE(load_key(guarded(""), {{}, {}, person}));
  EXPECT_THAT(asked, testing::ElementsAre("PIN of token \"guarded\""));
  EXPECT_TRUE(load_key(guarded(""), {hsm().directory(), "pin", {}}));

  std::filesystem::permissions(hsm().directory() / "pin", std::filesystem::perms::group_read, std::filesystem::perm_options::add);
  EXPECT_EQ(load_key(guarded("pin")).error().code, Code::not_permitted) << "others may read it";
  hsm().pin_file("pin", "1234\n");
}

TEST_F(Pkcs11, SeveralThreadsSign) {
  const auto signer = make_key(key("threads"), Algorithm::es256).value();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&signer, i] {
      for (int round = 0; round < 20; ++round) {
        const Bytes message{static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(round)};
        const auto signature = signer->sign(message);
        ASSERT_TRUE(signature) << signature.error().message;
        EXPECT_TRUE(signer->public_key().verify(message, *signature));
      }
    });
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace cm4it::crypto
