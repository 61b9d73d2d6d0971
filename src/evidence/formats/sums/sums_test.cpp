// Signed lists of files: what they say, and what is refused of them.
#include "base/needs_for_test.h"
#include "evidence/formats/sums/sums.h"

#include <gmock/gmock.h>

#include "base/budgets.h"
#include "crypto/openssl_for_test.h"
#include "evidence/formats/openpgp/test_support.h"
#include "evidence/formats/sums/text.h"
#include "evidence/test_support.h"

namespace cm4it::evidence {
namespace {

using namespace openpgp::test;

const std::string a64(64, 'a'), b64(64, 'b');
const std::string list = a64 + "  firmware-1.4.2.bin\n" + b64 + " *thermo fw_2.0-rc1.img\n";

PgpKey developer() { return pgp_key("developer"); }
PgpKey subkey() { return pgp_key("its subkey"); }
PgpKey stranger() { return pgp_key("stranger"); }

Bytes bare_certificate(const PgpKey& primary) { return packet(6, primary.body); }
Bytes with_subkey(std::vector<Bytes> said = {}) {
  Bytes certificate = bare_certificate(developer());
  append(certificate, packet(14, subkey().body));
  said.push_back(subpacket(27, Bytes{0x02}));
  said.push_back(subpacket(32, back_signature(developer(), subkey())));
  append(certificate, packet(2, sign_over(developer(), developer(), 14, subkey().body, {.type = 0x18, .hashed = said})));
  return certificate;
}

Result<Piece> piece_of(std::string_view text, View signature, View certificate) {
  TRY(const auto lists, sums::read_signed(view(text), signature));
  return sums::complete(lists.at(0), certificate);
}

Result<Verified> accepted(std::string_view text, View signature, View certificate) {
  TRY(const auto piece, piece_of(text, signature, certificate));
  return test::accept(piece.format, piece.bytes, developer().signer->public_key());
}

const Identity& identity(const Statement& statement) { return std::get<Identity>(statement.body); }

TEST(Sums, EachLineIsAnIdentityOfCodeByTheSigner) {
  const auto verified = accepted(list, sign_document(developer(), list), bare_certificate(developer()));
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->issuer(), developer().signer->public_key().id());
  ASSERT_EQ(verified->statements().size(), 2u);
  const Statement& first = verified->statements()[0];
  EXPECT_EQ(first.subject.text(), "code:" + a64);
  EXPECT_EQ(first.kind(), Kind::identity);
  EXPECT_EQ(identity(first).type, Type::code);
  EXPECT_EQ(identity(first).name, "firmware-1.4.2.bin");
  EXPECT_EQ(identity(first).version, "1.4.2");
  EXPECT_EQ(first.issued_at.seconds, key_time + 1000);
  EXPECT_EQ(identity(verified->statements()[1]).name, "thermo fw_2.0-rc1.img");
  EXPECT_EQ(identity(verified->statements()[1]).version, "2.0-rc1");
  EXPECT_EQ(verified->statements()[1].id, first.id);
}

TEST(Sums, NotationsAndACommentSayWhatHoldsForAllFiles) {
  const std::string text = "# version: 7 beta\n# something else\n\n" + list;
  const Bytes signature = sign_document(developer(), text, {.type = 0x00, .hashed = {notation("manu", "Acme"), notation("model", "thermo-fw")}});
  const auto verified = accepted(text, signature, bare_certificate(developer()));
  ASSERT_TRUE(verified) << verified.error().message;
  ASSERT_EQ(verified->statements().size(), 2u);
  for (const Statement& statement : verified->statements()) {
    EXPECT_EQ(identity(statement).maker, "Acme");
    EXPECT_EQ(identity(statement).model, "thermo-fw");
    EXPECT_EQ(identity(statement).version, "7 beta");
  }
}

TEST(Sums, TextSignaturesCoverLineEndsAsCrLf) {
  std::string crlf;
  for (const char c : list) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  const auto verified = accepted(list, sign_document(developer(), crlf, {.type = 0x01}), bare_certificate(developer()));
  ASSERT_TRUE(verified) << verified.error().message;
  const auto same = accepted(crlf, sign_document(developer(), crlf, {.type = 0x01}), bare_certificate(developer()));
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(same->id(), verified->id());  // what is not signed makes no second statement
}

TEST(Sums, ABoundSubkeySignsForItsPrimaryKey) {
  const auto verified = accepted(list, sign_document(subkey(), list), with_subkey());
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->issuer(), developer().signer->public_key().id());
}

