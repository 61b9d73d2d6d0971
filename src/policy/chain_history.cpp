#include "policy/chain_history.h"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

namespace cm4it::policy {
namespace {

constexpr Time beginning{std::numeric_limits<std::int64_t>::min()};

// Applies the chain rule of chain.h to the descriptors one after another, in the order in which they were received.
class Replay {
 public:
  explicit Replay(const KeyId& pinned_owner) : signers_{pinned_owner} {}

  // Takes all descriptors of one second together: among rivals that came within one second none was first.
  void add(std::span<const SignedDescriptor* const> descriptors) {
    for (const auto* one : descriptors) came_[one->descriptor->version].push_back(one);
    const std::size_t known = versions_.size();
    for (const auto* one : descriptors)
      if (!contested_ && one->descriptor->version <= known) add_rival(*one);
    while (!contested_ && take_next()) {}
  }

  bool begun() const { return contested_ || !versions_.empty(); }
  Tenure tenure(Time from) const {
    Tenure tenure{from, {}, contested_};
    for (const auto* rival : contested_ ? before_contest_ : versions_.back()) tenure.versions.push_back(rival->descriptor);
    return tenure;
  }

 private:
  using Rivals = std::vector<const SignedDescriptor*>;

  bool take_next() {
    const auto candidates = came_.find(versions_.size() + 1);
    if (candidates == came_.end()) return false;
    Rivals counting;
    for (const auto* one : candidates->second)
      if (one->signer == signers_.back()) counting.push_back(one);
    if (counting.empty()) return false;
    const bool one_owner = std::all_of(counting.begin(), counting.end(), [&](const auto* one) {
      return one->descriptor->owner == counting.front()->descriptor->owner;
    });
    if (one_owner) {
      signers_.push_back(counting.front()->descriptor->owner);
      versions_.push_back(std::move(counting));
    } else {
      contest(std::move(counting));
    }
    return one_owner;
  }

  void add_rival(const SignedDescriptor& rival) {
    const std::size_t at = rival.descriptor->version - 1;
    if (rival.signer != signers_[at]) return;
    if (rival.descriptor->owner == signers_[at + 1]) versions_[at].push_back(&rival);
    else contest({});
  }

  void contest(Rivals first) {
    before_contest_ = versions_.empty() ? std::move(first) : versions_.back();
    contested_ = true;
  }

  std::map<std::uint64_t, Rivals> came_;
  std::vector<Rivals> versions_;
  std::vector<KeyId> signers_;  // of version 1, 2, …: one more than versions_
  Rivals before_contest_;
  bool contested_ = false;
};

bool same(const Tenure& a, const Tenure& b) { return a.contested == b.contested && a.versions == b.versions; }

}  // namespace

ChainHistory::ChainHistory(const KeyId& pinned_owner, const std::vector<const SignedDescriptor*>& descriptors,
                           const ReceivedAtOf& received_at) {
  std::vector<std::pair<Time, const SignedDescriptor*>> order;
  order.reserve(descriptors.size());
  for (const auto* descriptor : descriptors) order.emplace_back(received_at(*descriptor), descriptor);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second->descriptor->version, a.second->statement) <
           std::tie(b.first, b.second->descriptor->version, b.second->statement);
  });
  Replay replay(pinned_owner);
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    const Time when = order[begin].first;
    std::vector<const SignedDescriptor*> came;
    for (; end < order.size() && order[end].first == when; ++end) came.push_back(order[end].second);
    replay.add(came);
    if (!replay.begun()) continue;
    Tenure tenure = replay.tenure(tenures_.empty() ? beginning : when);
    if (tenures_.empty() || !same(tenures_.back(), tenure)) tenures_.push_back(std::move(tenure));
  }
}

std::span<const Tenure> ChainHistory::in_second(Time when) const {
  const auto end = std::upper_bound(tenures_.begin(), tenures_.end(), when, [](Time time, const Tenure& one) { return time < one.from; });
  auto begin = end;
  while (begin != tenures_.begin() && (begin == end || begin->from == when)) --begin;
  return {begin, end};
}

std::optional<Time> ChainHistory::end_of(Time when, const Holds& holds) const {
  const auto now = in_second(when);
  auto tenure = tenures_.begin() + (now.data() - tenures_.data());
  for (bool held = false; tenure != tenures_.end(); ++tenure) {
    if (holds(*tenure)) held = true;
    else if (held) return tenure->from;
  }
  return {};
}

std::optional<Time> ChainHistory::beginning_of(Time when, const Holds& holds) const {
  const auto now = in_second(when);
  const auto first = tenures_.begin() + (now.data() - tenures_.data()), last = first + static_cast<std::ptrdiff_t>(now.size());
  auto found = std::find_if(std::make_reverse_iterator(last), std::make_reverse_iterator(first), holds);
  if (found == std::make_reverse_iterator(first)) {
    const auto later = std::find_if(last, tenures_.end(), holds);
    return later == tenures_.end() ? std::nullopt : std::optional(later->from);
  }
  auto tenure = found.base() - 1;
  while (tenure != tenures_.begin() && holds(*(tenure - 1))) --tenure;
  return tenure->from;
}

}  // namespace cm4it::policy
