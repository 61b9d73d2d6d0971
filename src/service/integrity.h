// Evidence is compared with what was signed over it before it is sent to anybody.
#pragma once

#include <cstddef>
#include <set>

#include "base/guarded.h"
#include "ledger/ledger.h"

namespace cm4it::service {

// Any thread.
class Integrity {
 public:
  // internal: the stored evidence is damaged; that is logged once, and counted.
  Result<void> check(const ledger::Reader& reader, const ledger::Record& record) const;
  // Statements whose evidence was found damaged: none of them is sent to anybody. Counted up to 10,000.
  std::size_t damaged() const;

 private:
  mutable Guarded<std::set<evidence::StatementId>> damaged_;
};

}  // namespace cm4it::service
