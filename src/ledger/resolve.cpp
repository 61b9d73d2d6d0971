// Names → subjects: whole ids, unique prefixes, aliases.
#include <algorithm>
#include <set>

#include "base/budgets.h"
#include "evidence/names.h"
#include "ledger/journal.h"
#include "ledger/ledger.h"
#include "ledger/schema.h"

namespace cm4it::ledger {
namespace {

using evidence::SubjectKind;

constexpr std::size_t fewest_digits = 8;
constexpr std::size_t most_candidates = 10;

// The subjects that a name may mean, as far as they are looked at.
class Candidates {
 public:
  explicit Candidates(const Reader::Shown& shown) : shown_(shown) {}

  // False: enough of them. Rows of one subject come one after another, but for names that it bears in several ways.
  bool take(const SubjectId& subject) {
    if (subject == last_) return true;
    last_ = subject;
    auto bears = Reader::Bears::now;
    if (shown_) {
      if (examined_++ == budget::names_examined) {
        cut_ = true;
        return false;
      }
      const auto answer = shown_(subject);
      if (!answer) {
        failed_ = tl::unexpected(answer.error());
        return false;
      }
      bears = *answer;
    }
    if (bears == Reader::Bears::now) now_.insert(subject.text());
    if (bears == Reader::Bears::formerly && formerly_.size() < most_candidates) formerly_.insert(subject.text());
    return now_.size() < most_candidates;
  }

  bool empty() const { return now_.empty() && formerly_.empty(); }
  Result<void> outcome() const { return failed_; }

  Result<SubjectId> only_one(std::string_view name) const {
    const auto& meant = now_.empty() ? formerly_ : now_;
    if (meant.empty()) return fail(Code::not_found, "no subject \"" + std::string(name) + "\" is known here");
    if (meant.size() == 1 && !cut_) return SubjectId::parse(*meant.begin());
    std::string list;
    for (const auto& candidate : meant) list += (list.empty() ? "" : " ") + candidate;
    return fail(Code::ambiguous, "\"" + std::string(name) + "\" is several subjects", list);
  }

 private:
  const Reader::Shown& shown_;
  std::set<std::string> now_, formerly_;  // that bear the name now, or bore it once
  std::optional<SubjectId> last_;
  std::size_t examined_ = 0;
  bool cut_ = false;  // there are more
  Result<void> failed_;
};

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

Result<void> Reader::named(std::string_view name, const std::function<bool(const SubjectId&, evidence::AliasRank)>& visit) const {
  constexpr std::size_t rank = 1, first_position = 8, row = 33;
  const Bytes alias = table::alias_prefix(evidence::alias_key(name));
  return snapshot_->scan(table::aliases, store::Range::prefix(alias), [&](View key, View model) {
    if (key.size() != alias.size() + rank + first_position + row) return true;
    SubjectId subject;
    subject.kind = static_cast<SubjectKind>(key[key.size() - row]);
    std::copy(key.end() - 32, key.end(), subject.digest.begin());
    subject.model = text(model);
    return visit(subject, static_cast<evidence::AliasRank>(key[alias.size()]));
  });
}

Result<SubjectId> Reader::resolve(std::string_view name, const Shown& shown) const {
  if (auto whole = SubjectId::parse(name)) {
    // A key that is no subject itself may be another key of a secure element, which leads to the element's subject. A
    // subject's own id never leads elsewhere, whatever others claim as their alias.
    if (whole->kind != SubjectKind::key) return whole;
    TRY(const auto known, count(*whole, 1));
    if (known > 0) return whole;
  }
  Candidates candidates(shown);
  evidence::AliasRank best = evidence::AliasRank::own;
  CHECK_OK(named(name, [&](const SubjectId& subject, evidence::AliasRank rank) {
    if (rank != best && !candidates.empty()) return false;
    best = rank;
    return candidates.take(subject);
  }));
  CHECK_OK(candidates.outcome());
  if (auto whole = SubjectId::parse(name); whole && candidates.empty()) return whole;
  const auto colon = name.find(':');
  const auto kind = name.substr(0, colon);
  if (candidates.empty() && colon != name.npos && (kind == "key" || kind == "code")) {
    const auto digits = name.substr(colon + 1);
    if (digits.size() < fewest_digits)
      return fail(Code::malformed, "subject: a prefix needs at least 8 hex digits, found " + std::to_string(digits.size()));
    if (digits.size() > 64) return candidates.only_one(name);
    SubjectId subject;
    subject.kind = kind == "key" ? SubjectKind::key : SubjectKind::code;
    TRY(const auto range, digits_range(subject.kind, digits));
    CHECK_OK(snapshot_->scan(table::subjects, range, [&](View key, View) {
      std::copy_n(key.begin() + 1, 32, subject.digest.begin());
      return candidates.take(subject);
    }));
    CHECK_OK(candidates.outcome());
  }
  return candidates.only_one(name);
}

}  // namespace cm4it::ledger
