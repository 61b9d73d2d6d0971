#include "frontends/http/polls.h"

#include "base/budgets.h"
#include "base/log.h"
#include "service/access.h"
#include "service/feed.h"
#include "service/queues.h"
#include "service/watch.h"

namespace cm4it::http {
namespace {

constexpr std::chrono::milliseconds tick_time{100};

const Error too_many_wait{Code::unavailable, "too many requests wait for changes", "try again later"};

}  // namespace

Polls::Polls(service::Service& service)
    : service_(service), messages_(std::make_shared<Messages>(3 * budget::waiting_polls)), thread_([this] { run(); }) {}

void Polls::stop() {
  messages_->close();
  if (thread_.joinable()) thread_.join();
}

// Strangers may not use all places of waiting polls, so that servers and callers with a role always find one.
bool Polls::add(PollPtr poll) {
  if (service_.access().rank_of(poll->caller) < Rank::key) return messages_->send({std::move(poll), false});
  const std::string address = poll->caller.address;
  const bool room = strangers_->with([&](Strangers& strangers) {
    std::size_t& of_one = strangers.of_address[address];
    if (strangers.all >= budget::polls_of_strangers || of_one >= budget::polls_of_one) return false;
    ++strangers.all;
    ++of_one;
    return true;
  });
  if (!room) return false;
  // A stranger's poll is counted as long as this object lives.
  poll->counted = std::shared_ptr<const void>(nullptr, [strangers = strangers_, address](const void*) {
    strangers->with([&](Strangers& counted) {
      --counted.all;
      const auto of_one = counted.of_address.find(address);
      if (--of_one->second == 0) counted.of_address.erase(of_one);
    });
  });
  return messages_->send({std::move(poll), false});
}

void Polls::run() {
  auto next_tick = std::chrono::steady_clock::now() + tick_time;
  while (!messages_->closed()) {
    for (auto& message : messages_->take(1000, tick_time)) {
      waiting_.erase(message.poll);
      if (message.due) attempt_in_turn(message.poll);
      else wait_on(message.poll);
    }
    const auto now = std::chrono::steady_clock::now();
    if (now < next_tick) continue;
    next_tick = now + tick_time;
    tick();
  }
  std::set<PollPtr> rest = waiting_;
  rest.insert(refused_.begin(), refused_.end());
  for (auto& message : messages_->take(3 * budget::waiting_polls, tick_time)) rest.insert(std::move(message.poll));
  for (const auto& poll : rest) finish(poll);
}

void Polls::tick() {
  for (const auto& poll : std::exchange(refused_, {})) attempt_in_turn(poll);
  const auto now = std::chrono::steady_clock::now();
  std::vector<PollPtr> out_of_time;
  for (const auto& poll : waiting_)
    if (poll->deadline <= now || (poll->half_closed && poll->half_closed())) out_of_time.push_back(poll);
  for (const auto& poll : out_of_time) {
    service_.watch().forget(poll->ticket);
    waiting_.erase(poll);
    attempt_in_turn(poll);
  }
}

void Polls::wait_on(const PollPtr& poll) {
  if (poll->deadline <= std::chrono::steady_clock::now()) return attempt_in_turn(poll);
  // The inbox outlives this object in the callback: a commit may call it while we stop.
  const auto ticket = service_.watch().subscribe(service_.feed().interest_in(poll->domain), poll->position, [messages = messages_, poll] {
    if (!messages->send({poll, true})) return;
  });
  if (!ticket) return poll->refuse(too_many_wait);
  poll->ticket = *ticket;
  waiting_.insert(poll);
}

// What an attempt reads takes its time, and strangers' polls wake with those of servers: each has its turn as a reading.
void Polls::attempt_in_turn(const PollPtr& poll) {
  const auto accepted = service_.queues().read_in_turn(poll->caller, [messages = messages_, poll] {
    const bool time_is_up = poll->deadline <= std::chrono::steady_clock::now();
    if (poll->attempt(*poll, time_is_up)) return;
    if (!messages->send({poll, false})) poll->attempt(*poll, true);  // the door closes
  });
  if (accepted) return;
  if (poll->deadline <= std::chrono::steady_clock::now()) return poll->refuse(accepted.error());
  refused_.insert(poll);
}

// The front end closes: the poll is answered with what there is.
void Polls::finish(const PollPtr& poll) {
  if (poll->ticket) service_.watch().forget(poll->ticket);
  try {
    poll->attempt(*poll, true);
  } catch (const std::exception& error) {
    log_error(std::string("long poll: ") + error.what());
  }
}

}  // namespace cm4it::http
