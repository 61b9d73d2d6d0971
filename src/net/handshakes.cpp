#include "net/handshakes.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "net/budgets.h"

namespace cm4it::net {
namespace {

using std::chrono::nanoseconds;

constexpr int lower_priority = 5;  // setpriority(2), which Linux counts by thread: about a third of the weight of the others
constexpr nanoseconds burst = std::chrono::milliseconds(budget::handshake_burst_ms);
constexpr nanoseconds overhead = std::chrono::microseconds(20);  // of a step that does next to nothing

// The time spent waiting for a token is not counted, since it uses no processor.
nanoseconds processor_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

}  // namespace

Handshakes::Handshakes(unsigned threads) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

void Handshakes::post(Source source, std::function<void()> step) {
  {
    const Lock lock(mutex_);
    if (stopping_) return;
    lanes_[source].steps.push_back(std::move(step));
  }
  waiting_.notify_one();
}

void Handshakes::stop() {
  std::map<Source, Lane> dropped;
  {
    const Lock lock(mutex_);
    stopping_ = true;
    dropped.swap(lanes_);
  }
  waiting_.notify_all();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

nanoseconds Handshakes::Lane::spent_by(Clock::time_point now) const {
  const auto forgotten = std::chrono::duration_cast<nanoseconds>((now - counted) * budget::handshake_share_percent / 100);
  return std::max(nanoseconds(0), spent - forgotten);
}

// The lane to serve next. end(): none may be served now; `later` is when one may.
std::map<Source, Handshakes::Lane>::iterator Handshakes::next(Clock::time_point now, Clock::time_point& later) {
  auto least = lanes_.end();
  nanoseconds had{};
  for (auto at = lanes_.begin(); at != lanes_.end();) {
    Lane& lane = at->second;
    const auto spent = lane.spent_by(now);
    if (lane.steps.empty()) {
      at = spent == nanoseconds(0) ? lanes_.erase(at) : std::next(at);
      continue;
    }
    if (spent > burst) {
      later = std::min(later, now + (spent - burst) * 100 / budget::handshake_share_percent);
    } else if (least == lanes_.end() || spent < had) {
      least = at;
      had = spent;
    }
    ++at;
  }
  return least;
}

void Handshakes::charge(Source source, nanoseconds spent) {
  const auto now = Clock::now();
  const Lock lock(mutex_);
  if (stopping_) return;
  Lane& lane = lanes_[source];
  lane.spent = lane.spent_by(now) + spent;
  lane.counted = now;
}

void Handshakes::run() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), lower_priority);
  for (;;) {
    std::function<void()> step;
    Source source{};
    {
      Lock lock(mutex_);
      for (;;) {
        if (stopping_) return;
        auto later = Clock::time_point::max();
        if (const auto lane = next(Clock::now(), later); lane != lanes_.end()) {
          source = lane->first;
          step = std::move(lane->second.steps.front());
          lane->second.steps.pop_front();
          break;
        }
        later == Clock::time_point::max() ? waiting_.wait(lock) : (void)waiting_.wait_until(lock, later);
      }
    }
    const auto before = processor_time();
    try {
      step();
    } catch (const std::exception& error) {
      spdlog::error("tls handshake: {}", error.what());
    }
    step = {};
    charge(source, processor_time() - before + overhead);
  }
}

}  // namespace cm4it::net
