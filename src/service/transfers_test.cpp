// Owners are pinned by transfers that count, also when these count only by what comes after them.
#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

// A copy that hears of acme's statements in an order of its own.
struct LateTransfer : testing::Test {
  std::string text(std::uint64_t version, bool seller_is_agent) const {
    std::string policy = acme_policy(version);
    policy.insert(policy.find("[servers]"), "seller = \"" + base64_of(key_of("seller")) + "\"\n");
    if (seller_is_agent) policy.insert(policy.find("manufacturer ="), "agent = [\"seller\"]\n");
    return policy;
  }
  // Of the records that acme gives, the one of this statement.
  void tell(const StatementId& id) {
    const auto page = acme.service->feed().page({"acme.example", 0, {}}, {});
    ASSERT_TRUE(page);
    for (auto& record : page->records) {
      const auto statements = evidence::statements_of_stored(record.format, record.evidence, record.issuer);
      if (statements->at(0).id != id) continue;
      const auto report = field.service->intake().ingest("acme.example", {{{record.format, record.evidence}, record.issuer, record.receipts}});
      ASSERT_TRUE(report);
      EXPECT_EQ(report->taken, 1u) << report->first_refusal;
    }
    field.ledger().drain();
  }
  StatementId at_acme(const Bytes& evidence) {
    const auto item = acme.submit_one(evidence);
    EXPECT_EQ(item.outcome, Outcome::received) << why(item);
    return item.statement.value_or(StatementId{});
  }
  std::string pinned_by() const {
    for (const auto& view : field.service->logs().domains({}))
      if (view.domain == "plant.example") return view.pinned;
    return "";
  }
  std::size_t noted() const { return field.ledger().reader()->notes("transfer/")->size(); }

  Ics acme{"acme.example", pin("acme.example", "acme")};
  Ics field{"acme.example", pin("acme.example", "acme"), false};
  const SubjectId sensor = subject_of("sensor");
};

TEST_F(LateTransfer, CountsByAnIdentityThatComesLater) {
  const auto policy = at_acme(policy_evidence("acme", "acme.example", text(1, false), *acme.clock));
  const auto identity = at_acme(acme.say("acme", sensor, device_identity("sensor")));
  ++acme.clock->seconds;
  const auto transfer = at_acme(acme.say("acme", sensor, Transfer{"plant.example", id_of("plant")}));
  tell(policy);
  tell(transfer);
  EXPECT_EQ(pinned_by(), "");
  EXPECT_EQ(noted(), 1u);  // a restart does not forget it
  tell(identity);
  EXPECT_EQ(pinned_by(), "transfer");
  EXPECT_EQ(noted(), 0u);
}

TEST_F(LateTransfer, CountsByAPolicyThatComesLater) {
  const auto first = at_acme(policy_evidence("acme", "acme.example", text(1, false), *acme.clock));
  const auto second = at_acme(policy_evidence("acme", "acme.example", text(2, true), *acme.clock));
  const auto identity = at_acme(acme.say("acme", sensor, device_identity("sensor")));
  ++acme.clock->seconds;
  const auto transfer = at_acme(acme.say("seller", sensor, Transfer{"plant.example", id_of("plant")}));
  for (const auto& id : {first, identity, transfer}) tell(id);
  EXPECT_EQ(pinned_by(), "");
  tell(second);
  EXPECT_EQ(pinned_by(), "transfer");
}

TEST_F(LateTransfer, ThatWaitsWaitsAcrossARestart) {
  auto store = std::make_shared<std::unique_ptr<store::Store>>(store::open_memory());
  const auto policy = at_acme(policy_evidence("acme", "acme.example", text(1, false), *acme.clock));
  const auto identity = at_acme(acme.say("acme", sensor, device_identity("sensor")));
  ++acme.clock->seconds;
  const auto transfer = at_acme(acme.say("acme", sensor, Transfer{"plant.example", id_of("plant")}));
  struct Borrowed : store::Store {
    explicit Borrowed(store::Store& lent) : of(lent) {}
    Result<std::unique_ptr<store::Snapshot>> snapshot() const override { return of.snapshot(); }
    Result<store::Commit> commit(const store::Batch& batch, View expected) override { return of.commit(batch, expected); }
    store::Store& of;
  };
  {
    Ics before{"acme.example", pin("acme.example", "acme"), false, std::make_unique<Borrowed>(**store)};
    std::swap(field.service, before.service);
    tell(policy);
    tell(transfer);
    EXPECT_EQ(noted(), 1u);
    std::swap(field.service, before.service);
  }
  Ics after{"acme.example", pin("acme.example", "acme"), false, std::make_unique<Borrowed>(**store)};
  std::swap(field.service, after.service);
  tell(identity);
  EXPECT_EQ(pinned_by(), "transfer");
  std::swap(field.service, after.service);
}

