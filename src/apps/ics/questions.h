// The questions that take more than a few lines to answer.
#pragma once

#include <string>
#include <vector>

#include "apps/ics/context.h"

namespace cm4it::ics {

struct FindOptions {
  std::vector<std::string> words;
  std::string type, maker, model, status, holder, issuer;
  std::string cloud, verdict, label, expires_before;  // compared here: the server does not search by them
  std::size_t limit = 50;
};
Result<int> find(Context& context, const FindOptions& options);

// One subject, as a server knows it.
Result<int> show(Context& context, const std::string& subject);
Result<int> show_history(Context& context, const std::string& subject);

}  // namespace cm4it::ics
