// Who carries evidence on to other homes.
#pragma once

#include <string>
#include <vector>

#include "evidence/statement.h"

namespace cm4it::service {

// Forwards what was stored provisionally to the homes of the domains it names, until received. Implemented by sync.
class Forwarder {
 public:
  virtual ~Forwarder() = default;
  virtual void forward(const evidence::StatementId& statement, const std::vector<std::string>& domains) = 0;
  // The statement names this domain and is not sent there, and why: for those who ask about the state of forwarding.
  virtual void not_forwarded(const evidence::StatementId& statement, const std::string& domain, const std::string& why) = 0;
};

}  // namespace cm4it::service
