// The addresses at which a domain can be followed: the one in the rule or the configuration, and those of its homes in its policy.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/policies.h"
#include "sync/sync.h"

namespace cm4it::sync {

// The key of the server that the policy of `domain` lists at this URL; else of its first home.
std::optional<KeyId> listed_key(const policy::Policies& policies, const std::string& domain, const std::string& url);

// Used by one link. A home that moved is found at the address in its policy, if that policy version came in time; the server that
// answered last is asked first.
class Whereabouts {
 public:
  // `own`: this server's key, which is never followed.
  Whereabouts(const Follow& follow, KeyId own) : follow_(follow), own_(own), url_(follow.from) {}

  const std::string& url() const { return url_; }
  // The key of the server at url(); none: no policy lists it yet.
  std::optional<KeyId> key(const policy::Policies& policies) const;
  // Nobody answers at url(): another address, if there is one. True: it has not been tried since the last answer, so there
  // is no need to wait.
  bool turn(const policy::Policies& policies);
  // True: not where the last answer came from.
  bool answered();

 private:
  std::vector<std::string> all(const policy::Policies& policies) const;

  const Follow& follow_;
  const KeyId own_;
  std::string url_;
  std::string answered_at_;
  std::size_t tried_ = 0;  // addresses tried in vain since the last answer
};

}  // namespace cm4it::sync
