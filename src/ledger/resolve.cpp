// Names → subjects: whole ids, unique prefixes, aliases.
#include <set>

#include "ledger/journal.h"
#include "ledger/ledger.h"
#include "ledger/names.h"
#include "ledger/tables.h"

namespace cm4it::ledger {
namespace {

using evidence::SubjectKind;

constexpr std::size_t fewest_digits = 8;
constexpr std::size_t most_candidates = 10;

Result<SubjectId> only_one(std::string_view name, const std::set<std::string>& candidates) {
  if (candidates.size() == 1) return SubjectId::parse(*candidates.begin());
  if (candidates.empty()) return fail(Code::not_found, "no subject \"" + std::string(name) + "\" is known here");
  std::string list;
  for (const auto& candidate : candidates) list += (list.empty() ? "" : " ") + candidate;
  return fail(Code::ambiguous, "\"" + std::string(name) + "\" is several subjects", list);
}

// Hex digits, whole octets and perhaps half of one, as the range of rows that begin so.
Result<store::Range> digits_range(SubjectKind kind, std::string_view digits) {
  TRY(Bytes low, from_hex(std::string(digits) + (digits.size() % 2 ? "0" : "")));
  low.insert(low.begin(), static_cast<std::uint8_t>(kind));
  if (digits.size() % 2 == 0) return store::Range::prefix(low);
  Bytes high = low;
  high.back() |= 0x0f;
  store::Range range = store::Range::prefix(high);
  range.begin = low;
  return range;
}

}  // namespace

Result<void> Reader::named(std::string_view name, const std::function<bool(const SubjectId&)>& visit) const {
  const Bytes alias = table::named(folded(name));
  return snapshot_->scan(table::aliases, store::Range::prefix(alias), [&](View key, View model) {
    SubjectId subject;
    subject.kind = static_cast<SubjectKind>(key[alias.size()]);
    std::copy(key.end() - 32, key.end(), subject.digest.begin());
    subject.model = text(model);
    return visit(subject);
  });
}

Result<SubjectId> Reader::resolve(std::string_view name) const {
  if (auto whole = SubjectId::parse(name)) {
    // A key that is no subject itself may be another key of a secure element, which leads to the element's subject. A
    // subject's own id never leads elsewhere, whatever others claim as their alias.
    if (whole->kind != SubjectKind::key) return whole;
    TRY(const auto known, count(*whole, 1));
    if (known > 0) return whole;
  }
  std::set<std::string> candidates;
  const Bytes alias = table::named(folded(name));
  CHECK_OK(snapshot_->scan(table::aliases, store::Range::prefix(alias), [&](View key, View model) {
    SubjectId subject;
    subject.kind = static_cast<SubjectKind>(key[alias.size()]);
    std::copy(key.end() - 32, key.end(), subject.digest.begin());
    subject.model = text(model);
    candidates.insert(subject.text());
    return candidates.size() < most_candidates;
  }));
  if (auto whole = SubjectId::parse(name); whole && candidates.empty()) return whole;
  const auto colon = name.find(':');
  const auto kind = name.substr(0, colon);
  if (candidates.empty() && colon != name.npos && (kind == "key" || kind == "code")) {
    const auto digits = name.substr(colon + 1);
    if (digits.size() < fewest_digits)
      return fail(Code::malformed, "subject: a prefix needs at least 8 hex digits, found " + std::to_string(digits.size()));
    if (digits.size() > 64) return only_one(name, {});
    TRY(const auto range, digits_range(kind == "key" ? SubjectKind::key : SubjectKind::code, digits));
    CHECK_OK(snapshot_->scan(table::subjects, range, [&](View key, View) {
      candidates.insert(std::string(kind) + ":" + to_hex(key.subspan(1, 32)));
      return candidates.size() < most_candidates;
    }));
  }
  return only_one(name, candidates);
}

}  // namespace cm4it::ledger