// A stranger's sale pins bank.example for its own key; acme sells to the bank under another.
TEST(Transfers, ANameThatAStrangerTookFirst) {
  Ics acme{"acme.example", pin("acme.example", "acme")};
  const auto enters = [&](const Bytes& evidence) {
    const auto item = acme.submit_one(evidence);
    EXPECT_TRUE(item.outcome == Outcome::received || item.outcome == Outcome::provisional) << why(item);
    ++acme.clock->seconds;
  };
  const auto policy_of = [&](const std::string& domain, const std::string& owner) {
    return policy_evidence(owner, domain, "domain = \"" + domain + "\"\nversion = 1\nowner = \"" + owner + "\"\n[keys]\n" + owner + " = \"" +
                           base64_of(key_of(owner)) + "\"\n" + server_line(domain), *acme.clock);
  };
  const auto bait = subject_of("bait"), prize = subject_of("prize");
  enters(policy_evidence("acme", "acme.example", acme_policy(), *acme.clock));
  enters(acme.say("acme", bait, device_identity("bait")));
  enters(acme.say("acme", prize, device_identity("prize")));
  enters(acme.say("acme", bait, Transfer{"bank.example", id_of("evil")}));
  enters(policy_of("bank.example", "evil"));
  enters(acme.say("acme", prize, Transfer{"bank.example", id_of("banker")}));
  enters(policy_of("bank.example", "banker"));
  EXPECT_EQ(acme.submit_one(acme.say("evil", prize, Transfer{"evil.example", id_of("evil")})).outcome, Outcome::not_yet);
  enters(acme.say("banker", prize, StatusChange{Status::stolen, ""}));
  EXPECT_EQ(acme.verdict(prize).status, Status::stolen);
  EXPECT_EQ(acme.verdict(prize).holder, "bank.example");
  enters(acme.say("evil", bait, StatusChange{Status::lost, ""}));  // its own
}

// The home bears witness to when it received the policies it judges by: a copy that comes later judges alike.
TEST(Transfers, ACopyThatComesLateJudgesByTheHomesReceiptsOfPolicies) {
  Ics acme{"acme.example", pin("acme.example", "acme")};
  const auto enters = [&](const Bytes& evidence) {
    const auto item = acme.submit_one(evidence);
    EXPECT_TRUE(item.outcome == Outcome::received || item.outcome == Outcome::provisional) << why(item);
    acme.clock->seconds += 2;
  };
  const auto shop = [&](std::uint64_t version, const std::string& signer, const std::string& owner) {
    std::string keys;
    for (const char* name : {"seller", "heir"}) keys += std::string(name) + " = \"" + base64_of(key_of(name)) + "\"\n";
    const std::string text = "domain = \"shop.example\"\nversion = " + std::to_string(version) + "\nowner = \"" + owner + "\"\n[keys]\n" + keys + server_line("shop.example");
    return *evidence::sign({SubjectId::key(id_of(owner)), {"shop.example"}, PolicyText{text}, *acme.clock, {}, {}}, *key_of(signer));
  };
  const auto thing = subject_of("thing");
  enters(policy_evidence("acme", "acme.example", acme_policy(), *acme.clock));
  enters(acme.say("acme", thing, device_identity("thing")));
  enters(acme.say("acme", thing, Transfer{"shop.example", id_of("seller")}));
  enters(shop(1, "seller", "seller"));
  enters(acme.say("seller", thing, StatusChange{Status::lost, ""}));
  enters(shop(2, "seller", "heir"));
  enters(acme.say("heir", thing, StatusChange{Status::in_stock, ""}));
  EXPECT_EQ(acme.verdict(thing).status, Status::in_stock);
  EXPECT_NE(acme.submit_one(acme.say("seller", thing, StatusChange{Status::stolen, ""})).outcome, Outcome::received);
  Ics late{"acme.example", pin("acme.example", "acme"), false};
  late.clock->seconds = acme.clock->seconds + 100'000;
  const auto report = carry(acme, late, "acme.example");
  EXPECT_EQ(report.refused + report.not_yet, 0u) << report.first_refusal;
  EXPECT_EQ(late.verdict(thing).status, Status::in_stock);
  EXPECT_EQ(late.verdict(thing).holder, "shop.example");
}

}  // namespace
}  // namespace cm4it::service
