// A domain's policy as it had been received by any earlier time. It tells who spoke for the domain then, whatever came later
// (docs/verdict.md, "Who spoke for a holder").
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "policy/chain.h"

namespace cm4it::policy {

// What applied between one change of the policy and the next.
struct Tenure {
  Time from;  // when the change was received; of version 1: the beginning of time
  // The version that applied; more than one: rivals of it that name one owner. Of a contested domain what applied before.
  std::vector<std::shared_ptr<const Descriptor>> versions;
  bool contested = false;  // rivals that name different owners had come: nobody owns the domain

  bool owned_by(const KeyId& key) const { return !contested && versions.front()->owner == key; }
};

class ChainHistory {
 public:
  ChainHistory() = default;
  // Of the domain's descriptors those that count under this pin, in the order in which they were received.
  using ReceivedAtOf = std::function<Time(const SignedDescriptor&)>;
  ChainHistory(const KeyId& pinned_owner, const std::vector<const SignedDescriptor*>& descriptors, const ReceivedAtOf& received_at);

  const std::vector<Tenure>& tenures() const { return tenures_; }
  // What applied in this second; if it changed within the second, both what applied before and after.
  std::span<const Tenure> in_second(Time when) const;
  // When `holds`, true of a tenure that applied in this second, was first false after it; none: it still is true.
  using Holds = std::function<bool(const Tenure&)>;
  std::optional<Time> end_of(Time when, const Holds& holds) const;
  // The beginning of the unbroken tenures up to this second of which `holds` is true; where it was true of none, of the first after it.
  std::optional<Time> beginning_of(Time when, const Holds& holds) const;

 private:
  std::vector<Tenure> tenures_;
};

}  // namespace cm4it::policy
