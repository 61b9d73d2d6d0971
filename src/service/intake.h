// How evidence enters: submissions (decode, eligible, verify, append), and records of peers' feeds.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "service/foreign_receipts.h"
#include "service/forwarder.h"
#include "service/quota.h"
#include "service/transfer_pins.h"
#include "service/verdicts.h"

namespace cm4it::service {

struct IntakeOptions {
  std::size_t issuer_per_minute = 0;          // statements of one issuer accepted a minute; 0: no quota
  std::size_t subject_statements = 0;         // statements of one issuer about one subject
};

// Any thread.
class Intake {
 public:
  // References outlive this; queues are stopped first.
  Intake(ledger::Ledger& ledger, const Access& access, const Clocks& clocks, Queues& queues, const Verdicts& verdicts, TransferPins& pins,
         IntakeOptions options)
      : ledger_(ledger), access_(access), clocks_(clocks), turns_(queues.submissions()), queues_(queues), verdicts_(verdicts), pins_(pins),
        options_(options), quota_(options.issuer_per_minute), receipts_(clocks.homes()) {}

  void set_forwarder(Forwarder* forwarder) { forwarder_ = forwarder; }  // before the first submission
  void stop() { stopping_ = true; }  // refuses what waits (unavailable), and lets the workers finish what they began

  // On a worker: decode, eligible, verify, append. `domain`: for evidence that names none. `done` is called
  // once, on another thread, results in the order of the pieces; unavailable where too many wait.
  // own: what lies beside the configuration, which the quota a minute does not concern.
  enum class Whose { strangers, own };
  Result<void> submit(std::vector<evidence::Piece> pieces, std::string domain, SubmitDone done, const Caller& caller = {},
                      Whose whose = Whose::strangers);
  // The same for a body of so many octets that is costly to split: `split` is called on a worker. If it fails, `done` is given its
  // error; a body without pieces has no results.
  using Split = std::function<Result<std::vector<evidence::Piece>>()>;
  Result<void> submit(Split split, std::size_t octets, std::string domain, std::function<void(Result<std::vector<ItemResult>>)> done,
                      const Caller& caller);
  // The same for what a peer sent; blocks until all of it is durable. Then heads may be noted.
  Result<IngestReport> ingest(const std::string& from_domain, std::vector<PeerRecord> records);
  // Why the homes of a domain would refuse for good what is stored here, as far as the policies known here tell; none: they may take it.
  Result<std::optional<std::string>> would_be_refused(const ledger::Record& record, const std::string& domain) const;

  struct Counters { std::uint64_t received = 0, provisional = 0, not_yet = 0, refused = 0; };  // pieces of submissions
  Counters counters() const { return {received_, provisional_, not_yet_, refused_}; }

 private:
  // Pieces of one submission, worked on by several threads; the last one to finish goes on.
  struct Round;
  using RoundPtr = std::shared_ptr<Round>;
  class CopyIntake;  // ingest.cpp

  void start(const RoundPtr& round);
  void start_with_accompanying(const RoundPtr& round);
  void start_round(const RoundPtr& round, std::vector<std::size_t> indices);
  void add_part(const RoundPtr& round);
  void examine_part(const RoundPtr& round);
  void examine_one(const RoundPtr& round, std::size_t index);
  void piece_done(const RoundPtr& round, std::size_t index, ItemResult result);
  void round_done(const RoundPtr& round);
  void warn_of_serials(const RoundPtr& round, std::size_t from);
  void answer_round(const RoundPtr& round);
  // Logs it when a key that plays a role says of itself that it is compromised.
  void warn_of_compromise(const std::vector<evidence::Statement>& statements) const;

  ledger::Ledger& ledger_;
  const Access& access_;
  const Clocks& clocks_;
  Turns& turns_;
  Queues& queues_;
  const Verdicts& verdicts_;
  TransferPins& pins_;
  const IntakeOptions options_;
  Forwarder* forwarder_ = nullptr;
  Guarded<IssuerQuota> quota_;
  ForeignReceipts receipts_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> received_{0}, provisional_{0}, not_yet_{0}, refused_{0};
};

}  // namespace cm4it::service
