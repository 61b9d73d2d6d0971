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
    const auto page = acme.service->feed({"acme.example", 0, {}}, {});
    ASSERT_TRUE(page);
    for (auto& record : page->records) {
      const auto statements = evidence::statements_of_kept(record.format, record.evidence, record.issuer);
      if (statements->at(0).id != id) continue;
      const auto report = field.service->ingest("acme.example", {{{record.format, record.evidence}, record.issuer, record.receipts}});
      ASSERT_TRUE(report);
      EXPECT_EQ(report->taken, 1u) << report->first_refusal;
    }
    field.service->ledger().drain();
  }
  StatementId at_acme(const Bytes& evidence) {
    const auto item = acme.submit_one(evidence);
    EXPECT_EQ(item.outcome, Outcome::received) << why(item);
    return item.statement.value_or(StatementId{});
  }
  std::string pinned_by() const {
    for (const auto& view : field.service->domains({}))
      if (view.domain == "plant.example") return view.pinned;
    return "";
  }
  std::size_t noted() const { return field.service->ledger().reader()->notes("transfer/")->size(); }

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

}  // namespace
}  // namespace cm4it::service
