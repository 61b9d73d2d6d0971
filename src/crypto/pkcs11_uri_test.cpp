// pkcs11: URIs: the examples of RFC 7512 section 3, and what is refused.
#include "crypto/pkcs11_uri.h"

#include <gtest/gtest.h>

#include "base/budgets.h"

namespace cm4it::crypto {
namespace {

TEST(Pkcs11Uri, ExamplesOfTheRfc) {
  struct Case {
    const char* text;
    std::map<std::string, std::string, std::less<>> path;
    std::string module, pin;
  };
  const std::vector<Case> cases = {
      {"pkcs11:", {}, "", ""},
      {"pkcs11:object=my-pubkey;type=public", {{"object", "my-pubkey"}, {"type", "public"}}, "", ""},
      {"pkcs11:object=my-key;type=private?pin-source=file:/etc/token",
       {{"object", "my-key"}, {"type", "private"}},
       "",
       "/etc/token"},
      {"pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;object=my-key;"
       "id=%69%95%3E%5C%F4%BD%EC%91;serial=?pin-source=file:/etc/token_pin",
       {{"token", "The Software PKCS#11 Softtoken"},
        {"manufacturer", "Snake Oil, Inc."},
        {"model", "1.0"},
        {"object", "my-key"},
        {"id", "\x69\x95\x3e\x5c\xf4\xbd\xec\x91"},
        {"serial", ""}},
       "",
       "/etc/token_pin"},
      {"pkcs11:object=my-sign-key;type=private?module-name=mypkcs11",
       {{"object", "my-sign-key"}, {"type", "private"}},
       "mypkcs11",
       ""},
      {"pkcs11:object=my-sign-key;type=private?module-path=/mnt/libmypkcs11.so.1",
       {{"object", "my-sign-key"}, {"type", "private"}},
       "/mnt/libmypkcs11.so.1",
       ""},
      {"pkcs11:slot-description=Sun%20Metaslot", {{"slot-description", "Sun Metaslot"}}, "", ""},
      {"pkcs11:library-manufacturer=Snake%20Oil,%20Inc.;library-description=Soft%20Token%20Library;library-version=1.23",
       {{"library-manufacturer", "Snake Oil, Inc."}, {"library-description", "Soft Token Library"}, {"library-version", "1.23"}},
       "",
       ""},
      {"pkcs11:token=My%20token%25%20created%20by%20Joe;library-version=3;id=%01%02%03%Ba%dd%Ca%fe%04%05%06",
       {{"token", "My token% created by Joe"}, {"library-version", "3"}, {"id", "\x01\x02\x03\xba\xdd\xca\xfe\x04\x05\x06"}},
       "",
       ""},
      {"pkcs11:token=A%20name%20with%20a%20substring%20%25%3B", {{"token", "A name with a substring %;"}}, "", ""},
      {"pkcs11:token=Name%20with%20a%20small%20A%20with%20acute:%20%C3%A1",
       {{"token", "Name with a small A with acute: \xc3\xa1"}},
       "",
       ""},
      {"pkcs11:token=my-token?pin-source=file:/etc/token_pin&vendor-bbb=value-b", {{"token", "my-token"}}, "", "/etc/token_pin"},
      {"pkcs11:token=my-token?pin-source=file:///etc/token_pin", {{"token", "my-token"}}, "", "/etc/token_pin"},
      {"pkcs11:token=my-token?pin-source=file:////etc/token_pin", {{"token", "my-token"}}, "", "/etc/token_pin"},
      {"pkcs11:token=my-token?pin-source=file:keys/pin", {{"token", "my-token"}}, "", "keys/pin"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.text);
    const auto uri = Pkcs11Uri::parse(one.text);
    ASSERT_TRUE(uri) << uri.error().message;
    EXPECT_EQ(uri->path, one.path);
    EXPECT_EQ(uri->module_path + uri->module_name, one.module);
    EXPECT_EQ(uri->pin_source, one.pin);
    EXPECT_EQ(Pkcs11Uri::parse(uri->text()).value(), *uri) << uri->text();
  }
}

TEST(Pkcs11Uri, Refuses) {
  struct Case {
    const char* text;
    Code code;
    const char* says;
  };
  const std::vector<Case> cases = {
      {"", Code::malformed, "pkcs11:"},
      {"PKCS11:token=a", Code::malformed, "pkcs11:"},
      {"pkcs11:token", Code::malformed, "name=value"},
      {"pkcs11:=a", Code::malformed, "name=value"},
      {"pkcs11:;token=a", Code::malformed, "name=value"},
      {"pkcs11:token=a;", Code::malformed, "last separator"},
      {"pkcs11:token=a;;object=b", Code::malformed, "name=value"},
      {"pkcs11:token=a;token=a", Code::malformed, "token: given twice"},
      {"pkcs11:token=a b", Code::malformed, "percent-encoded"},
      {"pkcs11:token=a/b", Code::malformed, "percent-encoded"},
      {"pkcs11:token=a%2", Code::malformed, "hex digits"},
      {"pkcs11:token=a%zz", Code::malformed, "hex digits"},
      {"pkcs11:token=%ff", Code::malformed, "UTF-8"},
      {"pkcs11:token=%00", Code::malformed, "UTF-8"},
      {"pkcs11:token=a%0a", Code::malformed, "UTF-8"},
      {"pkcs11:t(o=a", Code::malformed, "name"},
      {"pkcs11:slot-id=1a", Code::malformed, "slot-id"},
      {"pkcs11:slot-id=99999999999", Code::malformed, "slot-id"},
      {"pkcs11:library-version=1.", Code::malformed, "library-version"},
      {"pkcs11:object=a;type=cert", Code::unsupported, "type"},
      {"pkcs11:object=a;vendor-aaa=value-a", Code::unsupported, "vendor-aaa"},
      {"pkcs11:token=a?pin-value=1234", Code::unsupported, "pin-value"},
      {"pkcs11:token=a?pin-source=%7Ccat%20/etc/pin", Code::unsupported, "only files"},
      {"pkcs11:token=a?pin-source=|cat", Code::unsupported, "only files"},
      {"pkcs11:token=a?pin-source=https://a.example/pin", Code::unsupported, "only files"},
      {"pkcs11:token=a?pin-source=file://host/pin", Code::malformed, "this machine"},
      {"pkcs11:token=a?pin-source=", Code::malformed, "empty"},
      {"pkcs11:token=a?pin-source=/a&pin-source=/b", Code::malformed, "given twice"},
      {"pkcs11:token=a?module-path=softhsm.so", Code::malformed, "from the root"},
      {"pkcs11:token=a?module-name=../../tmp/x", Code::malformed, "no path"},
      {"pkcs11:token=a?module-name=a&module-path=/b", Code::malformed, "one of both"},
      {"pkcs11:token=a?module-path=/a?b=c", Code::not_found, ""},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.text);
    const auto uri = Pkcs11Uri::parse(one.text);
    if (one.code == Code::not_found) {  // '?' may stand in a query's value
      ASSERT_TRUE(uri) << uri.error().message;
      EXPECT_EQ(uri->module_path, "/a?b=c");
      continue;
    }
    ASSERT_FALSE(uri);
    EXPECT_EQ(uri.error().code, one.code) << uri.error().message;
    EXPECT_NE(uri.error().message.find(one.says), std::string::npos) << uri.error().message;
    EXPECT_EQ(uri.error().message.find("1234"), std::string::npos) << "a PIN is never shown";
  }
  const std::string longest = "pkcs11:token=" + std::string(budget::key_uri_bytes - 13, 'a');
  EXPECT_TRUE(Pkcs11Uri::parse(longest));
  EXPECT_EQ(Pkcs11Uri::parse(longest + "a").error().code, Code::too_large);
}

TEST(Pkcs11Uri, SaysWhatItIs) {
  EXPECT_EQ(Pkcs11Uri::parse("pkcs11:token=plant;object=log")->key_text(), "token \"plant\", key \"log\"");
  EXPECT_EQ(Pkcs11Uri::parse("pkcs11:serial=42;id=%01%ff")->key_text(), "token serial \"42\", key of id 01ff");
  EXPECT_EQ(Pkcs11Uri::parse("pkcs11:")->key_text(), "token");
}

}  // namespace
}  // namespace cm4it::crypto
