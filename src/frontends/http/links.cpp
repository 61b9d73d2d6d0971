// Explains why there is no newer news from a domain: the fold knows since when, the links to peers know why.
#include "frontends/http/impl.h"
#include "service/access.h"

namespace cm4it::http {
namespace {

// Removes the URL with which errors of calls begin, since the reason names the home's URL already.
std::string without_url(const std::string& error) {
  const auto end = error.find(": ");
  return error.starts_with("http") && end != error.npos ? error.substr(end + 2) : error;
}

}  // namespace

bool add_link_errors(const Door::Impl& door, const service::Principal& who, std::vector<policy::Reason>& reasons) {
  bool for_everybody = true;
  std::vector<PeerState> peers;
  for (auto& reason : reasons) {
    if (reason.domain.empty() || !door.options.peers || !door.service.access().reads_log(reason.domain, who)) continue;
    if (peers.empty()) peers = door.options.peers();
    for (const auto& peer : peers) {
      if (peer.domain != reason.domain || peer.last_error.empty()) continue;
      reason.text += ", " + without_url(peer.last_error);
      for_everybody = for_everybody && door.service.access().reads_log(reason.domain, std::nullopt);
      break;
    }
  }
  return for_everybody;
}

}  // namespace cm4it::http
