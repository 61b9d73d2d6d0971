// The one thread that writes: takes whatever waits, appends it as one batch, syncs once, then publishes and answers all.
#pragma once

#include <memory>
#include <thread>

#include "base/guarded.h"
#include "base/inbox.h"
#include "base/newest.h"
#include "ledger/authority_cache.h"
#include "ledger/batch_builder.h"
#include "ledger/signing.h"
#include "ledger/state.h"

namespace cm4it::ledger {

// One message of a batch and, until the whole batch is answered, why it was refused (none: it was not).
struct Pending {
  Message message;
  std::optional<Error> refused;
};

class Appender {
 public:
  // `state` is what load_state() read.
  Appender(const Options& options, store::Store& store, Signing& signing, State state, OnChange on_change);
  ~Appender();  // appends what still waits in the inbox

  // unavailable when the inbox is full; the message's callbacks are then never called.
  Result<void> send(Message message);
  // Since when writes fail, and why; none: the last write succeeded.
  std::optional<WriteFailure> write_failure() const { return write_failure_.with([](const auto& failure) { return failure; }); }
  PublishedPtr published() const { return published_.get(); }

 private:
  void run();
  void take_batch(std::vector<Message> messages);
  enum class Written { all, another_came_first };
  Result<Written> try_batch(std::vector<Pending>& batch);
  std::string check_signing(Time now);
  bool heads_are_due(Time now) const;
  void stop(const Error& broken) const;  // a broken invariant: the process goes down, a restart recovers
  void log_failure(std::size_t submissions, const Error& error, Time now);
  Result<Written> commit(const BatchBuilder& builder, Time now);
  Result<void> read_on();
  void tell(Change change);
  void tell_everything();
  Result<void> settle_unknown(const BatchBuilder& builder, const Error& error);

  // Constant after construction.
  const Options& options_;
  store::Store& store_;
  Signing& signing_;
  const OnChange on_change_;

  Inbox<Message> inbox_;
  State state_;  // the appender's thread only
  std::string last_failure_;  // the appender's thread only: what was logged last, and when
  Time last_failure_at_{};
  Guarded<std::optional<WriteFailure>> write_failure_;
  std::shared_ptr<AuthorityCache> authorities_ = std::make_shared<AuthorityCache>();  // the appender's thread only
  Newest<Published> published_;
  std::thread thread_;
};

}  // namespace cm4it::ledger
