// What became of evidence that was submitted, for people and for machines.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/ics/context.h"
#include "evidence/subject.h"

namespace cm4it::ics {

// Does a statement weigh anything in the domain asked: "received" alone does not say so.
struct Counted {
  bool counts = false;
  std::vector<std::string> roles;  // in which it counts
  std::string why_not;
};

// As the server's history of the subject has it; none: it does not show the statement.
std::optional<Counted> counted(const Api& api, const std::string& subject, const std::string& statement, const std::string& domain);

// A table, or JSON; exit_yes if all entered. `labels`: the first column, one each. `counts`: by item; where it is empty nothing
// is said of it.
int report(const Context& context, const std::string& head, const std::vector<std::string>& labels, const std::vector<Submitted>& items,
           const std::map<std::size_t, Counted>& counts = {});

}  // namespace cm4it::ics
