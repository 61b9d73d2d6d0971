#include "net/http/url.h"

#include <gmock/gmock.h>

#include "net/address.h"

namespace cm4it::net {
namespace {

TEST(Url, OfAServer) {
  for (const char* good : {"https://ics.example", "https://ics.example:8443", "http://127.0.0.1:1/ics", "https://[2001:db8::1]:8443", "https://ics.example/"})
    EXPECT_TRUE(check_base_url(good)) << good;
  for (const char* bad : {"", "ics.example:8443", "ftp://a", "https://", "https://:8443", "https://a:99999", "https://a:0", "https://a:x", "https://a b",
                          "https://user@a", "https://user:word@a", "https://a/?q=1", "https://a/#part", "https:///a", "https://a:-1"}) {
    const auto checked = check_base_url(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().code, Code::malformed) << bad;
  }
  EXPECT_EQ(origin_of("https://ics.example/x?y").value(), "https://ics.example:443");
}

TEST(Address, OfAListener) {
  for (const char* good : {"127.0.0.1:0", "127.0.0.1:65535", "[::1]:8443", "localhost:8443", ":8443", "0.0.0.0:1"})
    EXPECT_TRUE(check_address(good)) << good;
  for (const char* bad : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "https://a:80", "a b:80", "127.0.0.1: 80"})
    EXPECT_FALSE(check_address(bad)) << bad;
  EXPECT_EQ(check_address("127.0.0.1:99999").error().message, "address '127.0.0.1:99999': a port is 0 to 65535");
}

}  // namespace
}  // namespace cm4it::net
