#include "ledger/crls.h"

#include <algorithm>

#include "base/budgets.h"
#include "crypto/digest.h"
#include "ledger/schema.h"

namespace cm4it::ledger {
namespace {

constexpr std::size_t page_entries = 2048;
using table::crl_number_octets, table::crl_scope_octets;

bool less(View a, View b) { return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end()); }

void append_u32(Bytes& to, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint32_t u32_at(View bytes, std::size_t index) {
  std::uint32_t value = 0;
  for (const std::uint8_t octet : bytes.subspan(4 * index, 4)) value = value << 8 | octet;
  return value;
}

}  // namespace

Bytes crl_key(const KeyId& issuer, const evidence::RevocationList& list, std::uint64_t position) {
  return table::crl_key(issuer, list.issuer_name, list.scope, list.number, position);
}

Result<CrlPages> crl_pages(const evidence::RevocationReader& list, std::uint64_t position) {
  struct Place {
    View serial;
    std::uint32_t offset;
  };
  std::vector<Place> places;
  CHECK_OK(list.visit([&](const evidence::RevocationReader::Entry& entry, std::size_t offset) {
    places.push_back({entry.handle, static_cast<std::uint32_t>(offset)});
    return true;
  }));
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return less(a.serial, b.serial); });
  // Of two entries of one serial number the first counts.
  places.erase(
      std::unique(places.begin(), places.end(), [](const Place& a, const Place& b) { return equal(a.serial, b.serial); }),
      places.end());
  CrlPages pages;
  for (std::size_t begin = 0; begin < places.size(); begin += page_entries) {
    Bytes key = table::crl_entries_prefix(position), value;
    append(key, places[begin].serial);
    const std::size_t end = std::min(places.size(), begin + page_entries);
    value.reserve(4 * (end - begin));
    for (std::size_t i = begin; i < end; ++i) append_u32(value, places[i].offset);
    pages.emplace_back(std::move(key), std::move(value));
  }
  return pages;
}

Result<std::optional<evidence::RevocationReader::Entry>> find_crl_entry(const store::Snapshot& snapshot, std::uint64_t position,
                                                                        const evidence::RevocationReader& list, View serial) {
  store::Range range = store::Range::prefix(table::crl_entries_prefix(position));
  range.end = table::crl_entries_prefix(position);  // the last page that begins at this serial number or before it
  append(range.end, serial);
  range.end.push_back(0);
  range.backwards = true;
  View page;
  CHECK_OK(snapshot.scan(table::crls, range, [&](View, View value) {
    page = value;
    return false;
  }));
  std::size_t low = 0, high = page.size() / 4;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    TRY(const auto entry, list.entry_at(u32_at(page, middle)));
    if (equal(entry.handle, serial)) return std::optional(entry);
    if (less(entry.handle, serial)) low = middle + 1;
    else high = middle;
  }
  return std::optional<evidence::RevocationReader::Entry>{};
}

Bytes crl_value(Time this_update, const FactRow& facts) {
  Bytes value;
  append_u64(value, static_cast<std::uint64_t>(this_update.seconds));
  append(value, encode(facts));
  return value;
}

Result<CrlRow> decode_crl_row(View key, View value) {
  constexpr std::size_t tail = crl_number_octets + sizeof(std::uint64_t);
  if (value.size() < sizeof(std::uint64_t) || key.size() < tail) return fail(Code::internal, "crls: a row that is cut off", "run `ics rebuild`");
  CrlRow row;
  row.position = table::last_number(key);
  row.number = to_bytes(key.last(tail).first(crl_number_octets));
  row.this_update = Time{static_cast<std::int64_t>(read_u64(value.first(sizeof(std::uint64_t))))};
  TRY(row.facts, decode_fact_row(value.subspan(sizeof(std::uint64_t))));
  return row;
}

namespace {

// Of one scope, from the highest number down.
class OfScope {
 public:
  explicit OfScope(const InForce& in_force) : in_force_(in_force) {}

  // False: no more of them need be looked at.
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
    // One more than could be taken was seen, and none was the one: what is older is not known.
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
