#include "sync/whereabouts.h"

#include <algorithm>

#include "net/http/url.h"

namespace cm4it::sync {

std::optional<KeyId> listed_key(const policy::Policies& policies, const std::string& domain, const std::string& url) {
  const auto* descriptor = policies.newest(domain);
  if (!descriptor) return {};
  std::optional<KeyId> home;
  for (const auto& [name, server] : descriptor->servers) {
    if (net::without_slash(server.url) == net::without_slash(url)) return server.key.id();
    if (server.home && !home) home = server.key.id();
  }
  return home;
}

std::vector<std::string> Whereabouts::all(const policy::Policies& policies) const {
  std::vector<std::string> urls{follow_.from};
  const auto* descriptor = policies.newest(follow_.domain);
  if (!descriptor) return urls;
  for (const auto& [name, server] : descriptor->servers) {
    const bool known = std::any_of(urls.begin(), urls.end(), [&, &at = server.url](const auto& url) { return net::without_slash(url) == net::without_slash(at); });
    if (server.home && !server.url.empty() && !known && server.key.id() != own_) urls.push_back(server.url);
  }
  return urls;
}

std::optional<KeyId> Whereabouts::key(const policy::Policies& policies) const {
  if (url_ == follow_.from && follow_.server_key) return follow_.server_key;
  return listed_key(policies, follow_.domain, url_);
}

bool Whereabouts::turn(const policy::Policies& policies) {
  const auto urls = all(policies);
  const auto here = std::find(urls.begin(), urls.end(), url_);
  url_ = here == urls.end() || here + 1 == urls.end() ? urls.front() : *(here + 1);
  if (++tried_ < urls.size()) return true;
  tried_ = 0;
  return false;
}

bool Whereabouts::answered() {
  tried_ = 0;
  const bool elsewhere = !answered_at_.empty() && answered_at_ != url_;
  answered_at_ = url_;
  return elsewhere;
}

}  // namespace cm4it::sync
