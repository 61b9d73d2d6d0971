#include "store/faulty.h"

namespace cm4it::store {

Result<Commit> Faulty::commit(const Batch& batch, View expected_head) {
  const auto unknown =
      fail(Code::internal, "store: a fault on demand", "whether the batch was written is unknown");
  switch (next_.exchange(Fault::none)) {
    case Fault::none: return inner_->commit(batch, expected_head);
    case Fault::fail_before: return fail(Code::unavailable, "store: full on demand", "nothing was written");
    case Fault::fail_lost: return unknown;
    case Fault::conflict: return Commit::conflict;
    case Fault::fail_after: {
      TRY(const Commit outcome, inner_->commit(batch, expected_head));
      if (outcome == Commit::conflict) return outcome;
      return unknown;
    }
  }
  return unknown;
}

}  // namespace cm4it::store
