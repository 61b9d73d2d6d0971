#include "ledger/crls.h"

#include <algorithm>

#include "base/budgets.h"
#include "crypto/digest.h"
#include "ledger/tables.h"

namespace cm4it::ledger {
namespace {

constexpr std::size_t page_entries = 2048;
constexpr std::size_t scope_octets = 8, number_octets = 20;  // of a scope's digest; of a number, with leading zeros

bool less(View a, View b) { return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end()); }

// 'c' ‖ SHA-256 of issuer's key and name
Bytes issuer_prefix(const KeyId& issuer, View issuer_name) {
  const Digest digest = crypto::sha256({issuer.digest, issuer_name});
  return table::prefixed('c', Bytes(digest.begin(), digest.end()));
}

// 'e' ‖ position
Bytes entries_prefix(std::uint64_t position) { return table::prefixed('e', table::number(position)); }

void append_u32(Bytes& to, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint32_t u32_at(View bytes, std::size_t index) {
  std::uint32_t value = 0;
  for (const std::uint8_t octet : bytes.subspan(4 * index, 4)) value = value << 8 | octet;
  return value;
}

}  // namespace

Bytes crl_key(const KeyId& issuer, const evidence::CrlPart& part, std::uint64_t position) {
  Bytes key = issuer_prefix(issuer, part.issuer_name);
  append(key, View(part.scope).first(scope_octets));
  key.resize(key.size() + number_octets - std::min(part.number.size(), number_octets));
  append(key, part.number);
  append_u64(key, position);
  return key;
}

Result<CrlPages> crl_pages(View evidence, std::uint64_t position) {
  TRY(const auto crl, crypto::Crl::parse_known(evidence));
  struct Place {
    View serial;
    std::uint32_t offset;
  };
  std::vector<Place> places;
  CHECK_OK(crypto::visit_crl_entries(crl, [&](const crypto::CrlEntry& entry, std::size_t offset) {
    places.push_back({entry.serial, static_cast<std::uint32_t>(offset)});
    return true;
  }));
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return less(a.serial, b.serial); });
  // Of two entries of one serial number the first counts.
  places.erase(
      std::unique(places.begin(), places.end(), [](const Place& a, const Place& b) { return equal(a.serial, b.serial); }),
      places.end());
  CrlPages pages;
  for (std::size_t begin = 0; begin < places.size(); begin += page_entries) {
    Bytes key = entries_prefix(position), value;
    append(key, places[begin].serial);
    const std::size_t end = std::min(places.size(), begin + page_entries);
    value.reserve(4 * (end - begin));
    for (std::size_t i = begin; i < end; ++i) append_u32(value, places[i].offset);
    pages.emplace_back(std::move(key), std::move(value));
  }
  return pages;
}

Result<std::optional<std::size_t>> find_crl_entry(const store::Snapshot& snapshot, std::uint64_t position, View entries,
                                                  View serial) {
  store::Range range = store::Range::prefix(entries_prefix(position));
  range.end = entries_prefix(position);  // the last page that begins at this serial number or before it
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
    TRY(const auto entry, crypto::crl_entry_at(entries, u32_at(page, middle)));
    if (equal(entry.serial, serial)) return std::optional<std::size_t>(u32_at(page, middle));
    if (less(entry.serial, serial)) low = middle + 1;
    else high = middle;
  }
  return std::optional<std::size_t>{};
}

Result<std::vector<CrlRow>> crls_of(const store::Snapshot& snapshot, const KeyId& issuer, View issuer_name) {
  const Bytes prefix = issuer_prefix(issuer, issuer_name);
  std::vector<CrlRow> rows;
  store::Range range = store::Range::prefix(prefix);
  range.backwards = true;
  for (std::size_t scopes = 0; scopes < budget::crl_scopes; ++scopes) {
    Bytes scope;
    std::size_t count = 0;
    Result<void> outcome;
    CHECK_OK(snapshot.scan(table::crls, range, [&](View key, View value) {
      const View of = key.first(prefix.size() + scope_octets);
      if (scope.empty()) scope = to_bytes(of);
      if (!equal(of, scope) || count++ == budget::crls_of_scope) return false;
      auto facts = decode_fact_row(value);
      if (facts) rows.push_back({table::last_number(key), std::move(*facts)});
      else outcome = tl::unexpected(facts.error());
      return outcome.has_value();
    }));
    CHECK_OK(outcome);
    if (scope.empty()) break;
    range.end = scope;
  }
  return rows;
}

}  // namespace cm4it::ledger
