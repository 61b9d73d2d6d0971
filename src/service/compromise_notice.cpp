#include "base/log.h"
#include "service/intake.h"

namespace cm4it::service {

void Intake::warn_of_compromise(const std::vector<evidence::Statement>& statements) const {
  const auto published = ledger_.published();
  const auto& policies = *published->policies;
  for (const auto& statement : statements) {
    if (!is_self_compromise(statement, statement.issuer)) continue;
    std::string domains;
    for (const auto& [domain, chain] : policies.chains())
      if (policies.plays_a_role(domain, statement.issuer)) domains += (domains.empty() ? "" : ", ") + domain;
    if (domains.empty()) continue;
    const bool part = statement.kind() == Kind::withdraw;
    log_warn("key " + policies.name_of(statement.issuer) + " (" + statement.issuer.text() + ") says of itself that " +
             (part ? "one of its subkeys" : "it") + " is compromised (statement " + statement.id.text() +
             "): what it says from now on counts in none of its roles, in " + domains);
  }
}

}  // namespace cm4it::service
