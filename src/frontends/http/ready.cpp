// Whether this server is ready to answer: for load balancers and the operator.
#include <boost/json.hpp>

#include "base/text.h"
#include "frontends/http/impl.h"
#include "service/access.h"
#include "service/health.h"

namespace cm4it::http {
namespace {

// What is wrong with what this server answers by. `refuses`: of the domain it answers for, so that somebody else should be asked.
struct Trouble {
  std::string text, hint;
  bool refuses = false;
};

std::string link_error(const Door::Impl& door, const std::vector<PeerState>& peers, const std::string& domain, const service::Principal& who) {
  for (const auto& peer : peers)
    if (peer.domain == domain && !peer.last_error.empty() && door.service.access().reads_log(domain, who))
      return "; " + peer.last_error + (peer.since ? " (since " + to_rfc3339(*peer.since) + ")" : "");
  return {};
}

std::vector<Trouble> troubles(const Door::Impl& door, const service::Principal& who) {
  std::vector<Trouble> all;
  const auto peers = door.options.peers ? door.options.peers() : std::vector<PeerState>{};
  const std::string& own = door.service.default_domain();
  for (const auto& peer : peers)
    if (peer.state == "broken")
      all.push_back({"the copy of " + peer.domain + " is broken" + (peer.since ? " since " + to_rfc3339(*peer.since) : "") + ": its home showed two histories" +
                         link_error(door, peers, peer.domain, who),
                     "ics help broken", peer.domain == own});
  for (const auto& silent : door.service.health().silent()) {
    const bool shown = door.service.access().reads_log(silent.domain, who);
    const std::string since = !silent.newest_head ? " has not been heard of yet"
                              : shown ? " has not been heard of since " + to_rfc3339(*silent.newest_head) + ", more than " + format_duration(silent.most) + " ago"
                                      : " has not been heard of for too long";
    all.push_back({"the copy of " + silent.domain + " is stale: " + silent.domain + since + ", so nothing of type " + joined(silent.types) + " that hangs on it is admitted" +
                       link_error(door, peers, silent.domain, who),
                   "ics help off", silent.domain == own});
  }
  return all;
}

}  // namespace

// Ready: the store can be read and written, the domain it answers for has a policy that counts, and its copy of that domain is neither
// broken nor stale. What is wrong besides is said in lines of its own: a server that cannot tell answers `unknown` and why.
Answer get_ready(Door::Impl& door, const Call& call) {
  CHECK_OK(door.service.health().check());
  const auto all = troubles(door, call.who);
  for (const auto& one : all)
    if (one.refuses) return fail(Code::unavailable, one.text, one.hint);
  std::string text = "ok\n";
  for (const auto& warning : door.service.health().warnings(call.who)) text += "warning: " + warning + "\n";
  for (const auto& one : all) text += "warning: " + one.text + " (" + one.hint + ")\n";
  return bytes_answer(view(text), "text/plain; charset=utf-8");
}

}  // namespace cm4it::http
