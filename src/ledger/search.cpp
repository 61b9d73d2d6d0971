// Finds subjects by search terms, in the order in which they first appeared here.
#include <algorithm>

#include "evidence/names.h"
#include "ledger/ledger.h"
#include "ledger/schema.h"

namespace cm4it::ledger {
namespace {

using evidence::SubjectKind;

// A subject out of its row, and the text that rows of models keep beside it.
SubjectId subject_from(View row, View model) {
  SubjectId subject;
  subject.kind = static_cast<SubjectKind>(row[0]);
  std::copy(row.begin() + 1, row.begin() + 33, subject.digest.begin());
  subject.model = text(model);
  return subject;
}

}  // namespace

Result<void> Reader::search(std::string_view field, std::string_view value, const std::optional<SubjectId>& after,
                            const std::function<bool(const SubjectId&)>& visit) const {
  const Bytes prefix = table::search_prefix(field, evidence::case_folded(value));
  store::Range range = store::Range::prefix(prefix);
  if (after) {
    std::optional<std::uint64_t> first_position = 0;
    if (field != table::in_order_of_ids) {
      TRY(first_position, table::first_position(*snapshot_, *after));
    }
    if (!first_position) return fail(Code::malformed, "cursor: nothing is kept of " + after->text());
    append(range.begin, table::search_place(*first_position, *after));
    range.begin.push_back(0);  // the first key behind it
  }
  return snapshot_->scan(table::search, range, [&](View key, View model) {
    return key.size() != prefix.size() + 8 + 33 || visit(subject_from(key.last(33), model));
  });
}

// All rows of a subject have the same place in each term's range, so the ranges are joined by jumping, in turn, to the first row
// that is not before the furthest one found.
Result<std::optional<SubjectId>> Reader::search_all(const std::vector<Term>& terms, const std::optional<SubjectId>& after, std::size_t most,
                                                    const std::function<bool(const SubjectId&)>& visit) const {
  std::vector<Bytes> prefixes;
  prefixes.reserve(terms.size());
  for (const Term& term : terms) prefixes.push_back(table::search_prefix(term.field, evidence::case_folded(term.value)));
  Bytes place;  // first position ‖ subject row
  if (after) {
    TRY(const auto first_position, table::first_position(*snapshot_, *after));
    if (!first_position) return fail(Code::malformed, "cursor: nothing is kept of " + after->text());
    place = table::search_place(*first_position, *after);
    place.push_back(0);
  }
  std::size_t agree = 0;
  SubjectId subject;
  std::optional<SubjectId> passed;  // that has all terms and was visited, or lacks one
  for (std::size_t rows = 0, i = 0;; i = (i + 1) % terms.size()) {
    if (rows++ >= most && passed) return passed;
    store::Range range = store::Range::prefix(prefixes[i]);
    append(range.begin, place);
    std::optional<Bytes> found;
    SubjectId here;
    CHECK_OK(snapshot_->scan(table::search, range, [&](View key, View model) {
      if (key.size() != prefixes[i].size() + 8 + 33) return true;
      found = to_bytes(key.subspan(prefixes[i].size()));
      here = subject_from(key.last(33), model);
      return false;
    }));
    if (!found) return std::optional<SubjectId>{};
    if (*found != place) {
      if (agree > 0) passed = subject;
      agree = 0;
    }
    ++agree;
    place = std::move(*found);
    subject = std::move(here);
    if (agree < terms.size()) continue;
    if (!visit(subject)) return std::optional<SubjectId>{};
    passed = subject;
    place.push_back(0);  // the first place behind it
    agree = 0;
  }
}

Result<bool> Reader::is_found(const SubjectId& subject, std::string_view field, std::string_view value) const {
  std::optional<std::uint64_t> first_position = 0;
  if (field != table::in_order_of_ids) {
    TRY(first_position, table::first_position(*snapshot_, subject));
  }
  if (!first_position) return false;
  Bytes key = table::search_prefix(field, evidence::case_folded(value));
  append(key, table::search_place(*first_position, subject));
  TRY(const auto row, snapshot_->get(table::search, key));
  return row.has_value();
}

}  // namespace cm4it::ledger
