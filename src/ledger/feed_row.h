// A row of the feed: what one journal entry was about, so that copies and those who watch find it again by its position.
#pragma once

#include <vector>

#include "base/result.h"
#include "evidence/statement.h"

namespace cm4it::ledger {

using evidence::StatementId;
using evidence::SubjectId;

struct FeedRow {
  StatementId id;
  // It may change verdicts about other subjects too: a policy, a model, a CRL, a CA's certificate, a key that says it is compromised.
  bool everything = false;
  bool too_many = false;            // it concerns more subjects than fit into a row, so the row names none
  std::vector<SubjectId> subjects;  // keys and code: of models it is said that everything changed
};

// id ‖ octet: 1 everything, 2 too many ‖ subject row, …
Bytes encode(const FeedRow& row);
// malformed: not such a row.
Result<FeedRow> decode_feed_row(View row);

// What statements of one entry are about.
FeedRow feed_row_of(const StatementId& id, const std::vector<evidence::Statement>& statements);

}  // namespace cm4it::ledger
