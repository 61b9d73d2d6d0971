// Alarms and revocations always enter, of the other formats: certificates and CRLs, signed lists of files; and whatever clock
// their signer has.
#include "evidence/formats/sums/sums.h"
#include "evidence/formats/x509/crl_test_support.h"
#include "service/flood_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using namespace evidence::openpgp::test;
using evidence::x509::test::Authority;
using evidence::x509::test::CrlDraft;

// acme.example, whose manufacturer speaks natively and in these formats.
std::unique_ptr<Ics> acme_with(const crypto::SignerPtr& manufacturer, const std::string& formats, Quotas quotas) {
  auto ics = std::make_unique<Ics>("acme.example", pin("acme.example", "acme"), true, nullptr, quotas);
  std::string text = acme_policy();
  const auto replace = [&](const std::string& from, const std::string& to) { text.replace(text.find(from), from.size(), to); };
  replace("[servers]", "maker = \"" + base64_of(manufacturer) + "\"\n[servers]");
  replace("manufacturer = [", "manufacturer = [{ key = \"maker\", formats = [\"cose\", " + formats + "] }, ");
  const auto item = ics->submit_one(policy_evidence("acme", "acme.example", text, *ics->clock));
  EXPECT_EQ(item.outcome, Outcome::received) << why(item);
  return ics;
}

// Of a CA that is manufacturer too.
struct OfACa {
  Authority ca{key_of("ca"), evidence::x509::test::name("ca", "Acme")};
  SubjectId device = subject_of("device");