TEST(Sums, ASubkeySignsNoLongerThanItLives) {
  const auto binding = with_subkey({subpacket(9, u32(500))});
  const auto late = accepted(list, sign_document(subkey(), list), binding);
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, testing::HasSubstr("after its subkey had expired"));
  EXPECT_TRUE(accepted(list, sign_document(subkey(), list, {.type = 0, .created = key_time + 499}), binding));
}

TEST(Sums, OthersSignaturesAreNotTheDevelopers) {
  const auto missing = piece_of(list, sign_document(stranger(), list), with_subkey());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::not_found);
  // A stranger's key bound by the stranger's word.
  Bytes forged = bare_certificate(developer());
  append(forged, packet(14, stranger().body));
  append(forged, packet(2, sign_over(stranger(), developer(), 14, stranger().body,
                                     {.type = 0x18, .hashed = {subpacket(27, Bytes{0x02}), subpacket(32, back_signature(developer(), stranger()))}})));
  EXPECT_FALSE(piece_of(list, sign_document(stranger(), list), forged));
}

TEST(Sums, AnotherTextThanTheSignedOneIsRefused) {
  const auto other = accepted(a64 + "  firmware-9.9.9.bin\n", sign_document(developer(), list), bare_certificate(developer()));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::bad_signature);
}

TEST(Sums, StoredEvidenceIsReadForOneFileOfIt) {
  const auto piece = piece_of(list, sign_document(developer(), list), bare_certificate(developer())).value();
  const KeyId issuer = developer().signer->public_key().id();
  const auto verified = test::accept(piece.format, piece.bytes, developer().signer->public_key()).value();
  const SubjectId second = verified.statements()[1].subject;
  const auto one = statements_of_stored(Format::sums, piece.bytes, issuer, verified.id(), &second).value();
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].subject, second);
  EXPECT_EQ(one[0].id, verified.id());
  EXPECT_EQ(identity(one[0]).name, "thermo fw_2.0-rc1.img");
  EXPECT_EQ(statements_of_stored(Format::sums, piece.bytes, issuer).value().size(), 2u);
}

TEST(Sums, InlineSignedListsLoseTheirWrapping) {
  std::string crlf = a64 + "  one.bin\r\n" + b64 + "  -two";
  const std::string message = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + a64 + "  one.bin\n" + b64 + "  -two \t\n" +
                              openpgp::armor(openpgp::ArmorKind::signature, sign_document(developer(), crlf, {.type = 0x01}));
  const auto verified = accepted(message, {}, bare_certificate(developer()));
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(identity(verified->statements()[1]).name, "-two");
}

class SumsCms : public testing::Test {
 protected:
  void SetUp() override {
    CM4IT_NEEDS(crypto::test::OpenSsl::there(), "openssl");
    openssl.make_ca("root");
    openssl.issue("root", "developer", 2);
    openssl.put("list", list);
  }
  Bytes sign(const std::string& options) const {
    EXPECT_TRUE(openssl.run("cms -sign -in list -signer developer.pem -inkey developer.key -out signature " + options)) << openssl.said();
    return openssl.der("signature");
  }
  Result<Verified> accepted(std::string_view text, View signature) const {
    TRY(const auto piece, piece_of(text, signature, {}));
    return test::accept(piece.format, piece.bytes, crypto::Certificate::from_der(openssl.der("developer.cer")).value().key());
  }

  crypto::test::OpenSsl openssl;
};

TEST_F(SumsCms, OpensslSignsWithAPkiKey) {
  const KeyId developer_key = crypto::Certificate::from_der(openssl.der("developer.cer")).value().key().id();
  for (const char* form : {"-outform PEM", "-binary -outform DER", "-binary -md sha512 -outform DER", "-keyid -outform DER"}) {
    const auto verified = accepted(list, sign(form));
    ASSERT_TRUE(verified) << form << ": " << verified.error().message;
    EXPECT_EQ(verified->issuer(), developer_key);
    ASSERT_EQ(verified->statements().size(), 2u);
    EXPECT_EQ(verified->statements()[0].subject.text(), "code:" + a64);
    EXPECT_EQ(identity(verified->statements()[0]).version, "1.4.2");
    ASSERT_EQ(verified->statements()[0].credentials.size(), 1u);
    const Bytes evidence = to_bytes(verified->bytes());
    const auto one = statements_of_stored(Format::sums, evidence, developer_key, verified->id(), &verified->statements()[1].subject).value();
    ASSERT_EQ(one.size(), 1u);
    EXPECT_EQ(identity(one[0]).name, "thermo fw_2.0-rc1.img");
  }
  const auto chain = accepted(list, sign("-binary -certfile root.pem -outform DER"));
  ASSERT_TRUE(chain) << chain.error().message;
  EXPECT_EQ(chain->statements()[0].credentials.size(), 2u);
}

