#include "policy/compromised.h"

#include <algorithm>

#include "base/text.h"

namespace cm4it::policy {
namespace {

using Moment = CompromisedKeys::Moment;

// Homes of this domain and of those it refers to are trusted for time, whichever domain the statement names: the key's word
// concerns all that listen to it.
Moment received(const Fact& fact, const std::vector<std::string>& trusted, const Policies& policies) {
  std::optional<Moment> earliest;
  for (const ReceivedAt& receipt : fact.receipts) {
    if (!contains(trusted, receipt.domain) || !policies.is_home_log(receipt.domain, receipt.log)) continue;
    const Moment moment{receipt.time, receipt.index, fact.statement.id};
    if (!earliest || moment < *earliest) earliest = moment;
  }
  return earliest.value_or(Moment{fact.first_seen, 0, fact.statement.id});
}

// Nobody can witness that a statement which no home has received is older than the declaration. Yet an alarm is believed to be as old as
// this server's first sight of it: what restricts is taken even where what permits would be refused.
bool was_before(const Judgement& judgement, const Moment& moment) {
  const auto* change = std::get_if<evidence::StatusChange>(&judgement.fact->statement.body);
  if (judgement.provisional && !(change && evidence::is_alarm(change->status))) return false;
  return std::tie(judgement.received, judgement.index) < std::tie(moment.time, moment.index);
}

}  // namespace

CompromisedKeys::CompromisedKeys(const Compromises& said, const Policies& policies, const Descriptor& domain, Time at) {
  if (said.empty()) return;
  auto trusted = domain.referenced();
  trusted.push_back(domain.domain);
  for (const auto& [key, facts] : said)
    for (const Fact& fact : facts) {
      const Moment moment = received(fact, trusted, policies);
      if (moment.time > at) continue;
      const auto [known, fresh] = since_[key].try_emplace(compromised_component(fact.statement), moment);
      if (!fresh) known->second = std::min(known->second, moment);
    }
}

const Moment* CompromisedKeys::since(const KeyId& key, const std::optional<Digest>& component) const {
  const auto of_key = since_.find(key);
  if (of_key == since_.end()) return nullptr;
  const auto found = of_key->second.find(component);
  return found == of_key->second.end() ? nullptr : &found->second;
}

const Moment* CompromisedKeys::silencing(const Judgement& judgement) const {
  const auto& statement = judgement.fact->statement;
  if (const auto* moment = silencing(judgement, statement.issuer)) return moment;
  if (!statement.signing_component) return nullptr;
  const auto* moment = since(statement.issuer, statement.signing_component);
  return moment && !was_before(judgement, *moment) ? moment : nullptr;
}

const Moment* CompromisedKeys::silencing(const Judgement& judgement, const KeyId& key) const {
  const auto* moment = since(key);
  return moment && !was_before(judgement, *moment) ? moment : nullptr;
}

std::string CompromisedKeys::why_not(const Moment& moment) {
  return "its issuer's key is compromised by its own word, received " + to_rfc3339(moment.time) + ": what it says since does not count";
}

}  // namespace cm4it::policy