  Piece certificate(std::uint8_t serial) const {
    auto draft = ca.issues(key_of("device")->public_key(), evidence::x509::test::name("device", "Acme", "42"));
    draft.serial = {serial};
    return {Format::x509, draft.encode()};
  }
  Piece crl() const {
    return {Format::crl, CrlDraft{.by = ca, .number = 9, .this_update = Time{1'800'000'000}, .entries = {{{7}}}}.encode()};
  }
  Piece native(Ics& ics, Body body) const { return {Format::cose, ics.say("ca", device, std::move(body))}; }
};

TEST(RestrictingCrl, EntersWhateverElseWasSaid) {
  const OfACa world;
  expect_all_enter({.start = [&](Quotas quotas) { return acme_with(world.ca.key, "\"x509\"", quotas); },
                    .first = [&](Ics&) { return std::vector{world.certificate(7)}; },
                    .flood =
                        [&](Ics& ics, std::size_t count, std::mt19937& random) {
                          std::vector<Piece> pieces;
                          for (std::size_t i = 0; i < count; ++i)
                            pieces.push_back(random() % 2 ? world.certificate(static_cast<std::uint8_t>(8 + i))
                                                          : world.native(ics, Endorse{std::to_string(i), ""}));
                          return pieces;
                        },
                    .restrictions =
                        [&](Ics& ics) {
                          return std::vector<Restriction>{{"CRL", world.crl()},
                                                          {"withdrawal of a certificate", world.native(ics, Withdraw{first_said(ics, world.device, Kind::identity), "", {}})},
                                                          {"native alarm", world.native(ics, StatusChange{Status::compromised, ""})}};
                        }});
}

// Of a developer who signs lists of files with OpenPGP.
struct OfADeveloper {
  PgpKey key = pgp_key(key_of("developer")), subkey = pgp_key(key_of("developer's subkey"));
  std::string digest = std::string(64, 'a');
  SubjectId code = SubjectId::parse("code:" + std::string(64, 'a')).value();

  Piece list(const std::string& name, std::uint32_t later = 0) const {
    const std::string text = digest + "  " + name + "\n";
    const auto lists = evidence::sums::read_signed(view(text), sign_document(key, text, {.type = 0x00, .created = key_time + 1000 + later}));
    return evidence::sums::complete(lists.value().at(0), packet(6, key.body)).value();
  }
  Piece native(Ics& ics, Body body) const { return {Format::cose, ics.say("developer", code, std::move(body))}; }
  Piece of_key(std::uint8_t why) const {
    return {Format::openpgp, piece_over_key(key, key, {.type = 0x20, .created = key_time + 9000, .hashed = {reason(why)}})};
  }
};

TEST(RestrictingSums, EntersWhateverElseWasSaid) {
  const OfADeveloper world;
  expect_all_enter({.start = [&](Quotas quotas) { return acme_with(world.key.signer, "\"openpgp\", \"sums\"", quotas); },
                    .first = [&](Ics&) { return std::vector{world.list("fw.bin")}; },
                    .flood =
                        [&](Ics& ics, std::size_t count, std::mt19937& random) {
                          std::vector<Piece> pieces;
                          for (std::uint32_t i = 0; i < count; ++i)
                            pieces.push_back(random() % 2 ? world.list("fw" + std::to_string(i) + ".bin", i)
                                                          : world.native(ics, Endorse{std::to_string(i), ""}));
                          return pieces;
                        },
                    .restrictions =
                        [&](Ics& ics) {
                          return std::vector<Restriction>{{"native alarm", world.native(ics, StatusChange{Status::compromised, ""})},
                                                          {"withdrawal of a line", world.native(ics, Withdraw{first_said(ics, world.code, Kind::identity), "wrong", {}})},
                                                          {"revocation of the key", world.of_key(2)}};
                        }});
}

// What is taken back by one whose clock is ahead is taken back from its receipt on.
struct DatedAhead : testing::Test {
  static constexpr std::uint32_t ahead = 1'900'000'000;

  std::string judged(Ics& ics, const SubjectId& subject, const StatementId& id) {
    const auto verdict = ics.verdict(subject);
    for (const auto& judgement : verdict.judgements)
      if (judgement.fact->statement.id == id) return judgement.counts ? "counts" : judgement.why_not;
    return "is not kept";
  }
  StatementId take(Ics& ics, Piece piece) {
    const auto item = submit_pieces(ics, {std::move(piece)}).at(0);
    EXPECT_EQ(item.outcome, Outcome::received) << why(item);
    return item.statement.value_or(StatementId{});
  }
};

TEST_F(DatedAhead, ANativeWithdrawalOfALineOfAList) {
  const OfADeveloper world;
  const auto ics = acme_with(world.key.signer, "\"openpgp\", \"sums\"", {});
  const auto line = take(*ics, world.list("fw.bin"));
  EXPECT_EQ(judged(*ics, world.code, line), "counts");
  const auto withdrawal = evidence::sign({world.code, {"acme.example"}, Withdraw{line, "", {}}, Time{ahead}, {}, {}}, *world.key.signer);
  const auto id = take(*ics, {Format::cose, withdrawal.value()});
  EXPECT_EQ(judged(*ics, world.code, id), "counts");
  EXPECT_EQ(judged(*ics, world.code, line), "taken back by its issuer");
}

TEST_F(DatedAhead, ARevocationOfACertification) {
  const PgpKey maker = pgp_key(key_of("maker")), device = pgp_key(key_of("device")), subkey = encryption_key("e");
  const auto ics = acme_with(maker.signer, "\"openpgp\"", {});
  take(*ics, {Format::openpgp, piece_over_user_id(maker, maker, "Acme")});
  const auto of_device = [&](SignatureDraft said) { return Piece{Format::openpgp, piece_over_user_id(maker, device, "thermo", said)}; };
  const auto identity = take(*ics, of_device({.type = 0x10, .hashed = {notation("manu", "Acme"), notation("model", "thermo-2000")}}));
  const auto alarm = take(*ics, of_device({.type = 0x10, .created = key_time + 1001, .hashed = {notation("status@cm4it.org", "stolen")}}));
  EXPECT_EQ(judged(*ics, subject_of("device"), identity), "counts");
  const auto revocation = take(*ics, of_device({.type = 0x30, .created = ahead}));
  EXPECT_EQ(judged(*ics, subject_of("device"), revocation), "counts");
  EXPECT_EQ(judged(*ics, subject_of("device"), identity), "taken back by its issuer");
  EXPECT_EQ(judged(*ics, subject_of("device"), alarm), "counts") << "an alarm is lifted by none that is dated ahead";
  // A subkey's, of the key that made it.
  const auto of_subkey = [&](SignatureDraft said) { return Piece{Format::openpgp, piece_over_subkey(maker, maker, subkey, said)}; };
  const auto binding = take(*ics, of_subkey({.type = 0x18}));
  take(*ics, of_subkey({.type = 0x28, .created = ahead}));
  EXPECT_EQ(judged(*ics, subject_of("maker"), binding), "taken back by its issuer");
}

}  // namespace
}  // namespace cm4it::service