TEST_F(SumsCms, WhatDoesNotProveItIsRefused) {
  const Bytes good = sign("-binary -outform DER");
  EXPECT_EQ(accepted(a64 + "  other.bin\n", good).error().code, Code::bad_signature);
  Bytes forged = good;
  forged.back() ^= 1;
  const auto refused = accepted(list, forged);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::bad_signature) << refused.error().message;
  for (const char* form : {"-binary -noattr -outform DER", "-binary -nocerts -outform DER", "-binary -nodetach -outform DER", "-binary -md sha1 -outform DER"}) {
    const auto unsupported = accepted(list, sign(form));
    ASSERT_FALSE(unsupported) << form;
    EXPECT_EQ(unsupported.error().code, Code::unsupported) << form << ": " << unsupported.error().message;
  }
  EXPECT_FALSE(accepted(list, sign("")));  // S/MIME: the text is in it
}

TEST(Sums, OneListMayBearSeveralSignatures) {
  Bytes both = sign_document(developer(), list);
  append(both, sign_document(stranger(), list));
  EXPECT_EQ(sums::read_signed(view(list), both).value().size(), 2u);
}

struct BadText { std::string text, rule; };
class SumsText : public testing::TestWithParam<BadText> {};

TEST_P(SumsText, IsRefusedWhole) {
  const auto read = sums::read_text(view(GetParam().text));
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, testing::HasSubstr(GetParam().rule));
}

INSTANTIATE_TEST_SUITE_P(Bad, SumsText, testing::Values(
    BadText{"", "no file in it"},
    BadText{"# version: 1\n", "no file in it"},
    BadText{list + "and a word of greeting\n", "line 3"},
    BadText{a64.substr(1) + "  short\n", "line 1: 64 hex digits"},
    BadText{std::string(64, 'g') + "  letters\n", "line 1: 64 hex digits"},
    BadText{a64 + " name\n", "line 1"},
    BadText{a64 + "  \n", "no file name"},
    BadText{a64 + "  a\tb\n", "control characters"},
    BadText{a64 + "  same\n" + b64 + "  same\n", "line 2: a file name again, with another digest"},
    BadText{"\\" + a64 + "  two\\nlines\n", "a line end"},
    BadText{"SHA256 (name = " + a64 + "\n", "line 1"},
    BadText{"# version: 1\n# version: 2\n" + list, "line 2: a second version"},
    BadText{a64 + "  " + std::string(513, 'n') + "\n", "more than 512 octets"}));

TEST(SumsText, FormsOfSha256sumAreRead) {
  const auto files = sums::read_text(view("SHA256 (a (1).bin) = " + a64 + "\n\\" + b64 + "  back\\\\slash\n" + a64 + "  again\r\n")).value();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].name, "a (1).bin");
  EXPECT_EQ(files[0].also, std::vector<std::string>{"again"});
  EXPECT_EQ(files[1].name, "back\\slash");
}

TEST(SumsText, NoMoreLinesThanBudgeted) {
  std::string many;
  for (std::size_t i = 0; i <= budget::sums_lines; ++i) many += "#\n";
  EXPECT_EQ(sums::read_text(view(many)).error().code, Code::too_large);
}

TEST(SumsText, VersionsAreSeenInNames) {
  const std::pair<const char*, const char*> names[] = {
      {"debian-12.5.0-amd64-netinst.iso", "12.5.0"}, {"fw_1.4.2.bin", "1.4.2"}, {"tool-1.2.3-rc1.tar.gz", "1.2.3-rc1"}, {"7z-archive.7z", ""},
      {"bitcoin-27.0-x86_64-linux-gnu.tar.gz", "27.0"}, {"v2.10~beta3.img", "2.10~beta3"}, {"release-3.zip", ""}, {"", ""}, {"1.", ""}, {"python3.11", "3.11"}};
  for (const auto& [name, version] : names) EXPECT_EQ(sums::version_in(name), version) << name;
}

}  // namespace
}  // namespace cm4it::evidence
