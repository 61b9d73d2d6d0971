// Who spoke for a holder, and whom other domains lent a role, as their policies had been received at the time.
#include <algorithm>
#include <functional>

#include "policy/policies.h"

namespace cm4it::policy {
namespace {

const RoleEntry* role_entry(const Descriptor& descriptor, const std::string& role, const KeyId& key, Format format) {
  const auto entries = descriptor.roles.find(role);
  if (entries == descriptor.roles.end()) return nullptr;
  const RoleEntry* longest = nullptr;  // of several
  for (const RoleEntry& entry : entries->second) {
    const auto* literal = std::get_if<KeyId>(&entry.who);
    if (!literal || *literal != key || !entry.formats.contains(format)) continue;
    if (!longest || (longest->until && (!entry.until || *entry.until > *longest->until))) longest = &entry;
  }
  return longest;
}

// Of rivals, only what all of them say holds.
Policies::Voice voice_in(const Tenure& tenure, const KeyId& key) {
  if (tenure.versions.front()->owner == key) return {true, {}};
  Policies::Voice voice{true, {}};
  for (const auto& version : tenure.versions) {
    const auto* agent = role_entry(*version, "agent", key, evidence::native_format);
    if (!agent) return {};
    if (agent->until && (!voice.until || *agent->until < *voice.until)) voice.until = agent->until;
  }
  return voice;
}

bool speaks(const Tenure& tenure, const KeyId& key, Time when) {
  const auto voice = voice_in(tenure, key);
  return voice.speaks && (!voice.until || when < *voice.until);
}

// Since when a right is over, as far as was known at any time since: an end that was dated back began when it was received.
// `until` of a tenure: none, it gives no such right; the inner none, without end. None: it is not over.
using UntilOf = std::function<std::optional<std::optional<Time>>(const Tenure&)>;
std::optional<Time> over_since(const ChainHistory& history, const UntilOf& until_of) {
  std::optional<Time> since;
  const auto& tenures = history.tenures();
  for (auto tenure = tenures.rbegin(); tenure != tenures.rend(); ++tenure) {
    const auto until = until_of(*tenure);
    if (until && !*until) return since;
    const Time over = until ? std::max(tenure->from, **until) : tenure->from;
    if (tenure != tenures.rbegin() && over >= std::prev(tenure)->from) return since;
    since = over;
    if (over > tenure->from) return since;
  }
  return since;
}

// Of rivals, what any of them says holds, since they have the same owner. Null: none lends it.
const RoleEntry* lent_by(const Tenure& tenure, const std::string& role, const KeyId& key, Format format) {
  const RoleEntry* longest = nullptr;
  for (const auto& version : tenure.versions) {
    const auto* entry = tenure.contested ? nullptr : role_entry(*version, role, key, format);
    if (entry && (!longest || (longest->until && (!entry->until || *entry->until > *longest->until)))) longest = entry;
  }
  return longest;
}

}  // namespace

const ChainHistory& Policies::Line::heard_by(std::string_view domain) const {
  const auto found = by_homes_of.find(domain);
  return found == by_homes_of.end() ? own : found->second;
}

// The earliest receipt by a home of this domain.
std::optional<Time> Policies::received_at(const SignedDescriptor& version, std::string_view by) const {
  std::optional<Time> earliest;
  for (const ReceivedAt& receipt : version.receipts)
    if (receipt.domain == by && (!earliest || receipt.time < *earliest) && is_home_log(by, receipt.log)) earliest = receipt.time;
  return earliest;
}

void Policies::index_lines(const Descriptors& all) {
  for (const auto& [domain, chain] : chains_) add_line(chain, all);
  for (const auto& [name, chain] : holder_chains_) add_line(chain, all);
}

void Policies::add_line(const Chain& chain, const Descriptors& all) {
  Line& line = lines_[chain.domain][chain.pinned_owner];
  const auto known = all.find(chain.domain);
  if (known == all.end()) return;
  std::vector<const SignedDescriptor*> versions;
  std::set<std::string> witnesses;
  for (const auto& [version, rivals] : known->second)
    for (const auto* rival : rivals) {
      versions.push_back(rival);
      for (const auto& receipt : rival->receipts) witnesses.insert(receipt.domain);
    }
  const auto own = [&](const SignedDescriptor& version) { return received_at(version, chain.domain).value_or(version.first_seen); };
  line.own = ChainHistory(chain.pinned_owner, versions, own);
  witnesses.erase(chain.domain);
  for (const auto& witness : witnesses)
    line.by_homes_of.emplace(witness, ChainHistory(chain.pinned_owner, versions, [&](const SignedDescriptor& version) {
      const auto received = received_at(version, witness);
      return received ? *received : own(version);
    }));
}

// The chain that this owner began; else a chain whose ownership had passed to it by then, the domain's own chain first.
const Policies::Line* Policies::line_of(const Holder& holder, const Heard& heard) const {
  const auto lines = lines_.find(holder.domain);
  const auto primary = chains_.find(holder.domain);
  if (lines == lines_.end() || primary == chains_.end()) return nullptr;
  const KeyId& first = primary->second.pinned_owner;
  if (!holder.owner) return &lines->second.at(first);
  const auto own = lines->second.find(*holder.owner);
  if (own != lines->second.end() && !own->second.own.tenures().empty()) return &own->second;
  const auto came_to_it = [&](const Line& line) {
    for (const Tenure& tenure : line.heard_by(heard.by).tenures())
      if (tenure.from <= heard.when && tenure.owned_by(*holder.owner)) return true;
    return false;
  };
  if (came_to_it(lines->second.at(first))) return &lines->second.at(first);
  for (const auto& [owner, line] : lines->second)
    if (came_to_it(line)) return &line;
  return nullptr;
}

Policies::Voice Policies::speaks_for(const Holder& holder, const KeyId& issuer, bool alarm) const {
  const Line* line = holder.contradiction ? nullptr : line_of(holder, {Time::never(), holder.domain});
  if (!line || line->own.tenures().empty() || (line->own.tenures().back().contested && !alarm)) return {};
  return voice_in(line->own.tenures().back(), issuer);
}

bool Policies::spoke_for(const Holder& holder, const KeyId& issuer, const Heard& heard, bool alarm) const {
  const Line* line = line_of(holder, heard);
  if (!line) return false;
  const auto tenures = line->heard_by(heard.by).in_second(heard.when);
  return std::any_of(tenures.begin(), tenures.end(), [&](const Tenure& tenure) {
    return (alarm || !tenure.contested) && speaks(tenure, issuer, heard.when);
  });
}

std::optional<Time> Policies::voice_ended(const Holder& holder, const KeyId& issuer, const Heard& heard) const {
  const Line* line = line_of(holder, heard);
  if (!line) return heard.when;
  const ChainHistory& history = line->heard_by(heard.by);
  const auto over = over_since(history, [&](const Tenure& tenure) -> std::optional<std::optional<Time>> {
    const auto voice = voice_in(tenure, issuer);
    if (tenure.contested || !voice.speaks) return {};
    return voice.until;
  });
  return over ? std::optional(std::max(*over, heard.when)) : over;
}

bool Policies::same_holder(const Holder& a, const Holder& b, const Heard& heard) const {
  return a == b || (a.domain == b.domain && line_of(a, heard) && line_of(a, heard) == line_of(b, heard));
}

std::vector<Policies::Lent> Policies::lent_to(std::string_view domain, const KeyId& issuer, Format format, const Heard& heard) const {
  std::vector<Lent> all;
  const Descriptor* descriptor = newest(domain);
  if (!descriptor) return all;
  const auto add = [&](const std::string& role, const std::string& set_by, const std::string& their_role) {
    const Line* line = line_of(Holder{set_by}, heard);
    if (!line) return;
    const ChainHistory& history = line->heard_by(heard.by);
    const auto holds = [&](const Tenure& tenure) {
      const auto* entry = lent_by(tenure, their_role, issuer, format);
      return entry && (!entry->until || heard.when < *entry->until);
    };
    const auto from = history.beginning_of(heard.when, holds);
    if (!from) return;
    const auto now = history.in_second(heard.when);
    const auto over = over_since(history, [&](const Tenure& tenure) -> std::optional<std::optional<Time>> {
      const auto* entry = lent_by(tenure, their_role, issuer, format);
      if (!entry) return {};
      return entry->until;
    });
    all.push_back({role, set_by, std::any_of(now.begin(), now.end(), holds), *from, over});
  };
  for (const auto& [role, entries] : descriptor->roles) {
    add(role, descriptor->domain, role);
    for (const RoleEntry& entry : entries)
      if (const auto* reference = std::get_if<RoleReference>(&entry.who)) add(role, reference->domain, reference->role);
  }
  return all;
}

std::vector<Policies::Run> Policies::lent_runs(std::string_view domain, const KeyId& issuer, Format format, const Membership& lent,
                                               const Heard& heard) const {
  std::vector<Run> runs;
  const Descriptor* descriptor = newest(domain);
  const Line* line = line_of(Holder{lent.set_by}, heard);
  if (!descriptor || !line || !descriptor->roles.contains(lent.role)) return runs;
  const auto holds = [&](const Tenure& tenure) {
    const auto& entries = descriptor->roles.at(lent.role);
    return std::any_of(entries.begin(), entries.end(), [&](const RoleEntry& entry) {
      const auto* reference = std::get_if<RoleReference>(&entry.who);
      const auto* theirs = reference && reference->domain == lent.set_by ? lent_by(tenure, reference->role, issuer, format) : nullptr;
      return theirs && (!theirs->until || heard.when < *theirs->until);
    });
  };
  bool held = false;
  for (const Tenure& tenure : line->heard_by(heard.by).tenures()) {
    const bool holding = holds(tenure);
    if (holding && !held) runs.push_back({tenure.from, Time::never()});
    if (!holding && held) runs.back().to = tenure.from;
    held = holding;
  }
  return runs;
}

bool Policies::could_write(std::string_view domain, Kind kind, const KeyId& issuer, Format format, const Heard& heard) const {
  const Line* line = line_of(Holder{std::string(domain)}, heard);
  if (!line) return false;
  const auto plays = [&](const Descriptor& version, const std::string& role) {
    if (role == "owner" && version.owner == issuer) return true;
    const auto* entry = role_entry(version, role, issuer, format);
    return entry && (!entry->until || heard.when < *entry->until);
  };
  const auto lent = [&](const Descriptor& version, const std::string& role) {  // as other domains' policies are now
    const auto entries = version.roles.find(role);
    return entries != version.roles.end() && std::any_of(entries->second.begin(), entries->second.end(), [&](const RoleEntry& entry) {
      const auto* reference = std::get_if<RoleReference>(&entry.who);
      const Descriptor* other = reference ? newest(reference->domain) : nullptr;
      return other && plays(*other, reference->role);
    });
  };
  const auto tenures = line->heard_by(heard.by).in_second(heard.when);
  return std::any_of(tenures.begin(), tenures.end(), [&](const Tenure& tenure) {
    return std::all_of(tenure.versions.begin(), tenure.versions.end(), [&](const auto& version) {
      const auto allowed = version->write.find(kind);
      return allowed != version->write.end() && std::any_of(allowed->second.begin(), allowed->second.end(), [&](const auto& role) {
        return plays(*version, role) || lent(*version, role);
      });
    });
  });
}

}  // namespace cm4it::policy
