// Alarms and revocations always enter, natively and of OpenPGP, whatever quota is used up, in any order.
#include "service/certificates.h"
#include "service/flood_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using namespace evidence::openpgp::test;

// An open domain: keys speak for themselves, in both formats. A thief has the key too, and has used up what it may say.
struct Flooded {
  explicit Flooded(Quotas quotas)
      : ics(std::make_unique<Ics>("keys.example", pin("keys.example", "keys"), true, nullptr, quotas)) {
    const std::string text = "domain = \"keys.example\"\nversion = 1\nowner = \"keys\"\n[keys]\nkeys = \"" + base64_of(key_of("keys")) + "\"\n" +
                             server_line("keys.example") + "[write]\nidentity = [\"self\"]\nstatus = [\"self\"]\nendorse = [\"self\"]\n";
    EXPECT_EQ(ics->submit_one(policy_evidence("keys", "keys.example", text, *ics->clock)).outcome, Outcome::received);
  }
  std::vector<ItemResult> submit(std::vector<Piece> pieces) { return submit_pieces(*ics, std::move(pieces)); }
  std::unique_ptr<Ics> ics;
};

struct World {
  PgpKey key = pgp_key(key_of("device"));
  SubjectId subject = subject_of("device");
  PgpKey subkey = encryption_key("e");

  Piece native(Ics& ics, Body body) const { return {Format::cose, ics.say("device", subject, std::move(body))}; }
  Piece self(std::string_view id, SignatureDraft said) const { return {Format::openpgp, piece_over_user_id(key, key, id, said)}; }
  Piece over_key(SignatureDraft said) const { return {Format::openpgp, piece_over_key(key, key, said)}; }
  // What a thief says without end, of every kind that it may say.
  std::vector<Piece> flood(Ics& ics, std::size_t count, std::mt19937& random) const {
    std::vector<Piece> pieces;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::string text = std::to_string(i);
      switch (random() % 6) {
        case 0: pieces.push_back(native(ics, Endorse{text, ""})); break;
        case 1: pieces.push_back(native(ics, StatusChange{Status::in_use, text})); break;
        case 2: pieces.push_back(self("id " + text, {})); break;
        case 3: pieces.push_back(self("alice", {.created = key_time + 100 + i})); break;
        case 4: pieces.push_back(over_key({.type = 0x1f, .created = key_time + 100 + i})); break;
        default: pieces.push_back(over_key({.type = 0x20, .created = key_time + 100 + i, .hashed = {reason(3)}})); break;
      }
    }
    return pieces;
  }
};

// Each is what an owner says once; that it is stored is what is promised.
std::vector<Restriction> restrictions(const World& world, Ics& ics) {
  const std::uint32_t late = key_time + 50'000;
  const std::uint32_t ahead = 1'900'000'000;
  return {{"native alarm", world.native(ics, StatusChange{Status::compromised, "stolen"})},
          {"native withdrawal", world.native(ics, Withdraw{first_said(ics, world.subject, Kind::endorse), "", {}})},
          {"hard revocation", world.over_key({.type = 0x20, .created = late, .hashed = {reason(2)}})},
          {"hard revocation without a reason", world.over_key({.type = 0x20, .created = late + 1})},
          {"revocation of a user id", world.self("alice", {.type = 0x30, .created = late})},
          {"revocation of a subkey", {Format::openpgp, piece_over_subkey(world.key, world.key, world.subkey, {.type = 0x28, .created = late})}},
          {"revocation of a user id, dated ahead", world.self("alice", {.type = 0x30, .created = ahead})},
          {"hard revocation, dated ahead", world.over_key({.type = 0x20, .created = ahead, .hashed = {reason(2)}})},
          {"alarm by a notation", world.self("alice", {.created = late, .hashed = {notation("status@cm4it.org", "stolen")}})}};
}

TEST(Restricting, EntersWhateverElseWasSaid) {
  const World world;
  expect_all_enter({.start = [](Quotas quotas) { return std::move(Flooded(quotas).ics); },
                    .first =
                        [&](Ics& ics) {
                          return std::vector<Piece>{world.self("alice", {}),
                                                    {Format::openpgp, piece_over_subkey(world.key, world.key, world.subkey, {.type = 0x18})},
                                                    world.native(ics, Endorse{"first", ""})};
                        },
                    .flood = [&](Ics& ics, std::size_t count, std::mt19937& random) { return world.flood(ics, count, random); },
                    .restrictions = [&](Ics& ics) { return restrictions(world, ics); }});
}

