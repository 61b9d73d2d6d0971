// Certificates that others made: RFC 9580 appendix A.
#include <gtest/gtest.h>

#include "evidence/formats/openpgp/test_support.h"

namespace cm4it::evidence::openpgp {
namespace {

// Appendix A.3: a v6 certificate, Ed25519 with an X25519 subkey, no user id.
constexpr std::string_view v6_certificate =
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
    "\n"
    "xioGY4d/4xsAAAAg+U2nu0jWCmHlZ3BqZYfQMxmZu52JGggkLq2EVD34laPCsQYf\n"
    "GwoAAABCBYJjh3/jAwsJBwUVCg4IDAIWAAKbAwIeCSIhBssYbE8GCaaX5NUt+mxy\n"
    "KwwfHifBilZwj2Ul7Ce62azJBScJAgcCAAAAAK0oIBA+LX0ifsDm185Ecds2v8lw\n"
    "gyU2kCcUmKfvBXbAf6rhRYWzuQOwEn7E/aLwIwRaLsdry0+VcallHhSu4RN6HWaE\n"
    "QsiPlR4zxP/TP7mhfVEe7XWPxtnMUMtf15OyA51YBM4qBmOHf+MZAAAAIIaTJINn\n"
    "+eUBXbki+PSAld2nhJh/LVmFsS+60WyvXkQ1wpsGGBsKAAAALAWCY4d/4wKbDCIh\n"
    "BssYbE8GCaaX5NUt+mxyKwwfHifBilZwj2Ul7Ce62azJAAAAAAQBIKbpGG2dWTX8\n"
    "j+VjFM21J0hqWlEg+bdiojWnKfA5AQpWUWtnNwDEM0g12vYxoWM8Y81W+bHBw805\n"
    "I8kWVkXU6vFOi+HWvv/ira7ofJu16NnoUkhclkUrk0mXubZvyl4GBg==\n"
    "-----END PGP PUBLIC KEY BLOCK-----\n";
constexpr std::string_view v6_fingerprint = "CB186C4F0609A697E4D52DFA6C722B0C1F1E27C18A56708F6525EC27BAD9ACC9";

TEST(Rfc9580, V6CertificateOfAppendixA3) {
  const auto split = split_certificates(view(v6_certificate));
  ASSERT_TRUE(split) << split.error().message;
  for (const auto& dropped : split->dropped) ADD_FAILURE() << dropped.what << ": " << dropped.why;
  ASSERT_EQ(split->certificates.size(), 1u);
  EXPECT_EQ(split->certificates[0].text(), v6_fingerprint);
  EXPECT_EQ(split->certificates[0], Fingerprint::parse(v6_fingerprint).value());
  EXPECT_EQ(split->certificates[0].key_id(), 0xcb186c4f0609a697u);
  ASSERT_EQ(split->pieces.size(), 2u);
  std::vector<Bytes> pieces;
  for (const Piece& piece : split->pieces) {
    auto decoded = decode(piece.format, piece.bytes);
    ASSERT_TRUE(decoded) << decoded.error().message;
    ASSERT_TRUE(decoded->carried_key());
    const auto verified = verify(*decoded, *decoded->carried_key());
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_TRUE(verified->statements()[0].component.supporting);
    EXPECT_EQ(to_rfc3339(verified->statements()[0].issued_at), "2022-11-30T16:08:03Z");
    pieces.push_back(piece.bytes);
  }
  const auto assembled = assemble(pieces, split->certificates[0]);
  ASSERT_TRUE(assembled);
  EXPECT_EQ(armor(ArmorKind::public_key_block, *assembled), v6_certificate);
  const auto info = describe(pieces, split->certificates[0], Time{1'800'000'000}).value();
  EXPECT_EQ(info.algorithm, 27);
  ASSERT_EQ(info.subkeys.size(), 1u);
  EXPECT_EQ(info.subkeys[0].algorithm, 25);
  EXPECT_EQ(info.subkeys[0].fingerprint.text(), "12C83F1E706F6308FE151A417743A1F033790E93E9978488D1DB378DA9930885");
}

// Appendix A.1.
TEST(Rfc9580, V4FingerprintOfAppendixA1) {
  const Bytes body = from_hex("0453f35f0b16092b06010401da470f010107403f098994bdd916ed4053197934e4a87c80733a1280d62f8010992e43ee3b2406").value();
  const Key key = read_key(body).value();
  EXPECT_EQ(key.fingerprint.text(), "C959BDBAFA32A2F89A153B678CFDE12197965A9A");
  EXPECT_EQ(key.fingerprint.key_id(), 0x8cfde12197965a9au);
  EXPECT_EQ(key.created.seconds, 0x53f35f0b);
  EXPECT_EQ(to_hex(crypto::PublicKey::from_ed25519(View(body).last(32))->spki()), to_hex(subject_of(key, true)->spki));
}

}  // namespace
}  // namespace cm4it::evidence::openpgp
