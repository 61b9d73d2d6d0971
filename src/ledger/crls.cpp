#include "ledger/crls.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/cbor_values.h"
#include "crypto/digest.h"
#include "ledger/schema.h"

namespace cm4it::ledger {
namespace {

// A page has about 1 KiB: one is read to find an entry, and LMDB puts several into one of its pages of 4 KiB.
constexpr std::size_t page_entries = 32;
using table::crl_number_octets, table::crl_scope_octets;

bool less(View a, View b) { return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end()); }

// handle, at, reason: a page is a sequence of these (RFC 8742).
void write_entry(CborWriter& out, const evidence::RevocationEntry& entry) {
  out.bytes(entry.handle).integer(entry.at.seconds).uint(static_cast<std::uint64_t>(entry.reason));
}

Result<evidence::RevocationEntry> read_entry(CborReader& in) {
  evidence::RevocationEntry entry;
  TRY(entry.handle, in.bytes());
  CHECK_OK(cbor::get(in, entry.at));
  CHECK_OK(cbor::get_number(in, entry.reason));
  return entry;
}

}  // namespace

Bytes crl_key(const KeyId& issuer, const evidence::RevocationList& list, std::uint64_t position) {
  return table::crl_key(issuer, list.issuer_name, list.scope, list.number, position);
}

Result<CrlPages> crl_pages(const Record& crl, std::uint64_t position) {
  std::vector<evidence::RevocationEntry> entries;
  CHECK_OK(evidence::visit_revocation_list(crl.format, crl.evidence, [&](const evidence::RevocationEntry& entry) {
    entries.push_back(entry);
    return true;
  }));
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return less(a.handle, b.handle); });
  // If two entries have the same handle the first one counts.
  entries.erase(std::unique(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return equal(a.handle, b.handle); }), entries.end());
  CrlPages pages;
  for (std::size_t begin = 0; begin < entries.size(); begin += page_entries) {
    Bytes key = table::crl_entries_prefix(position);
    append(key, entries[begin].handle);
    const std::size_t end = std::min(entries.size(), begin + page_entries);
    CborWriter page;
    for (std::size_t i = begin; i < end; ++i) write_entry(page, entries[i]);
    pages.emplace_back(std::move(key), page.take());
  }
  return pages;
}

Result<std::optional<CrlEntry>> find_crl_entry(const store::Snapshot& snapshot, std::uint64_t position, View handle) {
  store::Range range = store::Range::prefix(table::crl_entries_prefix(position));
  range.end = table::crl_entries_prefix(position);  // the last page that begins at this handle or before it
  append(range.end, handle);
  range.end.push_back(0);
  range.backwards = true;
  View page;
  CHECK_OK(snapshot.scan(table::crls, range, [&](View, View value) {
    page = value;
    return false;
  }));
  for (CborReader in(page); !in.at_end();) {
    TRY(const auto entry, read_entry(in));
    if (equal(entry.handle, handle)) return std::optional<CrlEntry>({to_bytes(entry.handle), entry.at, entry.reason});
    if (less(handle, entry.handle)) break;
  }
  return std::optional<CrlEntry>{};
}

Bytes crl_value(Time this_update, const FactRow& facts, View view) {
  Bytes value;
  append_u64(value, static_cast<std::uint64_t>(this_update.seconds));
  append(value, encode(facts, view));
  return value;
}

Result<CrlRow> decode_crl_row(View key, View value) {
  constexpr std::size_t tail = crl_number_octets + sizeof(std::uint64_t);
  if (value.size() < sizeof(std::uint64_t) || key.size() < tail) return fail(Code::internal, "crls: a row that is cut off", "run `ics rebuild`");
  CrlRow row;
  row.position = table::last_number(key);
  row.number = to_bytes(key.last(tail).first(crl_number_octets));
  row.this_update = Time{static_cast<std::int64_t>(read_u64(value.first(sizeof(std::uint64_t))))};
  TRY(auto rest, decode_subject_row(value.subspan(sizeof(std::uint64_t))));
  row.facts = std::move(rest.facts);
  row.view = rest.view;
  return row;
}

namespace {

// Of one scope, from the highest number down.
class OfScope {
 public:
  explicit OfScope(const InForce& in_force) : in_force_(in_force) {}

  // False: no further rows of this scope are needed.
  Result<bool> take(CrlRow row) {
    auto state = policy::InForce::no;
    if (in_force_ && !found_) {
      TRY(state, in_force_(row));
    }
    const bool few = taken_.size() < budget::crls_of_scope;
    if (state == policy::InForce::later && !few && (!next_ || row.this_update < next_->this_update)) next_ = row;
    found_ |= state == policy::InForce::yes;
    if (few || state == policy::InForce::yes) taken_.push_back(std::move(row));
    else last_ = std::move(row);
    if (found_) return taken_.size() < budget::crls_of_scope;
    return in_force_ ? ++examined_ < budget::crl_rows : !last_;
  }

  void move_to(std::vector<CrlRow>& to) && {
    // There were more rows than the bound allows and none of them is in force, so the one in force may be among the older ones.
    const bool cut = !found_ && (in_force_ ? examined_ >= budget::crl_rows : last_.has_value());
    if (cut) taken_.back().cut = true;
    if (next_) taken_.push_back(std::move(*next_));
    std::move(taken_.begin(), taken_.end(), std::back_inserter(to));
  }

 private:
  const InForce& in_force_;
  std::vector<CrlRow> taken_;
  std::optional<CrlRow> next_, last_;
  bool found_ = false;
  std::size_t examined_ = 0;
};

}  // namespace

Result<std::vector<CrlRow>> crls_of(const store::Snapshot& snapshot, const KeyId& issuer, View issuer_name, const InForce& in_force) {
  const Bytes prefix = table::crl_prefix(issuer, issuer_name);
  std::vector<CrlRow> rows;
  store::Range range = store::Range::prefix(prefix);
  range.backwards = true;
  for (std::size_t scopes = 0; scopes < budget::crl_scopes; ++scopes) {
    Bytes scope;
    OfScope of_scope(in_force);
    Result<bool> more = true;
    CHECK_OK(snapshot.scan(table::crls, range, [&](View key, View value) {
      const View of = key.first(prefix.size() + crl_scope_octets);
      if (scope.empty()) scope = to_bytes(of);
      if (!equal(of, scope)) return false;
      auto row = decode_crl_row(key, value);
      if (row) more = of_scope.take(std::move(*row));
      else more = tl::unexpected(row.error());
      return more && *more;
    }));
    CHECK_OK(more);
    if (scope.empty()) break;
    std::move(of_scope).move_to(rows);
    range.end = scope;
  }
  return rows;
}

Result<void> not_lower_crls(const store::Snapshot& snapshot, const KeyId& issuer, const evidence::RevocationList& than,
                            const std::function<bool(const CrlRow&)>& visit) {
  Bytes lowest = crl_key(issuer, than, 0);
  store::Range range = store::Range::prefix(View(lowest).first(lowest.size() - crl_number_octets - sizeof(std::uint64_t)));
  range.begin = lowest;
  Result<void> outcome;
  CHECK_OK(snapshot.scan(table::crls, range, [&](View key, View value) {
    const auto row = decode_crl_row(key, value);
    if (!row) outcome = tl::unexpected(row.error());
    return row && visit(*row);
  }));
  return outcome;
}

}  // namespace cm4it::ledger
