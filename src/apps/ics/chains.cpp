#include "apps/ics/chains.h"

#include <map>
#include <set>

#include "apps/ics/json.h"
#include "base/text.h"

namespace cm4it::ics {
namespace {

struct Unverified {
  evidence::Decoded decoded;
  std::shared_ptr<const policy::Descriptor> descriptor;
};

Result<std::vector<Unverified>> decode_policies(const std::vector<Bytes>& evidence) {
  std::vector<Unverified> all;
  for (const auto& bytes : evidence) {
    TRY(auto decoded, evidence::decode(evidence::native_format, bytes));
    const auto* body = std::get_if<evidence::PolicyText>(&decoded.statements().at(0).body);
    if (!body) continue;
    TRY(auto descriptor, policy::parse_descriptor(body->descriptor, policy::Homes::several));
    const auto& statement = decoded.statements()[0];
    if (statement.domains != std::vector{descriptor.domain} || statement.subject != evidence::SubjectId::key(descriptor.owner))
      return fail(Code::malformed, "policy of " + descriptor.domain + ", version " + std::to_string(descriptor.version) +
                  ": signed as another domain's or another owner's");
    all.push_back({std::move(decoded), std::make_shared<const policy::Descriptor>(std::move(descriptor))});
  }
  return all;
}

}  // namespace

Result<std::vector<policy::SignedDescriptor>> read_descriptors(const std::vector<Bytes>& evidence) {
  TRY(auto unverified, decode_policies(evidence));
  std::vector<policy::SignedDescriptor> all;
  for (auto& [decoded, descriptor] : unverified) {
    const KeyId issuer = decoded.issuer().key.value();  // native: always named by its id
    const crypto::PublicKey* key = nullptr;
    for (const auto& other : unverified)
      if (!key && other.descriptor->domain == descriptor->domain) key = other.descriptor->find_key(issuer);
    const std::string which = "policy of " + descriptor->domain + ", version " + std::to_string(descriptor->version);
    if (!key) return fail(Code::bad_signature, which + ": no version of it lists its signer, " + issuer.text());
    auto verified = evidence::verify(decoded, *key);
    if (!verified) return within(which, std::move(verified).error());
    all.push_back({descriptor, verified->id(), issuer, verified->statements().at(0).issued_at});
  }
  return all;
}

Result<policy::Chain> chain_of(const std::string& domain, const std::vector<Bytes>& evidence,
                               const std::optional<KeyId>& owner) {
  TRY(const auto descriptors, read_descriptors(evidence));
  std::set<KeyId> first;
  for (const auto& one : descriptors)
    if (one.descriptor->domain == domain && one.descriptor->version == 1) first.insert(one.signer);
  if (!owner && first.size() > 1)
    return fail(Code::conflict, "version 1 of the policy of " + domain + " is there by several owners: " + joined(first, ", ", &KeyId::text),
                "say which one: --owner key:…");
  if (first.empty() || (owner && !first.contains(*owner)))
    return fail(Code::not_found, "no version 1 of the policy of " + domain +
                (owner ? " by " + owner->text() : std::string()) + " is there");
  const policy::Pin pin{domain, owner.value_or(*first.begin()), policy::Pin::Source::configuration};
  const auto policies = policy::Policies::assemble(descriptors, {&pin, 1});
  const auto* chain = policies.chain(domain);
  if (!chain || chain->versions.empty()) return fail(Code::not_found, "no version of the policy of " + domain + " counts");
  return *chain;
}

Result<policy::Policies> policies_at(const Api& api, const std::vector<std::string>& more) {
  TRY(const auto answer, api.get_json("/v1/domains"));
  std::set<std::string> names(more.begin(), more.end());
  for (const auto& entry : array_at(answer, "domains"))
    if (entry.is_object()) names.insert(text_at(entry.get_object(), "domain"));
  std::vector<policy::SignedDescriptor> all;
  std::vector<policy::Pin> pins;
  for (const auto& name : names) {
    if (!evidence::is_domain_name(name)) continue;
    const auto fetched = api.policies(name);
    if (!fetched && (fetched.error().code == Code::not_found || fetched.error().code == Code::misdirected)) continue;
    if (!fetched) return tl::unexpected(fetched.error());
    TRY(auto descriptors, read_descriptors(*fetched));
    auto chain = chain_of(name, *fetched);
    if (!chain) continue;
    pins.push_back({name, chain->pinned_owner, policy::Pin::Source::configuration});
    std::move(descriptors.begin(), descriptors.end(), std::back_inserter(all));
  }
  return policy::Policies::assemble(all, pins);
}

}  // namespace cm4it::ics
