#include "policy/policies.h"

#include <algorithm>
#include <set>

#include "base/budgets.h"

namespace cm4it::policy {
namespace {

bool by_name(const Pin& a, const Pin& b) {
  return std::tie(a.domain, a.source, a.owner) < std::tie(b.domain, b.source, b.owner);
}

// The owners that earlier versions named, and when each ceased to be the owner (decisions/0016).
std::map<KeyId, Time> former_owners(const ChainHistory& history) {
  std::map<KeyId, Time> former;
  const auto& tenures = history.tenures();
  for (std::size_t i = 0; i + 1 < tenures.size(); ++i)
    if (const KeyId& owner = tenures[i].versions.front()->owner; !tenures[i].contested && !tenures[i + 1].owned_by(owner))
      former[owner] = tenures[i + 1].from;
  return former;
}

}  // namespace

Policies Policies::assemble(std::span<const SignedDescriptor> descriptors, std::span<const Pin> pins) {
  Policies policies;
  const Descriptors all = by_domain(descriptors);
  std::vector<Pin> configured, transferred;
  for (const Pin& pin : pins) (pin.source == Pin::Source::transfer ? transferred : configured).push_back(pin);
  std::sort(configured.begin(), configured.end(), by_name);
  std::sort(transferred.begin(), transferred.end(), by_name);
  const auto take = [&](const std::vector<Pin>& round) {
    bool any = false;
    for (const Pin& pin : round) {
      const auto [chain, fresh] = policies.chains_.try_emplace(pin.domain);
      if (fresh) chain->second = build_chain(pin, all);
      any |= fresh;
    }
    return any;
  };
  const auto copies = [&] {
    std::vector<Pin> found;
    for (const auto& [domain, chain] : policies.chains_)
      if (const auto* descriptor = chain.newest())
        for (const auto& rule : descriptor->copies) found.push_back({rule.domain, rule.owner, Pin::Source::copy_rule});
    std::sort(found.begin(), found.end(), by_name);
    return found;
  };
  take(configured);
  while (take(copies())) {}
  take(transferred);
  while (take(copies())) {}
  for (const auto* list : {&configured, &transferred})
    for (const Pin& pin : *list)
      if (policies.chains_.at(pin.domain).pinned_owner != pin.owner)
        policies.holder_chains_.try_emplace({pin.domain, pin.owner}, build_chain(pin, all));
  policies.index_lines(all);
  policies.index();
  return policies;
}

void Policies::index() {
  const auto add_keys = [&](const Chain& chain) {
    const auto add = [&, &name = chain.domain](const crypto::PublicKey& key, const std::string& label) {
      const auto [entry, fresh] = keys_.try_emplace(key.id(), key, name + "/" + label);
      if (!fresh && entry->second.second.starts_with(name + "/")) entry->second.second = name + "/" + label;
    };
    for (const auto& version : chain.versions) {
      for (const auto& [label, key] : version.descriptor->keys) add(key, label);
      for (const auto& [label, server] : version.descriptor->servers) {
        add(server.key, label);
        if (server.log) add(*server.log, label + ".log");
      }
    }
  };
  for (const auto& [domain, chain] : chains_) add_keys(chain);
  for (const auto& [name, chain] : holder_chains_) add_keys(chain);
  for (const auto& [domain, chain] : chains_)
    if (const auto* descriptor = chain.newest()) index_roles(chain, *descriptor);
}

void Policies::index_roles(const Chain& chain, const Descriptor& descriptor) {
  auto& members = roles_[descriptor.domain];
  const auto add = [&](const KeyId& key, const std::string& role, const std::string& set_by, const RoleEntry& entry) {
    members[key].push_back({{role, set_by, entry.until}, entry.formats});
  };
  add(descriptor.owner, "owner", descriptor.domain, {});
  for (const auto& [key, until] : former_owners(lines_.at(chain.domain).at(chain.pinned_owner).own))
    if (key != descriptor.owner) members[key].push_back({{"owner", descriptor.domain, until}, RoleEntry{}.formats});
  for (const auto& [name, server] : descriptor.servers) {
    if (!server.home) continue;
    add(server.key.id(), "home", descriptor.domain, {});
    add(server.log->id(), "home", descriptor.domain, {});
  }
  for (const auto& [role, entries] : descriptor.roles)
    for (const RoleEntry& entry : entries) {
      if (const auto* key = std::get_if<KeyId>(&entry.who)) {
        add(*key, role, descriptor.domain, entry);
        continue;
      }
      // One step: only what the other policy lists literally.
      const auto& reference = std::get<RoleReference>(entry.who);
      const auto* other = newest(reference.domain);
      if (!other) continue;
      const auto theirs = other->roles.find(reference.role);
      if (theirs == other->roles.end()) continue;
      for (const RoleEntry& literal : theirs->second)
        if (const auto* key = std::get_if<KeyId>(&literal.who)) add(*key, role, reference.domain, literal);
    }
}

const Chain* Policies::chain(std::string_view domain) const {
  const auto found = chains_.find(domain);
  return found == chains_.end() ? nullptr : &found->second;
}

const Descriptor* Policies::newest(std::string_view domain) const {
  const auto* found = chain(domain);
  return found ? found->newest() : nullptr;
}

std::vector<const Chain*> Policies::chains_of(std::string_view domain) const {
  std::vector<const Chain*> found;
  if (const auto* first = chain(domain)) found.push_back(first);
  for (auto one = holder_chains_.lower_bound({std::string(domain), KeyId{}}); one != holder_chains_.end() && one->first.first == domain; ++one)
    found.push_back(&one->second);
  return found;
}

std::vector<Pin> Policies::pins() const {
  std::vector<Pin> pins;
  for (const auto& [domain, chain] : chains_)
    for (const auto* one : chains_of(domain)) pins.push_back({domain, one->pinned_owner, one->pinned_by});
  return pins;
}

bool Policies::forked(std::string_view domain) const {
  const auto* found = chain(domain);
  return found && found->forked;
}

std::vector<Policies::Membership> Policies::roles_of(std::string_view domain, const KeyId& issuer, Format format) const {
  std::vector<Membership> memberships;
  const auto members = roles_.find(domain);
  if (members == roles_.end()) return memberships;
  const auto found = members->second.find(issuer);
  if (found == members->second.end()) return memberships;
  for (const auto& [membership, formats] : found->second)
    if (formats.contains(format)) memberships.push_back(membership);
  return memberships;
}

std::vector<Policies::Membership> Policies::signing_roles_of(std::string_view domain, const KeyId& ca, Format format) const {
  std::vector<Membership> memberships;
  const auto members = roles_.find(domain);
  const auto found = members == roles_.end() ? decltype(members->second.end()){} : members->second.find(ca);
  if (members == roles_.end() || found == members->second.end()) return memberships;
  for (const auto& [membership, formats] : found->second)
    if (formats.contains(evidence::certificate_format) && formats.contains(format)) memberships.push_back(membership);
  return memberships;
}

bool Policies::plays_a_role(std::string_view domain, const KeyId& key) const {
  const auto members = roles_.find(domain);
  return members != roles_.end() && members->second.contains(key);
}

const crypto::PublicKey* Policies::find_key(const KeyId& id) const {
  const auto found = keys_.find(id);
  return found == keys_.end() ? nullptr : &found->second.first;
}

std::vector<crypto::PublicKey> Policies::find_keys(std::string_view name) const {
  std::vector<crypto::PublicKey> keys;
  const auto identifier = evidence::method1_of(name);
  if (!identifier) return keys;
  for (const auto& [key_id, entry] : keys_)
    if (keys.size() < budget::candidate_keys && equal(entry.first.method1_id(), *identifier)) keys.push_back(entry.first);
  return keys;
}

std::vector<crypto::PublicKey> Policies::keys_playing(std::string_view domain, Format format, std::size_t most) const {
  std::vector<crypto::PublicKey> keys;
  const auto members = roles_.find(domain);
  if (members == roles_.end()) return keys;
  for (const auto& [id, roles] : members->second) {
    const auto* key = find_key(id);
    if (!key || std::none_of(roles.begin(), roles.end(), [&](const Member& member) { return member.formats.contains(format); })) continue;
    if (keys.size() == most) break;
    keys.push_back(*key);
  }
  return keys;
}

std::string Policies::name_of(const KeyId& id) const {
  const auto found = keys_.find(id);
  return found == keys_.end() ? std::string() : found->second.second;
}

bool Policies::is_home_log(std::string_view domain, const KeyId& log) const {
  const auto* descriptor = newest(domain);
  return descriptor && descriptor->home_with_log(log);
}

std::vector<Policies::ServerOf> Policies::servers_with_key(const KeyId& key) const {
  std::vector<ServerOf> found;
  for (const auto& [domain, chain] : chains_)
    if (const auto* descriptor = chain.newest())
      if (const auto* server = descriptor->server_with_key(key)) found.push_back({domain, server});
  return found;
}

}  // namespace cm4it::policy
