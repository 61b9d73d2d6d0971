// One domain's chain of policy versions: which of them count, who may sign the next one, and who owned the domain before.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evidence/evidence.h"
#include "policy/descriptor.h"
#include "policy/facts.h"

namespace cm4it::policy {

using evidence::StatementId;

// One signed descriptor, verified, as evidence of kind policy gives it.
struct SignedDescriptor {
  std::shared_ptr<const Descriptor> descriptor;
  StatementId statement;
  KeyId signer;
  Time issued_at;  // as the signer claims
  Time first_seen = {};                   // by this server
  std::vector<ReceivedAt> receipts = {};  // of homes of any domain
};

// The owner this server believes a domain to have, and who told it.
struct Pin {
  std::string domain;
  KeyId owner;
  enum class Source { configuration, copy_rule, transfer } source = Source::configuration;
};

// model.md "Domains and their policy": version n counts iff the owner named in n−1 signed it, version 1 iff the
// pinned owner did; the highest unbroken version applies; two of one version are a fork until a higher one counts.
// Rivals that name different owners make the domain contested: nobody can sign the version after, so no holder of a
// retired owner key can lead the chain on from a version of its own (decisions/0015).
struct Chain {
  std::string domain;
  KeyId pinned_owner;
  Pin::Source pinned_by = Pin::Source::configuration;
  std::vector<SignedDescriptor> versions;  // 1 … n, unbroken (of a fork: the lowest statement id)
  bool forked = false;                     // the highest version has a rival: nothing is admitted
  std::vector<StatementId> rivals;         // of the highest version, when forked
  std::vector<std::uint64_t> beyond_gap;   // versions seen that a missing one keeps from counting
  std::vector<std::uint64_t> past_forks;
  std::vector<KeyId> signers;              // who signs version 1, 2, …: one more than versions, unless contested
  std::shared_ptr<const Descriptor> agreed;  // when contested: what applies meanwhile

  bool contested() const { return agreed != nullptr; }
  // The descriptor that applies; null: no version counts. For a contested domain it names no owner, gives nobody a role and lets nobody
  // read; its servers and copies are those that every rival lists.
  const Descriptor* newest() const {
    return contested() ? agreed.get() : versions.empty() ? nullptr : versions.back().descriptor.get();
  }
  // The only key that can sign this version, be it the first descriptor of it or a rival; null: unknown, or nobody can.
  const KeyId* signer_of(std::uint64_t version) const {
    return version >= 1 && version <= signers.size() ? &signers[version - 1] : nullptr;
  }
};

// By domain and version, each version's in the order of their statement ids.
using Descriptors = std::map<std::string, std::map<std::uint64_t, std::vector<const SignedDescriptor*>>>;
Descriptors by_domain(std::span<const SignedDescriptor> descriptors);

Chain build_chain(const Pin& pin, const Descriptors& all);

}  // namespace cm4it::policy
