// Long polls: requests that wait for a commit or for their time to be up. One thread serves them all.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <thread>

#include "base/inbox.h"
#include "service/service.h"

namespace cm4it::http {

struct Poll {
  std::uint64_t position = 0;                            // wake after a commit beyond this
  std::chrono::steady_clock::time_point deadline;
  // Tries to answer; true: answered, or the client has gone. `time_is_up`: must answer now. May move `position` on.
  std::function<bool(Poll& poll, bool time_is_up)> attempt;
  std::function<bool()> half_closed;                     // the client may have left: it is answered now; empty: never
  service::Service::Ticket ticket = 0;                   // the polls' thread only
};

class Polls {
 public:
  explicit Polls(service::Service& service);
  ~Polls() { stop(); }
  // Everything that waits is answered; nothing waits from then on, and the service is not asked any more.
  void stop();

  // False: too many polls wait already.
  [[nodiscard]] bool add(std::shared_ptr<Poll> poll);

 private:
  void run();
  void wait_on(const std::shared_ptr<Poll>& poll);
  void finish(const std::shared_ptr<Poll>& poll);

  service::Service& service_;
  // Polls that are new, or that a commit woke.
  std::shared_ptr<Inbox<std::shared_ptr<Poll>>> due_;
  std::set<std::shared_ptr<Poll>> waiting_;  // the polls' thread only
  std::thread thread_;
};

}  // namespace cm4it::http
