// Internals of OCSP that its files share.
#pragma once

#include <atomic>
#include <thread>
#include <unordered_map>

#include "base/guarded.h"
#include "base/mutex.h"
#include "frontends/ocsp/certificate_status.h"
#include "frontends/ocsp/delegates.h"
#include "frontends/ocsp/ocsp.h"
#include "routing/router.h"

namespace cm4it::ocsp {

using AuthoritiesPtr = std::shared_ptr<const std::vector<Authority>>;

// An answer that may be given again: to a request without nonce, about one certificate.
struct CachedResponse {
  Bytes request;      // DER
  service::SubjectId subject;
  service::Stamp stamp;
  Time fresh_until;   // from then on a newer one is given
  std::shared_ptr<const std::string> post_response, get_response;  // the whole HTTP answer, to POST and to GET
  bool requested_since_signing = true;
  std::uint32_t signers = 0;  // Ocsp::Impl::replaced_ before it was signed
};

struct Outcome {
  Bytes der;
  Seconds max_age = 0;       // seconds for which caches may store it; 0: they may not
  std::optional<CachedResponse> cacheable;  // without the HTTP answers
};

struct Ocsp::Impl : std::enable_shared_from_this<Ocsp::Impl> {
  Impl(service::Service& given, OcspOptions options_given);

  void respond_to(const routing::Call& call, net::Responder respond);

  // answer.cpp: the request's answer, signed now, out of what `who` may read. Refusals are answers as well.
  Outcome answer(View request, const service::Principal& who) const;

  // Those that answer now; they may be replaced meanwhile.
  AuthoritiesPtr authorities() const;
  void replace(std::vector<Authority> authorities);

  // ready.cpp. An answer that this event loop has, or that was signed for another: without one where none is good any more.
  net::Response ready(View request, bool get, unsigned loop);
  net::Response http_answer(const Outcome& outcome, bool get);  // also caches the answer where that is allowed
  std::size_t sign_due();
  void start();  // the thread that signs ahead
  void stop();

  service::Service& service;
  const OcspOptions options;  // without the authorities
  const routing::Router router;

 private:
  mutable Guarded<AuthoritiesPtr> authorities_;
  std::atomic<std::uint32_t> replaced_ = 0;  // how often authorities were replaced: answers cached before that are not given
  DelegateWatch watch_;
  net::Response answer_of(const CachedResponse& cached, bool get) const;
  CachedResponse keep(const Outcome& outcome);

  Guarded<std::unordered_map<Digest, CachedResponse, DigestHash>> known_;  // by SHA-256 of the request; of all threads
  Mutex mutex_;
  Condition wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread signing_ahead_;
};

}  // namespace cm4it::ocsp
