// Answers that are given again, and signed anew before they end. An answer is good while nothing came about its subject (the
// stamp) and its time has not come. Each thread has its own; what all of them share is looked into when that one has ended.
#include <chrono>
#include <map>

#include "base/budgets.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "frontends/ocsp/impl.h"

namespace cm4it::ocsp {
namespace {

enum CachedKind : std::uint8_t { subject_of_request = 1, answer_to_post = 2, answer_to_get = 3 };

constexpr auto between_looks = std::chrono::seconds(1);

service::AnswerCache::Key key_of(const Digest& request, CachedKind kind) {
  service::AnswerCache::Key key;
  key.subject.digest = request;
  key.kind = kind;
  return key;
}

CachedKind kind_of(bool get) { return get ? answer_to_get : answer_to_post; }

net::Response http_of(const Outcome& outcome, bool get) {
  net::Response response;
  response.content_type = "application/ocsp-response";
  response.body = text(outcome.der);
  response.headers = {{"Access-Control-Allow-Origin", "*"}};
  const bool kept = get && outcome.max_age > 0;  // RFC 5019 section 6.2
  response.headers.emplace_back("Cache-Control", kept ? "max-age=" + std::to_string(outcome.max_age) + ", public, no-transform, must-revalidate" : "no-store");
  if (kept) response.headers.emplace_back("ETag", "\"" + to_hex(crypto::sha256(outcome.der)) + "\"");
  return response;
}

}  // namespace

service::AnswerCache& Ocsp::Impl::cache() {
  struct Mine {
    std::unique_ptr<service::AnswerCache> answers;
    std::uint64_t of = 0;  // the authorities that signed them
  };
  thread_local std::map<const Impl*, Mine> caches;
  Mine& mine = caches[this];
  const std::uint64_t now = replaced_.load(std::memory_order_relaxed);
  if (!mine.answers || mine.of != now) mine = {std::make_unique<service::AnswerCache>(options.cache_bytes), now};
  return *mine.answers;
}

void Ocsp::Impl::put(const Digest& request, const Made& made, bool get) {
  const auto row = made.subject.row();
  cache().put(key_of(request, subject_of_request), {}, Time::never(), std::make_shared<const std::string>(row.begin(), row.end()));
  cache().put(key_of(request, kind_of(get)), made.stamp, made.fresh_until, get ? made.got : made.posted);
}

std::shared_ptr<const std::string> Ocsp::Impl::ready(View request, bool get) {
  const Digest digest = crypto::sha256(request);
  const Time now = service.now();
  if (const auto* row = cache().find(key_of(digest, subject_of_request), {}, now)) {
    service::SubjectId subject;
    subject.kind = static_cast<evidence::SubjectKind>((**row)[0]);
    std::copy((*row)->begin() + 1, (*row)->end(), subject.digest.begin());
    if (const auto* answer = cache().find(key_of(digest, kind_of(get)), service.stamp(subject), now)) return *answer;
  }
  const auto shared = known_.with([&](auto& known) -> std::optional<Made> {
    const auto found = known.find(digest);
    if (found == known.end()) return {};
    found->second.asked = true;
    if (found->second.stamp != service.stamp(found->second.subject) || found->second.fresh_until <= now) return {};
    return found->second;
  });
  if (!shared) return {};
  put(digest, *shared, get);
  return get ? shared->got : shared->posted;
}

Made Ocsp::Impl::keep(const Outcome& outcome) {
  Made made = *outcome.made;
  made.posted = net::serialize(http_of(outcome, false));
  made.got = net::serialize(http_of(outcome, true));
  known_.with([&](auto& known) {
    const Digest digest = crypto::sha256(made.request);
    if (known.size() >= budget::ocsp_answers && !known.contains(digest)) known.erase(known.begin());
    known[digest] = made;
  });
  return made;
}

net::Response Ocsp::Impl::http_answer(const Outcome& outcome, bool get) {
  if (!outcome.made) return http_of(outcome, get);
  const Made made = keep(outcome);
  net::Response response;
  response.ready = get ? made.got : made.posted;
  return response;
}

// A second ahead: others may go on with the old one for a quarter of its life. What nobody asked for in the meantime is let go.
std::size_t Ocsp::Impl::sign_due() {
  watch_.look(*authorities(), service.now());
  const Time soon = service.now() + 1;
  const auto due = known_.with([&](auto& known) {
    std::vector<Bytes> requests;
    for (auto at = known.begin(); at != known.end();) {
      if (at->second.fresh_until > soon) {
        ++at;
      } else if (at->second.asked) {
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
    if (outcome.made) {
      outcome.made->asked = false;
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
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, between_looks, [&] { return stopping_; })) {
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
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (signing_ahead_.joinable()) signing_ahead_.join();
}

}  // namespace cm4it::ocsp
