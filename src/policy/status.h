// Determines the status of a subject from the statements that count (model.md "The verdict", status).
#pragma once

#include <optional>
#include <vector>

#include "policy/judge.h"

namespace cm4it::policy {

struct StatusResult {
  std::optional<Status> status;
  std::optional<StatementId> statement;
};

// `own`: the subject's judgements; `of_models`: those of its models, of which only alarms hold.
StatusResult status_of(const Judged& own, const std::vector<Judged>& of_models, const Policies& policies,
                       const Descriptor& domain);

}  // namespace cm4it::policy
