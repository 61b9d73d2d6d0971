#include "ledger/unpinned.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/cbor.h"
#include "ledger/budgets.h"
#include "ledger/schema.h"

namespace cm4it::ledger {
namespace {

struct Value { View evidence; KeyId issuer, owner; Time seen; std::string source; };

Result<KeyId> read_key_id(CborReader& reader) {
  TRY(const View bytes, reader.bytes());
  KeyId id;
  if (bytes.size() != id.digest.size()) return fail(Code::malformed, "store: a key id of another length");
  std::copy(bytes.begin(), bytes.end(), id.digest.begin());
  return id;
}

Result<Value> decode(View bytes) {
  CborReader reader(bytes);
  TRY(const auto items, reader.array());
  if (items != 5) return fail(Code::malformed, "store: a descriptor kept aside is damaged");
  Value value;
  TRY(value.evidence, reader.bytes());
  TRY(value.issuer, read_key_id(reader));
  TRY(value.owner, read_key_id(reader));
  TRY(value.seen.seconds, reader.integer());
  TRY(const auto source, reader.text());
  value.source = source;
  return value;
}

}  // namespace

void Unpinned::insert(Row row) {
  Name name{row.domain, row.owner};
  where_.emplace(row.id, name);
  Group& group = groups_[std::move(name)];
  if (group.rows.empty() || row.seen >= group.seen) group.source = row.source;
  group.seen = std::max(group.seen, row.seen);
  group.rows.push_back(std::move(row));
}

void Unpinned::drop(Groups::iterator group, std::vector<Row>& gone) {
  for (auto& row : group->second.rows) {
    where_.erase(row.id);
    gone.push_back(std::move(row));
  }
  groups_.erase(group);
}

// Of these groups, the oldest one of the source that has the most.
void Unpinned::drop_one(Groups::iterator first, Groups::iterator last, std::vector<Row>& gone) {
  std::map<std::string_view, std::size_t> of_source;
  for (auto at = first; at != last; ++at) ++of_source[at->second.source];
  auto chosen = last;
  for (auto at = first; at != last; ++at) {
    if (chosen == last) {
      chosen = at;
      continue;
    }
    const auto here = of_source[at->second.source], there = of_source[chosen->second.source];
    if (here > there || (here == there && at->second.seen < chosen->second.seen)) chosen = at;
  }
  if (chosen != last) drop(chosen, gone);
}

std::vector<Unpinned::Row> Unpinned::take(Row row) {
  std::vector<Row> gone;
  const Time now = row.seen;
  for (auto at = groups_.begin(); at != groups_.end();) {
    const auto group = at++;
    const bool same = group->first == Name{row.domain, row.owner};
    if (!same && group->second.seen + budget::unpinned_seconds < now) drop(group, gone);
  }
  const Name name{row.domain, row.owner};
  if (const auto group = groups_.find(name); group != groups_.end()) {
    auto& rows = group->second.rows;
    std::erase_if(rows, [&](const Row& one) { return one.id == row.id; });
    if (rows.size() >= budget::unpinned_descriptors) {
      const auto oldest = std::min_element(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
        return std::pair(a.version == 1, a.seen) < std::pair(b.version == 1, b.seen);
      });
      where_.erase(oldest->id);
      gone.push_back(std::move(*oldest));
      rows.erase(oldest);
    }
  } else {
    const auto first = groups_.lower_bound({row.domain, KeyId{}});
    auto last = first;
    std::size_t owners = 0;
    for (; last != groups_.end() && last->first.first == row.domain; ++last) ++owners;
    if (owners >= budget::unpinned_owners) drop_one(first, last, gone);
    if (groups_.size() >= budget::unpinned_domains) drop_one(groups_.begin(), groups_.end(), gone);
  }
  insert(std::move(row));
  dropped_ += gone.size();
  return gone;
}

std::vector<std::string> Unpinned::domains() const {
  std::vector<std::string> domains;
  for (const auto& [name, group] : groups_)
    if (domains.empty() || domains.back() != name.first) domains.push_back(name.first);
  return domains;
}

std::vector<Unpinned::Row> Unpinned::remove(std::string_view domain) {
  std::vector<Row> gone;
  for (auto at = groups_.lower_bound({std::string(domain), KeyId{}}); at != groups_.end() && at->first.first == domain;) drop(at++, gone);
  std::sort(gone.begin(), gone.end(), [](const Row& a, const Row& b) { return std::pair(a.version, a.id) < std::pair(b.version, b.id); });
  return gone;
}

Result<Unpinned> Unpinned::load(const store::Snapshot& snapshot) {
  Unpinned unpinned;
  Result<void> outcome;
  CHECK_OK(snapshot.scan(table::aside, store::Range::prefix(table::aside_prefix()), [&](View key, View bytes) {
    const auto value = decode(bytes);
    auto of = table::read_aside_key(key);
    if (!value || !of) {
      outcome = value ? fail(Code::malformed, "store: a descriptor kept aside is damaged") : tl::unexpected(value.error());
      return false;
    }
    unpinned.insert({std::move(of->domain), value->owner, of->version, of->id, value->seen, value->source});
    return true;
  }));
  CHECK_OK(outcome);
  return unpinned;
}

Bytes aside_key(const Unpinned::Row& row) { return table::aside_key(row.domain, row.version, row.id); }

Bytes encode_aside(const Unpinned::Row& row, View evidence, const KeyId& issuer) {
  return CborWriter().array(5).bytes(evidence).bytes(issuer.digest).bytes(row.owner.digest).integer(row.seen.seconds).text(row.source).take();
}

Result<Record> decode_aside(const StatementId& id, View bytes) {
  TRY(const auto value, decode(bytes));
  return Record{0, evidence::native_format, to_bytes(value.evidence), id, value.issuer, value.seen, {}};
}

Result<std::optional<Record>> find_aside(const store::Snapshot& snapshot, const StatementId& id) {
  TRY(const auto key, snapshot.get(table::aside, table::aside_id_key(id)));
  if (!key) return std::optional<Record>{};
  TRY(const auto value, snapshot.get(table::aside, to_bytes(*key)));
  if (!value) return fail(Code::internal, "store: a descriptor kept aside is missing");
  TRY(auto record, decode_aside(id, *value));
  return std::optional(std::move(record));
}

Result<std::vector<std::pair<std::uint64_t, StatementId>>> aside_of(const store::Snapshot& snapshot, std::string_view domain) {
  std::vector<std::pair<std::uint64_t, StatementId>> found;
  CHECK_OK(snapshot.scan(table::aside, store::Range::prefix(table::aside_prefix(domain)), [&](View key, View) {
    if (const auto of = table::read_aside_key(key)) found.emplace_back(of->version, of->id);
    return true;
  }));
  return found;
}

}  // namespace cm4it::ledger
