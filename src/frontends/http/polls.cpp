#include "frontends/http/polls.h"

#include "base/budgets.h"
#include "base/log.h"

namespace cm4it::http {
namespace {

constexpr std::chrono::milliseconds tick{100};

}  // namespace

Polls::Polls(service::Service& service)
    : service_(service), due_(std::make_shared<Inbox<std::shared_ptr<Poll>>>(2 * budget::waiting_polls)),
      thread_([this] { run(); }) {}

void Polls::stop() {
  due_->close();
  if (thread_.joinable()) thread_.join();
}

bool Polls::add(std::shared_ptr<Poll> poll) { return due_->send(std::move(poll)); }

void Polls::run() {
  auto next_tick = std::chrono::steady_clock::now() + tick;
  while (!due_->closed()) {
    for (auto& poll : due_->take(1000, tick)) {
      waiting_.erase(poll);
      try {
        if (!poll->attempt(*poll, false)) wait_on(poll);
      } catch (const std::exception& error) {
        log_error(std::string("long poll: ") + error.what());
      }
    }
    const auto now = std::chrono::steady_clock::now();
    if (now < next_tick) continue;
    next_tick = now + tick;
    std::vector<std::shared_ptr<Poll>> out_of_time;
    for (const auto& poll : waiting_)
      if (poll->deadline <= now || (poll->half_closed && poll->half_closed())) out_of_time.push_back(poll);
    for (const auto& poll : out_of_time) finish(poll);
  }
  auto rest = waiting_;
  for (auto& poll : due_->take(2 * budget::waiting_polls, tick)) rest.insert(std::move(poll));
  for (const auto& poll : rest) finish(poll);
}

void Polls::wait_on(const std::shared_ptr<Poll>& poll) {
  if (poll->deadline <= std::chrono::steady_clock::now()) return finish(poll);
  // The inbox outlives this object in the callback: a commit may call it while we stop.
  const auto ticket = service_.when_changed(poll->position, [due = due_, poll] {
    if (!due->send(std::shared_ptr<Poll>(poll))) return;
  });
  if (!ticket) return finish(poll);
  poll->ticket = *ticket;
  waiting_.insert(poll);
}

void Polls::finish(const std::shared_ptr<Poll>& poll) {
  if (poll->ticket) service_.forget(poll->ticket);
  waiting_.erase(poll);
  poll->attempt(*poll, true);
}

}  // namespace cm4it::http
