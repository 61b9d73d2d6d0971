// Where a domain is followed: the address that the rule or the configuration gives, and those of its homes in its policy.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/policies.h"
#include "sync/sync.h"

namespace cm4it::sync {

// The key of the server that the policy of `domain` lists at this URL; else of its first home.
std::optional<KeyId> listed_key(const policy::Policies& policies, const std::string& domain, const std::string& url);

// One link's. A home that moves is found by the address that its policy names, if the policy has come before; whoever answered
// last is asked again.
class Whereabouts {
 public:
  // `own`: this server's key, which is never followed.
  Whereabouts(const Follow& follow, KeyId own) : follow_(follow), own_(own), url_(follow.from) {}

  const std::string& url() const { return url_; }
  // Of the server at url(); none: no policy tells it yet.
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
  std::size_t tried_ = 0;  // in vain, since the last answer
};

}  // namespace cm4it::sync
