#include "policy/chain.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "crypto/digest.h"

namespace cm4it::policy {
namespace {

using Rivals = std::vector<const SignedDescriptor*>;

// The owner that all of them name.
std::optional<KeyId> common_owner(const Rivals& rivals) {
  const KeyId& first = rivals.front()->descriptor->owner;
  for (const auto* rival : rivals)
    if (rival->descriptor->owner != first) return {};
  return first;
}

auto essence(const Server& server) {
  return std::make_tuple(server.key.id(), server.log ? std::optional(server.log->id()) : std::nullopt, server.url,
                         server.home, server.select);
}
bool same(const std::pair<const std::string, Server>& a, const std::pair<const std::string, Server>& b) {
  return a.first == b.first && essence(a.second) == essence(b.second);
}
bool same(const CopyRule& a, const CopyRule& b) {
  return std::tie(a.domain, a.owner, a.from, a.select) == std::tie(b.domain, b.owner, b.from, b.select);
}

template <class Items>
void keep_common(Items& common, const Items& others) {
  std::erase_if(common, [&](const auto& item) {
    return std::none_of(others.begin(), others.end(), [&](const auto& other) { return same(item, other); });
  });
}

// The policy that is left where rivals name different owners. Its owner is an id that no key has, another one for each
// domain: whoever compares keys with it finds nobody, and a domain's servers go on reading what is their own domain's.
std::shared_ptr<const Descriptor> agreed_by(const Rivals& rivals) {
  auto agreed = std::make_shared<Descriptor>(*rivals.front()->descriptor);
  agreed->owner = KeyId{crypto::sha256(view("nobody owns " + agreed->domain))};
  agreed->roles.clear();
  agreed->read = {{"default", {}}};
  agreed->write.clear();
  agreed->admit.clear();
  agreed->permits.clear();
  for (const auto* rival : rivals) {
    keep_common(agreed->servers, rival->descriptor->servers);
    keep_common(agreed->copies, rival->descriptor->copies);
  }
  return agreed;
}

void add_version(Chain& chain, const Rivals& counting) {
  const std::uint64_t version = chain.versions.size() + 1;
  if (chain.forked) chain.past_forks.push_back(version - 1);
  chain.versions.push_back(*counting.front());
  chain.forked = counting.size() > 1;
  chain.rivals.clear();
  if (chain.forked)
    for (const auto* rival : counting) chain.rivals.push_back(rival->statement);
  const auto owner = common_owner(counting);
  if (owner) chain.signers.push_back(*owner);
  else chain.agreed = agreed_by(counting);
}

}  // namespace

Descriptors by_domain(std::span<const SignedDescriptor> descriptors) {
  Descriptors sorted;
  std::set<StatementId> seen;
  for (const auto& descriptor : descriptors)
    if (seen.insert(descriptor.statement).second)
      sorted[descriptor.descriptor->domain][descriptor.descriptor->version].push_back(&descriptor);
  for (auto& [domain, versions] : sorted)
    for (auto& [version, rivals] : versions)
      std::sort(rivals.begin(), rivals.end(), [](const auto* a, const auto* b) { return a->statement < b->statement; });
  return sorted;
}

Chain build_chain(const Pin& pin, const Descriptors& all) {
  Chain chain;
  chain.domain = pin.domain;
  chain.pinned_owner = pin.owner;
  chain.pinned_by = pin.source;
  chain.signers = {pin.owner};
  const auto versions = all.find(pin.domain);
  if (versions == all.end()) return chain;
  for (const auto& [version, candidates] : versions->second) {
    const std::uint64_t next = chain.versions.size() + 1;
    const KeyId* signer = version == next ? chain.signer_of(version) : nullptr;
    Rivals counting;
    for (const auto* candidate : candidates)
      if (signer && candidate->signer == *signer) counting.push_back(candidate);
    if (!counting.empty()) add_version(chain, counting);
    else if (version > next) chain.beyond_gap.push_back(version);
  }
  return chain;
}

}  // namespace cm4it::policy