// Pieces of one request are counted together.
TEST(Restricting, OneRequestOverrunsNoQuota) {
  Flooded flooded(Quotas{.subject_statements = 5});
  const World world;
  ASSERT_EQ(flooded.submit({world.self("alice", {})}).at(0).outcome, Outcome::received);
  std::vector<Piece> pieces;
  for (int i = 0; i < 200; ++i) pieces.push_back(world.native(*flooded.ics, Endorse{std::to_string(i), ""}));
  const auto results = flooded.submit(std::move(pieces));
  EXPECT_EQ(std::count_if(results.begin(), results.end(), [](const auto& item) { return item.outcome == Outcome::received; }), 4);
}

// What adds nothing to what is stored is bounded: alarms alone cannot fill the disk.
TEST(Restricting, RepeatedAlarmsAreBounded) {
  Flooded flooded(Quotas{.subject_statements = 5});
  const World world;
  ASSERT_EQ(flooded.submit({world.self("alice", {})}).at(0).outcome, Outcome::received);
  std::size_t received = 1;
  for (int i = 0; i < 100; ++i) {
    *flooded.ics->clock = *flooded.ics->clock + 1;
    const auto status = std::array{Status::suspended, Status::lost, Status::stolen, Status::in_use}[static_cast<std::size_t>(i) % 4];
    received += flooded.submit({world.native(*flooded.ics, StatusChange{status, std::to_string(i)})}).at(0).outcome == Outcome::received;
  }
  EXPECT_GE(received, 5u);
  EXPECT_LE(received, 5u + 7u);
  EXPECT_EQ(flooded.ics->verdict(world.subject).status, Status::stolen);
}

// gpg's .rev is a signature alone; whichever door it comes by, the key that is stored is put before it.
TEST(Restricting, ARevocationWithoutItsKey) {
  Flooded flooded({});
  const World world;
  const Bytes revocation = packet(2, sign_over(world.key, world.key, 0, {}, {.type = 0x20, .created = key_time + 5, .hashed = {reason(2)}}));
  EXPECT_EQ(flooded.submit({{Format::openpgp, revocation}}).at(0).outcome, Outcome::not_yet);
  const auto together = flooded.submit({{Format::openpgp, revocation}, world.self("alice", {})});
  EXPECT_EQ(together.at(0).outcome, Outcome::received) << why(together.at(0));
  EXPECT_EQ(flooded.ics->verdict(world.subject).status, Status::compromised);
}

// Whoever binds another's key as a subkey gains nothing by it, however many do, and whichever came first.
TEST(Restricting, ABindingTakesNoNameAway) {
  for (const bool binders_first : {true, false}) {
    Flooded flooded({});
    const World world;
    std::vector<Piece> binders;
    for (int i = 0; i < 40; ++i) {
      const PgpKey stranger = pgp_key("stranger " + std::to_string(i));
      binders.push_back({Format::openpgp, piece_over_user_id(stranger, stranger, "s")});
      binders.push_back({Format::openpgp, piece_over_subkey(stranger, stranger, world.key, {.type = 0x18, .hashed = {subpacket(27, Bytes{0x20})}})});
    }
    if (binders_first) flooded.submit(binders);
    flooded.submit({world.self("alice", {})});
    if (!binders_first) flooded.submit(binders);
    const std::string hex = to_hex(world.key.fingerprint().octets);
    for (const std::string& name : {"fpr:" + hex, "keyid:" + hex.substr(24), "keyid:" + hex.substr(32)}) {
      const auto found = flooded.ics->service->certificates().named(name, {});
      ASSERT_TRUE(found);
      ASSERT_EQ(found->certificates.size(), 1u) << name;
      EXPECT_EQ(found->certificates.at(0).fingerprint, world.key.fingerprint());
      EXPECT_EQ(flooded.ics->service->verdicts().resolve(name, "", {}).value(), world.subject) << name;
    }
    EXPECT_EQ(flooded.ics->service->verdicts().resolve(world.subject.text(), "", {}).value(), world.subject);
  }
}

}  // namespace
}  // namespace cm4it::service
