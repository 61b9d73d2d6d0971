// Long polls: requests that wait for a commit or for their time to be up. One thread serves them all.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <map>
#include <set>
#include <thread>

#include "base/guarded.h"
#include "base/inbox.h"
#include "service/caller.h"
#include "service/service.h"
#include "service/watch.h"

namespace cm4it::http {

struct Poll {
  service::Caller caller;
  std::string domain;                                    // waits for commits that concern it
  std::uint64_t position = 0;                            // that are beyond this
  std::chrono::steady_clock::time_point deadline;
  // Tries to answer; true: answered, or the client has gone. `time_is_up`: must answer now. May move `position` on.
  std::function<bool(Poll& poll, bool time_is_up)> attempt;
  std::function<void(const Error&)> refuse;              // answers so
  std::function<bool()> half_closed;                     // the client may have left: it is answered now; empty: never
  service::Watch::Ticket ticket = 0;                     // the polls' thread only
  std::shared_ptr<const void> counted;                   // a stranger's place among those that may wait
};
using PollPtr = std::shared_ptr<Poll>;

class Polls {
 public:
  explicit Polls(service::Service& service);
  ~Polls() { stop(); }
  // Everything that waits is answered; nothing waits from then on, and the service is not asked any more.
  void stop();

  // From any thread. False: too many polls wait already, of all or of such callers.
  [[nodiscard]] bool add(PollPtr poll);

 private:
  struct Message { PollPtr poll; bool due = false; };  // due: a commit woke it; else it is to wait
  using Messages = Inbox<Message>;
  // The number of polls by strangers (no servers, no role), whether they wait or are being answered.
  struct Strangers { std::size_t all = 0; std::map<std::string, std::size_t> of_address; };

  void run();
  void tick();
  void wait_on(const PollPtr& poll);
  void attempt_in_turn(const PollPtr& poll);
  void finish(const PollPtr& poll);

  service::Service& service_;
  std::shared_ptr<Messages> messages_;
  const std::shared_ptr<Guarded<Strangers>> strangers_ = std::make_shared<Guarded<Strangers>>();
  std::set<PollPtr> waiting_, refused_;  // the polls' thread only; refused_: there was no room for their turn, to be tried again
  std::thread thread_;
};

}  // namespace cm4it::http
