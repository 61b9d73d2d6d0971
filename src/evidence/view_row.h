// Decoded statements as the ledger stores them under their subject, so that no look-up decodes the evidence again.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "base/cbor.h"
#include "base/result.h"
#include "evidence/statement.h"

namespace cm4it::evidence {

// What one piece of evidence says of one subject, in compact CBOR (docs/formats/store.md). Of a list that takes certificates back (a
// CRL): its own statement, without entries, which have rows of their own.
// At least one.
Bytes write_view(std::span<const Statement* const> statements);
// Which piece of evidence it is of. malformed.
struct ViewHead {
  Format format = Format::cose;
  KeyId issuer;
  StatementId id;
};
Result<ViewHead> read_view_head(View view);
// Of this subject. malformed: written by another release, or damaged; `ics rebuild` makes them anew.
Result<std::vector<Statement>> read_view(View view, const SubjectId& subject);
// The same one by one, each read where it is to stand: a statement is large to move.
class ViewReader {
 public:
  static Result<ViewReader> open(View view, const SubjectId& subject);  // both outlive it

  bool done() const { return in_.at_end(); }
  // Into a statement of which nothing is set yet.
  Result<void> next(Statement& to);

 private:
  ViewReader(CborReader in, const ViewHead& head, const SubjectId& subject) : in_(std::move(in)), head_(head), subject_(&subject) {}

  CborReader in_;
  ViewHead head_;
  const SubjectId* subject_;
};

}  // namespace cm4it::evidence
