// In which domains it could count: into our own logs, on to other homes, or nowhere.
#include "base/text.h"
#include "policy/fold.h"
#include "service/intake_facts.h"
#include "service/intake_steps.h"

namespace cm4it::service {

using evidence::Statement;
using policy::Eligibility;

Result<Eligibility> Examination::eligible_in(const std::string& domain) {
  policy::Context in{domain, {}, false, {}};
  in.now = context_.now;
  const Statement& statement = decoded_.statements()[0];
  CHECK_OK(find_subject(context_.reader, decoded_, in));
  if (const auto* withdraw = std::get_if<evidence::Withdraw>(&statement.body)) {
    CHECK_OK(authenticate());
    TRY(const auto target, context_.reader.record(withdraw->statement));
    const auto& claimed = decoded_.issuer().key;
    if (target && (authentic_ || (claimed && *claimed == target->issuer)))
      CHECK_OK(describe_target(context_.reader, *target, statement.subject, in));
  }
  auto by_role = policy::eligible(decoded_, issuer_, policies_, in);
  if (by_role.answer == Eligibility::Answer::yes) return by_role;
  // Whose the subject is is known only from all that was said of it.
  const auto* descriptor = policies_.newest(domain);
  const auto allowed = descriptor ? descriptor->write.find(statement.kind()) : decltype(descriptor->write.end()){};
  if (!descriptor || allowed == descriptor->write.end() || !contains(allowed->second, "holder")) return by_role;
  CHECK_OK(authenticate());
  TRY(const auto facts, context_.reader.facts(statement.subject));
  const auto holder = policy::holder_of(facts, policies_, domain, as_received(facts, context_.now));
  in.holder = holder.domain;
  in.holder_owner = holder.owner;
  in.contradiction = holder.contradiction;
  auto as_holder = policy::eligible(decoded_, issuer_, policies_, in);
  if (as_holder.answer == Eligibility::Answer::yes || !authentic_) return as_holder;
  const auto possession = policy::possession_of(policy::fold(facts, policies_, domain, as_received(facts, context_.now)), policies_);
  in.possession = &possession;
  return policy::eligible(decoded_, issuer_, policies_, in);
}

Result<void> Examination::judge_rights() {
  for (const auto& domain : domains_) {
    TRY(auto eligibility, eligible_in(domain));
    if (eligibility.answer == Eligibility::Answer::yes) {
      (is_home(domain) ? homes_ : elsewhere_).push_back(domain);
      if (keys_.empty()) keys_ = std::move(eligibility.keys);
      continue;
    }
    not_here(domain, eligibility);
    remember(domain, eligibility);
  }
  if (keys_.empty()) return {};
  for (const auto& [domain, why] : undecided_) elsewhere_.push_back(domain);
  return {};
}

void Examination::not_here(const std::string& domain, const Eligibility& eligibility) {
  const bool known = policies_.chain(domain) != nullptr;
  if (eligibility.answer == Eligibility::Answer::not_yet && !is_home(domain) && known)
    return undecided_.emplace_back(domain, eligibility.why), void();
  auto error = error_of(eligibility);
  if (!known) error.message = "domain: nothing here pins the owner of " + domain + ", so its home is not known";
  not_made_.emplace_back(domain, is_home(domain) ? to_bytes(view(error.message)) : ledger::not_sent(error.message));
  not_taken_.emplace_back(domain, std::move(error));
}

Result<void> Examination::judge_rights_at_homes() {
  for (const auto& domain : domains_) {
    if (!is_home(domain)) continue;
    TRY(auto eligibility, eligible_in(domain));
    if (eligibility.answer != Eligibility::Answer::yes) continue;
    homes_.push_back(domain);
    if (keys_.empty()) keys_ = std::move(eligibility.keys);
  }
  return {};
}

void Examination::remember(const std::string& domain, const Eligibility& eligibility) {
  const bool later = eligibility.answer == Eligibility::Answer::not_yet;
  if (refusal_ && !(later && refusal_->code != Code::not_yet) && !is_home(domain)) return;
  refusal_ = error_of(eligibility);
}

Error Examination::error_of(const Eligibility& eligibility) {
  const bool later = eligibility.answer == Eligibility::Answer::not_yet;
  return {later ? Code::not_yet : Code::not_permitted, eligibility.why, eligibility.next};
}

}  // namespace cm4it::service
