// Forwards statements to a home of one domain, and retries until they are received or refused for good.
#pragma once

#include <functional>
#include <set>
#include <thread>

#include "base/guarded.h"
#include "base/mutex.h"
#include "service/forward_queue.h"
#include "sync/own_policies.h"
#include "sync/sync.h"

namespace cm4it::sync {

class Outbox {
 public:
  // `ended` is told why a statement will not be received, on this outbox's thread.
  using Ended = std::function<void(const std::string& why)>;
  Outbox(std::string domain, const Options& options, service::Service& service, Ended ended);
  ~Outbox();

  void add(const evidence::StatementId& statement);
  void look_again();  // the policies have changed: what can be sent may have changed too
  std::size_t pending() const { return waiting_.with([](const auto& waiting) { return waiting.size(); }); }
  std::string last_error() const { return last_error_.with([](const auto& error) { return error; }); }

 private:
  void run();
  Result<bool> send_all();  // true: at least one statement was received or refused for good
  Result<std::shared_ptr<Peer>> home();
  Result<bool> send(const std::vector<evidence::StatementId>& statements, Peer& peer);
  Result<bool> settle(const service::Record& record, const Peer::Outcome& outcome, Peer& peer);
  void received(const evidence::StatementId& statement);
  using End = service::ForwardQueue::End;
  Result<bool> end(const evidence::StatementId& statement, End how, const std::string& reason);
  Result<bool> give_up(const evidence::StatementId& statement, const std::string& answer);
  Result<bool> end_what_would_be_refused();
  Result<bool> end_what_is_too_old(const std::string& answer);
  Result<bool> is_too_old(const evidence::StatementId& statement) const;
  Result<void> fetch_receipt(const service::Record& record, Peer& peer);

  const std::string domain_;
  const Options& options_;
  service::Service& service_;
  service::ForwardQueue& queue_;
  const Ended ended_;
  // The outbox's thread only.
  OwnPolicies own_policies_;
  policy::PoliciesPtr judged_by_;  // under which these were found to be worth sending
  std::set<evidence::StatementId> judged_;
  std::size_t failures_ = 0;  // of homes: the next one is tried after each

  Guarded<std::set<evidence::StatementId>> waiting_;
  Guarded<std::string> last_error_;
  Guarded<std::shared_ptr<Peer>> peer_;
  Mutex mutex_;
  Condition added_;
  bool news_ GUARDED_BY(mutex_) = false, stopped_ GUARDED_BY(mutex_) = false, again_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace cm4it::sync
