#include "evidence/formats/openpgp/armor.h"

#include <gtest/gtest.h>

#include "base/budgets.h"

namespace cm4it::evidence::openpgp {
namespace {

// RFC 9580 appendix A.1: a v4 Ed25519Legacy key, with the checksum that older software writes.
const std::string sample =
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
    "\n"
    "xjMEU/NfCxYJKwYBBAHaRw8BAQdAPwmJlL3ZFu1AUxl5NOSofIBzOhKA1i+AEJku\n"
    "Q+47JAY=\n"
    "-----END PGP PUBLIC KEY BLOCK-----\n";
const std::string sample_hex = "c6330453f35f0b16092b06010401da470f010107403f098994bdd916ed4053197934e4a87c80733a1280d62f8010992e43ee3b2406";

std::string with(std::string armored, const std::string& from, const std::string& to) {
  const auto at = armored.find(from);
  EXPECT_NE(at, armored.npos) << from;
  return armored.replace(at, from.size(), to);
}

Result<ArmorBlock> one(const std::string& armored) {
  TRY(auto blocks, dearmor(view(armored)));
  if (blocks.size() != 1) return fail(Code::internal, "not one block");
  return std::move(blocks[0]);
}

TEST(Armor, OfTheStandard) {
  const auto block = one(sample);
  ASSERT_TRUE(block) << block.error().message;
  EXPECT_EQ(block->kind, ArmorKind::public_key_block);
  EXPECT_EQ(to_hex(block->data), sample_hex);
  EXPECT_FALSE(block->checksum_fits);
  EXPECT_EQ(one(armor(ArmorKind::public_key_block, block->data))->checksum_fits, true);
  const Bytes v6 = {0xc2, 1, 6};  // RFC 9580 section 6.1: without
  EXPECT_FALSE(one(armor(ArmorKind::signature, v6))->checksum_fits);
}

TEST(Armor, EverySizeComesBack) {
  for (std::size_t size = 0; size < 200; ++size) {
    const Bytes data(size, static_cast<std::uint8_t>(size));
    const auto block = one(armor(ArmorKind::signature, data));
    ASSERT_TRUE(block) << size;
    EXPECT_EQ(block->data, data);
    EXPECT_EQ(block->kind, ArmorKind::signature);
  }
}

TEST(Armor, WhatPeopleSendAround) {
  const std::string variants[] = {
      "Dear all, here it is:\n" + sample + "\nRegards\n",
      "\r\n \t\n" + sample,
      with(sample, "BLOCK-----\n\n", "BLOCK-----\nVersion: GnuPG v2\nComment: a: b\nComment:\nX-Own: 1\n\n"),
      with(sample, "BLOCK-----\n\n", "BLOCK-----  \n \t\n"),
      with(sample, "JAY=\n", "JAY=\n=abcd\n"),  // a checksum that does not fit
      with(sample, "JAY=\n", "JAY=\n\n"),
      with(sample, "xjME", "xj\nME"),
      sample.substr(0, sample.size() - 1)};
  for (const std::string& armored : variants) {
    const auto block = one(armored);
    ASSERT_TRUE(block) << armored << block.error().message;
    EXPECT_EQ(to_hex(block->data), sample_hex) << armored;
  }
  std::string crlf;
  for (const char c : sample) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(to_hex(one(crlf)->data), sample_hex);
  const auto headers = one(variants[2])->headers;
  ASSERT_EQ(headers.size(), 4u);
  EXPECT_EQ(headers[1], (std::pair<std::string, std::string>{"Comment", "a: b"}));
  EXPECT_EQ(headers[2].second, "");
}

TEST(Armor, ChecksumIsCrc24) {
  // The check value of CRC-24/OPENPGP over "123456789" is 0x21cf02.
  const std::string armored = "-----BEGIN PGP SIGNATURE-----\n\nMTIzNDU2Nzg5\n=Ic8C\n-----END PGP SIGNATURE-----\n";
  EXPECT_EQ(one(armored)->checksum_fits, true);
  EXPECT_EQ(one(with(armored, "=Ic8C", "=Ic8D"))->checksum_fits, false);
}

TEST(Armor, SeveralBlocks) {
  const auto blocks = dearmor(view(sample + "and\n" + armor(ArmorKind::signature, Bytes{1, 2}) + sample));
  ASSERT_TRUE(blocks) << blocks.error().message;
  ASSERT_EQ(blocks->size(), 3u);
  EXPECT_EQ(blocks->at(1).kind, ArmorKind::signature);
  EXPECT_EQ(blocks->at(1).data, (Bytes{1, 2}));
  EXPECT_EQ(blocks->at(0).data, blocks->at(2).data);
}

TEST(Armor, Refuses) {
  struct Case { const char* what; std::string armored; Code code; const char* rule; };
  const Case cases[] = {
      {"nothing", "", Code::malformed, "no line begins"},
      {"plain text", "hello\n", Code::malformed, "no line begins"},
      {"a private key", with(sample, "PUBLIC", "PRIVATE"), Code::not_permitted, "a secret key; nothing of it was kept"},
      {"a private key after a public one", sample + with(sample, "PUBLIC", "PRIVATE"), Code::not_permitted, "secret key"},
      {"a message", with(sample, "PUBLIC KEY BLOCK", "MESSAGE"), Code::unsupported, "\"MESSAGE\""},
      {"no dashes", with(sample, "BLOCK-----", "BLOCK---"), Code::malformed, "five dashes"},
      {"only the mark", "-----BEGIN PGP -----", Code::unsupported, "\"\""},
      {"a header that is none", with(sample, "BLOCK-----\n", "BLOCK-----\nVersion 2\n"), Code::malformed, "Key: Value"},
      {"headers without end", "-----BEGIN PGP SIGNATURE-----\nA: b\n", Code::malformed, "ends inside its headers"},
      {"no tail", sample.substr(0, sample.find("-----END")), Code::malformed, "tail line"},
      {"another tail", with(sample, "END PGP PUBLIC KEY BLOCK", "END PGP SIGNATURE"), Code::malformed, "expected"},
      {"a block in a block", with(sample, "JAY=\n", "JAY=\n" + sample), Code::malformed, "expected"},
      {"a character outside", with(sample, "xjME", "xj*E"), Code::malformed, "alphabet"},
      {"impossible length", with(sample, "JAY=", "JAY"), Code::malformed, "base64"},
      {"stray bits", with(sample, "JAY=", "JAZ="), Code::malformed, "stray bits"},
      {"data after the checksum", with(sample, "JAY=\n", "JAY=\n=abcd\nAAAA\n"), Code::malformed, "after the checksum"}};
  for (const auto& [what, armored, code, rule] : cases) {
    const auto blocks = dearmor(view(armored));
    ASSERT_FALSE(blocks) << what;
    EXPECT_EQ(blocks.error().code, code) << what << ": " << blocks.error().message;
    EXPECT_NE(blocks.error().message.find(rule), std::string::npos) << what << ": " << blocks.error().message;
  }
}

// As some writers, mail programs and copying hands leave it.
TEST(Armor, SloppyWriters) {
  const Bytes data = dearmor(view(sample)).value().at(0).data;
  std::string cr = sample, crlf;
  for (char& c : cr)
    if (c == '\n') c = '\r';
  for (const char c : sample) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  for (const auto& armored : {with(sample, "BLOCK-----\n\n", "BLOCK-----\n"), cr, crlf, with(armor(ArmorKind::signature, Bytes{0xcb, 1, 'x'}), "SIGNATURE", "MESSAGE") + sample,
                              "This is a revocation certificate for the OpenPGP key:\n\npub 1\n\n" + sample}) {
    const auto blocks = dearmor(view(armored));
    ASSERT_TRUE(blocks) << blocks.error().message << armored;
    EXPECT_EQ(blocks->back().data, data);
    EXPECT_TRUE(looks_armored(view(armored)));
  }
  const std::string disabled = "To use it\n\n" + with(sample, "-----BEGIN", ":-----BEGIN");
  EXPECT_TRUE(looks_armored(view(disabled)));
  EXPECT_NE(dearmor(view(disabled)).error().message.find("remove the colon"), std::string::npos);
}

TEST(Armor, Budgets) {
  std::string headers;
  for (std::size_t i = 0; i <= budget::armor_headers; ++i) headers += "A: b\n";
  EXPECT_EQ(dearmor(view(with(sample, "BLOCK-----\n", "BLOCK-----\n" + headers))).error().code, Code::too_large);
  const std::string small = "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n";
  std::string many;
  for (std::size_t i = 0; i <= budget::armor_blocks; ++i) many += small;
  EXPECT_EQ(dearmor(view(many)).error().code, Code::too_large);
}

TEST(Armor, IsKnownByItsBegin) {
  EXPECT_TRUE(looks_armored(view(sample)));
  EXPECT_TRUE(looks_armored(view("\n \r\n" + sample)));
  EXPECT_FALSE(looks_armored(view("x" + sample)));
  EXPECT_FALSE(looks_armored({}));
}

}  // namespace
}  // namespace cm4it::evidence::openpgp
