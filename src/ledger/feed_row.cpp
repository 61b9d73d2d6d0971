#include "ledger/feed_row.h"

#include <algorithm>

#include "policy/delegation.h"

namespace cm4it::ledger {
namespace {

constexpr std::size_t most_subjects = 256, subject_octets = 33;

bool bears_on_others(const evidence::Statement& statement) {
  return statement.subject.kind == evidence::SubjectKind::model || statement.kind() == evidence::Kind::policy ||
         statement.revocations ||  // of any certificate of its issuer
         policy::is_authority(statement) ||
         is_self_compromise(statement, statement.issuer);  // what a role's key said, and what lies under a CA, may count no more
}

}  // namespace

FeedRow feed_row_of(const StatementId& id, const std::vector<evidence::Statement>& statements) {
  FeedRow row{id, std::any_of(statements.begin(), statements.end(), bears_on_others), false, {}};
  for (const auto& statement : statements)
    if (statement.subject.kind != evidence::SubjectKind::model) row.subjects.push_back(statement.subject);
  std::sort(row.subjects.begin(), row.subjects.end());
  row.subjects.erase(std::unique(row.subjects.begin(), row.subjects.end()), row.subjects.end());
  row.too_many = row.subjects.size() > most_subjects;
  if (row.too_many) row.subjects.clear();
  return row;
}

Bytes encode(const FeedRow& row) {
  Bytes octets = to_bytes(row.id.digest);
  octets.push_back(static_cast<std::uint8_t>((row.everything ? 1 : 0) | (row.too_many ? 2 : 0)));
  for (const SubjectId& subject : row.subjects) append(octets, subject.row());
  return octets;
}

Result<FeedRow> decode_feed_row(View octets) {
  FeedRow row;
  constexpr std::size_t head = sizeof row.id.digest + 1;
  if (octets.size() < head || (octets.size() - head) % subject_octets != 0)
    return fail(Code::malformed, "feed: a row that is cut off", "run `ics rebuild`");
  std::copy_n(octets.begin(), row.id.digest.size(), row.id.digest.begin());
  row.everything = (octets[head - 1] & 1) != 0;
  row.too_many = (octets[head - 1] & 2) != 0;
  for (View rest = octets.subspan(head); !rest.empty(); rest = rest.subspan(subject_octets)) {
    SubjectId& subject = row.subjects.emplace_back();
    subject.kind = static_cast<evidence::SubjectKind>(rest[0]);
    std::copy_n(rest.begin() + 1, subject.digest.size(), subject.digest.begin());
  }
  return row;
}

}  // namespace cm4it::ledger
