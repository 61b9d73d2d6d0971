// What is settled stays settled (docs/verdict.md, "What is settled"): small histories over every kind, party, date and policy change,
// looked at after each event. A counted transfer is final, and no alarm that counted is unsaid by anything but its author's later
// word (one that its key is compromised among them), the word of one who still may after its author may no more, or the policy of the
// domain that is asked. Of a model's alarm also by an identity, which says of what model the thing is.
// CM4IT_SEED=n runs that one history.
#include <cstdlib>

#include "policy/settled_fixture.h"

namespace cm4it::policy::settled {
namespace {

// One history, and what the domain x makes of it after each of its events.
class History : RandomHistory {
 public:
  using RandomHistory::RandomHistory;

  void run(int events) {
    assemble();
    Verdict before = fold(now());
    for (int event = 1; event <= events; ++event) {
      const Policies earlier = go_on();
      const Verdict after = fold(now());
      check(before, after, earlier);
      if (testing::Test::HasFatalFailure()) return;
      before = after;
    }
  }

  // What there was to settle.
  int transfers = 0, alarms = 0, lifted = 0;

 private:
  static const Judgement* judgement_of(const Verdict& verdict, const StatementId& id) {
    for (const Judgement& judgement : verdict.judgements)
      if (judgement.fact->statement.id == id) return &judgement;
    return nullptr;
  }

  // Who said what is the status, and of which holder's voice it may be the word.
  struct Said { KeyId issuer; bool of_model; };
  Said said(const StatementId& id) const {
    for (const auto& [model, about] : world_.facts.models)
      for (const Fact& fact : about)
        if (fact.statement.id == id) return {fact.statement.issuer, true};
    for (const Fact& fact : world_.facts.about)
      if (fact.statement.id == id) return {fact.statement.issuer, false};
    ADD_FAILURE() << "nobody said " << id.text();
    return {};
  }

  // May this issuer, as far as anybody knows before the event, still say what it said.
  bool still_may(const Said& raised, const Verdict& verdict, const Policies& policies) const {
    if (raised.issuer == id_of("thing")) return true;
    if (world_.facts.compromises.contains(raised.issuer)) return false;
    for (const auto& membership : policies.roles_of(x, raised.issuer, Format::cose))
      if (membership.role != "home" && membership.role != "owner" && (!membership.until || now() < *membership.until)) return true;
    const Holder holder = raised.of_model ? Holder{acme} : Holder{verdict.holder, verdict.contradiction, verdict.holder_owner};
    const auto voice = policies.speaks_for(holder, raised.issuer);
    return !holder.domain.empty() && voice.speaks && (!voice.until || now() < *voice.until);
  }

  void check(const Verdict& before, const Verdict& after, const Policies& earlier) {
    if (!own_policy_ && !unsettled_sale(before)) {
      check_settled(before, after);
      check_alarm(before, after, earlier);
    }
    // The clock alone changes neither.
    const Verdict later = fold(far);
    check_settled(after, later);
    if (after.status && evidence::is_alarm(*after.status) && !said(*after.status_statement).of_model) {
      ASSERT_TRUE(later.status && *later.status >= *after.status) << "by the clock\n" << told();
    }
    // Nor does the order in which it all came to this server.
    World shuffled = world_;
    std::shuffle(shuffled.facts.about.begin(), shuffled.facts.about.end(), engine_);
    const Verdict same = shuffled.fold(known_, now(), x);
    ASSERT_EQ(same.holder, after.holder) << told();
    ASSERT_EQ(same.status, after.status) << told();
    ASSERT_EQ(same.status_statement, after.status_statement) << told();
    ASSERT_EQ(same.cloud_statement, after.cloud_statement) << told();
  }

  // A sale that no home has received is not settled while its seller's key calls itself compromised: nobody bears witness to it.
  bool unsettled_sale(const Verdict& before) const {
    return compromise_ && std::any_of(before.judgements.begin(), before.judgements.end(), [&](const Judgement& judgement) {
      return judgement.counts && judgement.provisional && judgement.fact->statement.issuer == *author_ && !is_alarm(judgement.fact->statement.body);
    });
  }

  void check_settled(const Verdict& before, const Verdict& after) {
    bool transferred = false;
    for (const Judgement& judgement : before.judgements) {
      const bool transfer = judgement.fact->statement.kind() == Kind::transfer, alarm = is_alarm(judgement.fact->statement.body);
      if (!judgement.counts || (!transfer && !alarm)) continue;
      transferred |= transfer;
      const auto* now_judged = judgement_of(after, judgement.fact->statement.id);
      ASSERT_TRUE(now_judged && now_judged->counts) << "no longer counts: " << judgement.fact->statement.id.text().substr(0, 6) << " "
                                                    << (now_judged ? now_judged->why_not : "gone") << "\n" << told();
    }
    if (!transferred) return;
    ASSERT_FALSE(after.contradiction) << told();
    if (after.holder == before.holder && after.holder_owner == before.holder_owner) return;
    const auto* moved = word_ ? judgement_of(after, word_->id) : nullptr;
    ASSERT_TRUE(moved && moved->counts && moved->fact->statement.kind() == Kind::transfer) << "the holder changed\n" << told();
    ASSERT_TRUE(moved->spoke_for && moved->spoke_for->domain == before.holder) << "by one who is not the holder\n" << told();
    ++transfers;
  }

  void check_alarm(const Verdict& before, const Verdict& after, const Policies& earlier) {
    if (!before.status || !evidence::is_alarm(*before.status)) return;
    ++alarms;
    const Said raised = said(*before.status_statement);
    if (author_ == raised.issuer) return;
    const bool stands = after.status && *after.status >= *before.status;
    if (stands) return;
    if (raised.of_model && word_ && (word_->kind() == Kind::identity || word_->kind() == Kind::withdraw)) return;
    if (raised.of_model && before.identity_statement != after.identity_statement) return;
    ++lifted;
    ASSERT_TRUE(author_ && word_ && word_->kind() == Kind::status && !is_alarm(word_->body) && *author_ != id_of("thing"))
        << "unsaid: " << evidence::to_string(*before.status) << " of " << name_of(raised.issuer) << "\n" << told();
    ASSERT_FALSE(still_may(raised, before, earlier)) << "lifted though " << name_of(raised.issuer) << " still may\n" << told();
  }
};

TEST(Settled, StaysSettled) {
  int transfers = 0, alarms = 0, lifted = 0;
  const char* one = std::getenv("CM4IT_SEED");
  const char* many = std::getenv("CM4IT_HISTORIES");
  const std::uint64_t first = one ? std::strtoull(one, nullptr, 10) : 1;
  const std::uint64_t last = one ? first : many ? std::strtoull(many, nullptr, 10) : 500;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    History history(seed);
    history.run(16);
    if (HasFatalFailure()) return;
    transfers += history.transfers;
    alarms += history.alarms;
    lifted += history.lifted;
  }
  RecordProperty("transfers", transfers);
  if (one) return;
  EXPECT_GT(transfers, 50) << "else it would prove little";
  EXPECT_GT(alarms, 500);
  EXPECT_GT(lifted, 5);
}

}  // namespace
}  // namespace cm4it::policy::settled
