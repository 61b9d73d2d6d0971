#include "frontends/ocsp/delegates.h"

#include <algorithm>

#include "base/log.h"
#include "frontends/ocsp/ocsp.h"

namespace cm4it::ocsp {
namespace {

constexpr Seconds day = 86'400, weeks_ahead = 21 * day;

// Of a certificate that lives for a week three weeks are no warning: the last third of its life.
Time warn_from(const crypto::ocsp::Responder& responder) {
  const Seconds life = responder.valid_until() - responder.valid_from();
  return responder.valid_until() + -std::min(weeks_ahead, life / 3);
}

// Logs what is wrong with one delegate, and returns when to check it again.
Time look_at(const crypto::ocsp::Responder& responder, Time now) {
  if (responder.valid_until() == Time::never()) return Time::never();
  const std::string whose = "ocsp: the certificate of the delegate of " + responder.ca_text();
  const std::string what_next = "; put a new one (`ics ocsp-cert`) in its place, and send SIGHUP";
  if (now >= responder.valid_until()) {
    log_error(whose + " expired at " + to_rfc3339(responder.valid_until()) + ": OCSP answers tryLater" + what_next);
    return now + day;
  }
  if (now < responder.valid_from()) {
    log_error(whose + " holds from " + to_rfc3339(responder.valid_from()) + " on: until then OCSP answers tryLater");
    return responder.valid_from();
  }
  if (now < warn_from(responder)) return warn_from(responder);
  log_warn(whose + " expires at " + to_rfc3339(responder.valid_until()) + what_next);
  return std::min(now + day, responder.valid_until());
}

}  // namespace

void DelegateWatch::begin(const std::vector<Authority>& authorities, Time now) {
  {
    const Lock lock(mutex_);
    next_ = now;
  }
  check(authorities, now);
}

void DelegateWatch::check(const std::vector<Authority>& authorities, Time now) {
  const Lock lock(mutex_);
  if (now < next_) return;
  next_ = Time::never();
  for (const Authority& authority : authorities) next_ = std::min(next_, look_at(authority.responder, now));
}

}  // namespace cm4it::ocsp
