#include "apps/icsd/enrolment.h"

#include "base/text.h"

namespace cm4it::icsd {
namespace {

std::string version_of(const policy::Descriptor& policy) { return "the policy of " + policy.domain + ", version " + std::to_string(policy.version) + ","; }

}  // namespace

std::vector<std::string> unlike_policy(const Config& config, const policy::Descriptor& policy, const KeyId& key,
                                       const std::optional<KeyId>& log) {
  const bool home = contains(config.homes, policy.domain);
  std::vector<std::string> lines;
  if (!home && policy.domain != config.domain) return lines;
  const auto found = policy.servers.find(config.name);
  if (found == policy.servers.end()) {
    if (home)
      lines.push_back("name: " + version_of(policy) + " names no server \"" + config.name +
                      "\": nobody takes this one for a home of that domain → put it into [servers], or give the name that stands there");
    return lines;
  }
  const auto& known = found->second;
  const std::string named = version_of(policy) + " names ";
  if (known.key.id() != key)
    lines.push_back("key: it is " + key.text() + ", but " + named + known.key.id().text() + " for server \"" + config.name +
                    "\": peers and `ics` turn away from this server → put the right key back (server.key, or what `key` in icsd.toml names), or sign a policy that names this one");
  if (!home) return lines;
  if (!known.home)
    lines.push_back("homes: " + version_of(policy) + " does not call server \"" + config.name + "\" a home → home = true and its log key, in [servers]");
  if (log && known.log && known.log->id() != *log)
    lines.push_back("log: it is " + log->text() + ", but " + named + known.log->id().text() +
                    ": no peer believes a head or a receipt of this server → put the right key back (log.key, or what `log` in icsd.toml names)");
  return lines;
}

}  // namespace cm4it::icsd
