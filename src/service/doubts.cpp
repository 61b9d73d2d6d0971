#include "service/doubts.h"

#include <algorithm>

#include "evidence/kinds.h"

namespace cm4it::service {
namespace {

// Finds statements that a home of the domain claims to have received at a time in the future.
void doubt_future(const policy::Fact& fact, Time latest, policy::Facts& facts) {
  if (!evidence::row_of(fact.statement.kind()).may_restrict) return;
  for (const auto& receipt : fact.receipts) {
    const auto domain = facts.domains.find(receipt.domain);
    const bool earlier = std::any_of(fact.receipts.begin(), fact.receipts.end(), [&](const auto& other) {
      return other.domain == receipt.domain && other.time <= latest;
    });
    if (earlier || domain == facts.domains.end()) continue;
    domain->second.doubt = {"clock", "statement " + fact.statement.id.text() + " was received by a home of " + receipt.domain + " at " +
                                         to_rfc3339(receipt.time) + ", which is still to come: that home's clock was ahead. "
                                         "It counts from then on; what is to hold now is to be said again", true};
  }
}

}  // namespace

void add_doubts(policy::Facts& facts, const ledger::Published& published, const Clocks& clocks, const std::string& signing_refusal) {
  const Time latest = clocks.now(published) + HomeClocks::skew;
  for (const auto& fact : facts.about) doubt_future(fact, latest, facts);
  for (const auto& [model, about] : facts.models)
    for (const auto& fact : about) doubt_future(fact, latest, facts);
  for (auto& [domain, state] : facts.domains) {
    if (state.home && !signing_refusal.empty()) state.doubt = {"log", "the log of " + domain + " takes nothing in: " + signing_refusal};
    else if (auto doubt = clocks.homes().doubt(domain); !doubt.empty()) state.doubt = {"clock", std::move(doubt), state.doubt && state.doubt->of_subject};
  }
}

}  // namespace cm4it::service
