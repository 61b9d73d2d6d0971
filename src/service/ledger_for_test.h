// The ledger under a service, for tests and measurements only: whoever answers anybody asks the parts.
#pragma once

#include "service/service.h"

namespace cm4it::service {

struct LedgerForTest {
  static ledger::Ledger& ledger_of(Service& service);
};

}  // namespace cm4it::service
