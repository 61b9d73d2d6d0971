// What notations say: identities by draft-atkins-openpgp-device-certificates, the rest by names of cm4it.org
// (docs/openpgp.md). For this room's .cpp files.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/statement.h"

namespace cm4it::evidence::openpgp {

// RFC 9580 section 5.2.3.24; views into the signature.
struct Notation {
  std::string_view name;
  View value;
  bool readable = true;  // its value is text
};

// One that is understood here: others may not be critical.
bool is_known_notation(std::string_view name);

struct Said {
  std::optional<Status> status;
  std::optional<std::string> label, cloud;
  std::string reason;                // with a status only
  std::vector<std::string> domains;  // sorted
  bool identity = false;             // any of the following was given
  Type type = Type::device;
  bool typed = false;
  std::string maker, model, serial, version;
  std::map<std::string, std::string> attributes;
};

// Names of others are passed over; one given twice counts as it was given last. malformed: a name of cm4it.org that is none,
// a value that its name does not allow, or several things said at once (a status and a label). too_large: text beyond its budget, too many domains.
Result<Said> read_notations(const std::vector<Notation>& notations);
// The domains alone, of what revokes a key: whatever else stands there takes nothing away from that. Those that are none are
// passed over.
std::vector<std::string> domains_named(const std::vector<Notation>& notations);

}  // namespace cm4it::evidence::openpgp
