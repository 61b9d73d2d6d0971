// Cached answers, which are signed anew before they expire. An answer is good while nothing came about its subject (the
// stamp) and its time has not come. Each event loop has its own; what all of them share is looked into when that one has ended.
#include <chrono>

#include "base/budgets.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "frontends/ocsp/impl.h"
#include "service/verdicts.h"

namespace cm4it::ocsp {
namespace {

using service::AnswerKind;

constexpr auto between_looks = std::chrono::seconds(1);

service::AnswerKey key_of(const Digest& request, bool get, std::uint32_t signers) {
  return {request, static_cast<std::uint8_t>(get ? AnswerKind::ocsp_get : AnswerKind::ocsp_post), signers};
}

net::Response http_of(const Outcome& outcome, bool get) {
  net::Response response;
  response.content_type = "application/ocsp-response";
  response.body = text(outcome.der);
  response.headers = {{"Access-Control-Allow-Origin", "*"}};
  const bool cacheable = get && outcome.max_age > 0;  // RFC 5019 section 6.2
  response.headers.emplace_back("Cache-Control", cacheable ? "max-age=" + std::to_string(outcome.max_age) + ", public, no-transform, must-revalidate" : "no-store");
  if (cacheable) response.headers.emplace_back("ETag", "\"" + to_hex(crypto::sha256(outcome.der)) + "\"");
  return response;
}

}  // namespace

// The event loop that sends the answer caches it.
net::Response Ocsp::Impl::answer_of(const CachedResponse& cached, bool get) const {
  const service::Answer answer{get ? cached.get_response : cached.post_response, cached.stamp, cached.fresh_until};
  net::Response response;
  response.ready = answer.octets;
  if (options.ready)
    response.on_loop = [answers = options.ready, key = key_of(crypto::sha256(cached.request), get, cached.signers), answer](unsigned loop) {
      answers->put(loop, key, answer);
    };
  return response;
}

net::Response Ocsp::Impl::ready(View request, bool get, unsigned loop) {
  const Digest digest = crypto::sha256(request);
  const std::uint32_t now_signing = replaced_.load(std::memory_order_acquire);
  net::Response response;
  if (options.ready) response.ready = options.ready->find(loop, key_of(digest, get, now_signing));
  if (response.ready) return response;
  const auto shared = known_.with([&](auto& known) -> std::optional<CachedResponse> {
    const auto found = known.find(digest);
    if (found == known.end()) return {};
    found->second.requested_since_signing = true;
    if (found->second.signers != now_signing || !service.verdicts().is_present(found->second.stamp) || found->second.fresh_until <= service.now()) return {};
    return found->second;
  });
  return shared ? answer_of(*shared, get) : response;
}

CachedResponse Ocsp::Impl::keep(const Outcome& outcome) {
  CachedResponse cached = *outcome.cacheable;
  cached.post_response = net::serialize(http_of(outcome, false));
  cached.get_response = net::serialize(http_of(outcome, true));
  known_.with([&](auto& known) {
    const Digest digest = crypto::sha256(cached.request);
    if (known.size() >= budget::ocsp_answers && !known.contains(digest)) known.erase(known.begin());
    known[digest] = cached;
  });
  return cached;
}

net::Response Ocsp::Impl::http_answer(const Outcome& outcome, bool get) {
  if (!outcome.cacheable) return http_of(outcome, get);
  return answer_of(keep(outcome), get);
}

// A second ahead: others may go on with the old one for a quarter of its life. What nobody asked for in the meantime is let go.
std::size_t Ocsp::Impl::sign_due() {
  watch_.check(*authorities(), service.now());
  const Time soon = service.now() + 1;
  const auto due = known_.with([&](auto& known) {
    std::vector<Bytes> requests;
    for (auto at = known.begin(); at != known.end();) {
      if (at->second.fresh_until > soon) {
        ++at;
      } else if (at->second.requested_since_signing) {
        requests.push_back(at->second.request);
        ++at;
      } else {
        at = known.erase(at);
      }
    }
    return requests;
  });
  for (const Bytes& request : due) {
    Outcome outcome = answer(request, {});
    if (outcome.cacheable) {
      outcome.cacheable->requested_since_signing = false;
      keep(outcome);
    } else {
      known_.with([&](auto& known) { known.erase(crypto::sha256(request)); });
    }
  }
  return due.size();
}

void Ocsp::Impl::start() {
  if (!options.sign_ahead) return;
  signing_ahead_ = std::thread([this] {
    Lock lock(mutex_);
    for (;;) {
      const auto next_look = std::chrono::steady_clock::now() + between_looks;
      while (!stopping_ && wake_.wait_until(lock, next_look)) {}
      if (stopping_) return;
      lock.unlock();
      try {
        sign_due();
      } catch (const std::exception& error) {
        log_error(std::string("ocsp: signing ahead: ") + error.what());
      }
      lock.lock();
    }
  });
}

void Ocsp::Impl::stop() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (signing_ahead_.joinable()) signing_ahead_.join();
}

}  // namespace cm4it::ocsp
