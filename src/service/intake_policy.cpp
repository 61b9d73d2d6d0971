// The way of a policy: its own chain is asked, and no role.
#include "base/budgets.h"
#include "base/text.h"
#include "service/intake_steps.h"

namespace cm4it::service {

using policy::Eligibility;

Result<std::vector<std::string>> Examination::homes_of_policy(const std::string& domain) const {
  std::vector<std::string> homes;
  for (const auto& home : context_.server.homes) {
    const auto* descriptor = policies_.newest(home);
    if (home == domain) homes.push_back(home);
    else if (descriptor && policies_.chain(domain) && contains(descriptor->referenced(), domain)) homes.push_back(home);
  }
  if (!policies_.chain(domain)) return homes;
  std::vector<evidence::SubjectId> subjects;
  CHECK_OK(context_.reader.search("transferred", domain, {}, [&](const evidence::SubjectId& subject) {
    subjects.push_back(subject);
    return subjects.size() < most_transferred && homes.size() < context_.server.homes.size();
  }));
  for (const auto& subject : subjects) {
    if (homes.size() == context_.server.homes.size()) break;
    TRY(const auto facts, context_.reader.facts(subject));
    for (const auto& fact : facts.about)
      if (const auto* transfer = std::get_if<evidence::Transfer>(&fact.statement.body); transfer && transfer->domain == domain)
        for (const auto& issuing_domain : fact.domains)
          if (is_home(issuing_domain) && !contains(homes, issuing_domain)) homes.push_back(issuing_domain);
  }
  return homes;
}

Result<void> Examination::room_for(const std::string& domain, std::size_t kept) const {
  if (!policies_.chain(domain) || kept < budget::policy_versions) return {};
  return fail(Code::too_large, "domain: " + std::to_string(kept) + " descriptors of " + domain + " are kept already");
}

Result<IntakeResult> Examination::policy_evidence(bool copied, std::vector<ledger::ForeignReceipt> receipts) {
  const auto& body = std::get<evidence::PolicyText>(decoded_.statements()[0].body);
  TRY(const auto descriptor, policy::parse_descriptor(body.descriptor, policy::Homes::several));
  TRY(homes_, homes_of_policy(descriptor.domain));
  const auto& named = decoded_.issuer().key;
  std::optional<IntakeResult> known;  // policies are for everybody: that one is kept is no secret
  bool newcomer = !copied;
  if (named) {
    const auto id = evidence::statement_id(decoded_.format(), *named, decoded_.signed_bytes());
    TRY(known, already_known(id, *named, homes_));
    TRY(const auto record, context_.reader.record(id));
    if (record && record->position != 0) newcomer = false;
  }
  if (known && receipts.empty()) return std::move(*known);
  if (newcomer) CHECK_OK(policy::parse_descriptor(body.descriptor, policy::Homes::one));  // kept ones may list several homes
  TRY(const auto kept, context_.reader.descriptors(descriptor.domain));
  if (!known) CHECK_OK(room_for(descriptor.domain, kept.size()));
  auto eligibility = policy::eligible_policy(decoded_, descriptor, policies_);
  if (eligibility.answer != Eligibility::Answer::yes)
    return fail(eligibility.answer == Eligibility::Answer::not_yet ? Code::not_yet : Code::not_permitted,
                std::move(eligibility.why));
  keys_ = std::move(eligibility.keys);
  return verified(std::move(receipts));
}

}  // namespace cm4it::service
