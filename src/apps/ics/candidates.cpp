#include "apps/ics/candidates.h"

#include <sstream>

#include "apps/ics/console.h"
#include "apps/ics/json.h"

namespace cm4it::ics {

std::string candidates_text(const json::array& summaries) {
  Table table({"SUBJECT", "NAME", "MAKER", "MODEL", "VERSION", "SERIAL", "STATUS"});
  for (const auto& entry : summaries) {
    if (!entry.is_object()) continue;
    const auto& one = entry.get_object();
    const auto& identity = object_at(one, "identity");
    const auto status = text_at(object_at(one, "status"), "status");
    table.add({short_id(text_at(one, "subject")), text_at(identity, "name"), text_at(identity, "maker"), text_at(identity, "model"), text_at(identity, "version"),
               text_at(identity, "serial"), identity.empty() ? "no identity that counts" + (status.empty() ? "" : ", " + status) : status.empty() ? "-" : status});
  }
  std::istringstream nothing;
  std::ostringstream text;
  table.print(Console{nothing, text, text});
  return "one of:\n" + text.str();
}

}  // namespace cm4it::ics
