// Intake of a policy: its domain's own chain of versions decides, and no role.
#include "base/budgets.h"
#include "service/intake_facts.h"
#include "service/intake_steps.h"

namespace cm4it::service {
namespace {

using policy::Eligibility;

constexpr std::size_t most_transferred = 32;  // subjects looked at to find where a policy is judged by

// Whether the owner is known by more than a sale, since strangers can introduce any number of domains.
bool forwards_policies_of(const std::string& domain, const IntakeContext& context) {
  const auto* chain = context.reader.policies().chain(domain);
  return chain && (chain->pinned_by != policy::Pin::Source::transfer || context.reader.published().domains.contains(domain));
}

// The logs of this server that bear witness to when a policy came: its own domain's, and of those that judge by it: they refer to
// that domain, or something was handed over to it there.
Result<std::vector<std::string>> homes_of_policy(const std::string& domain, const IntakeContext& context) {
  const auto& policies = context.reader.policies();
  const auto& own = context.server.homes;
  std::vector<std::string> homes;
  for (const auto& home : own) {
    const auto* descriptor = policies.newest(home);
    if (home == domain) homes.push_back(home);
    else if (descriptor && policies.chain(domain) && contains(descriptor->referenced(), domain)) homes.push_back(home);
  }
  if (!policies.chain(domain)) return homes;
  std::vector<evidence::SubjectId> subjects;
  CHECK_OK(context.reader.search("transferred", domain, {}, [&](const evidence::SubjectId& subject) {
    subjects.push_back(subject);
    return subjects.size() < most_transferred && homes.size() < own.size();
  }));
  for (const auto& subject : subjects) {
    if (homes.size() == own.size()) break;
    TRY(const auto facts, context.reader.facts(subject));
    for (const auto& fact : facts.about)
      if (const auto* transfer = std::get_if<evidence::Transfer>(&fact.statement.body); transfer && transfer->domain == domain)
        for (const auto& issuing_domain : fact.domains)
          if (is_home(issuing_domain, context) && !contains(homes, issuing_domain)) homes.push_back(issuing_domain);
  }
  return homes;
}

// Anybody may introduce a domain: the ledger bounds what nothing pins (ledger/unpinned.h).
Result<void> room_for(const std::string& domain, std::size_t stored, const IntakeContext& context) {
  if (!context.reader.policies().chain(domain) || stored < budget::policy_versions) return {};
  return fail(Code::too_large, "domain: " + std::to_string(stored) + " descriptors of " + domain + " are kept already");
}

}  // namespace

Result<IntakeResult> prepare(AddressedPolicy policy, std::optional<std::vector<ledger::ForeignReceipt>> receipts,
                             const IntakeContext& context) {
  const auto& decoded = policy.decoded;
  const auto& body = std::get<evidence::PolicyText>(decoded.statements()[0].body);
  TRY(const auto descriptor, policy::parse_descriptor(body.descriptor, policy::Homes::several));
  Destinations to;
  if (!receipts && !is_home(policy.domains[0], context) && forwards_policies_of(policy.domains[0], context))
    to.elsewhere = {policy.domains[0]};
  TRY(to.homes, homes_of_policy(descriptor.domain, context));
  std::optional<ledger::Appended> known;  // policies are for everybody: that one is kept is no secret
  bool newcomer = !receipts;
  if (const auto& named = decoded.issuer().key) {
    const auto id = evidence::statement_id(decoded.format(), *named, decoded.signed_bytes());
    TRY(known, find_known(id, to.homes, policy.domains, context));
    TRY(const auto record, context.reader.record(id));
    if (record && record->position != 0) newcomer = false;
  }
  auto with = std::move(receipts).value_or(std::vector<ledger::ForeignReceipt>{});
  if (known && with.empty()) return IntakeResult(std::move(*known));
  if (newcomer) CHECK_OK(policy::parse_descriptor(body.descriptor, policy::Homes::one));  // kept ones may list several homes
  TRY(const auto stored, context.reader.descriptors(descriptor.domain));
  if (!known) CHECK_OK(room_for(descriptor.domain, stored.size(), context));
  auto eligibility = policy::eligible_policy(decoded, descriptor, context.reader.policies());
  if (eligibility.answer != Eligibility::Answer::yes)
    return fail(eligibility.answer == Eligibility::Answer::not_yet ? Code::not_yet : Code::not_permitted,
                std::move(eligibility.why));
  TRY(auto verified, verify_under(std::move(policy.decoded), eligibility.keys, {}));
  return IntakeResult(Prepared(submission_of(std::move(verified), policy.domains, std::move(to), std::move(with)), {}));
}

}  // namespace cm4it::service
