#include "apps/ics/compromised_keys.h"

#include <set>

#include "apps/ics/api.h"
#include "apps/ics/json.h"

namespace cm4it::ics {
namespace {

std::set<KeyId> keys_that_speak(const policy::Descriptor& descriptor) {
  std::set<KeyId> keys{descriptor.owner};
  for (const auto& [role, entries] : descriptor.roles)
    for (const auto& entry : entries)
      if (const auto* key = std::get_if<KeyId>(&entry.who)) keys.insert(*key);
  for (const auto& [name, server] : descriptor.servers) {
    keys.insert(server.key.id());
    if (server.log) keys.insert(server.log->id());
  }
  return keys;
}

// When the first word of it was received; empty: there is none.
std::string compromised_since(const json::object& history) {
  std::string first;
  for (const auto& one : array_at(history, "statements")) {
    if (!one.is_object() || !flag_at(one.get_object(), "silences_issuer") || !flag_at(one.get_object(), "counts")) continue;
    const auto received = text_at(one.get_object(), "received");
    if (first.empty() || received < first) first = received;
  }
  return first;
}

}  // namespace

std::vector<std::string> compromised_keys(Context& context, const policy::Descriptor& descriptor) {
  std::vector<std::string> lines;
  if (context.options.server.empty() && context.options.dir.empty()) return lines;
  const auto api = context.api();
  for (const KeyId& key : keys_that_speak(descriptor)) {
    const auto history = api ? (*api)->get_json(target({"v1", "subjects", key.text(), "history"}, {{"domain", descriptor.domain}}))
                             : Result<json::object>(tl::unexpected(api.error()));
    if (!history && history.error().code == Code::not_found) continue;  // nothing is said of it
    if (!history) {
      lines.push_back("whether one of the keys is compromised by its own word is not known: " + history.error().message);
      return lines;
    }
    const auto since = compromised_since(*history);
    if (!since.empty())
      lines.push_back("keys." + descriptor.name_of(key) + " (" + key.text() + ") says of itself that it is compromised, received " + since +
                      ": nothing it says since counts; name another key in its place");
  }
  return lines;
}

}  // namespace cm4it::ics
