// The parts that every front end calls, wired together and stopped in order. Each has only what it needs. A rule that stands in a part
// holds for every front end.
#pragma once

#include <memory>
#include <string>

#include "base/budgets.h"
#include "crypto/signer.h"
#include "service/home_clocks.h"

namespace cm4it::ledger {
class Ledger;
struct Options;
}  // namespace cm4it::ledger
namespace cm4it::store {
class Store;
}

namespace cm4it::service {

class Access;
class Certificates;
class Feed;
class ForwardQueue;
class Health;
class Intake;
class LinkStore;
class LogView;
class Queues;
class Verdicts;
class Watch;

struct Options {
  Clock clock;
  SteadySeconds steady = machine_seconds();   // counts the seconds where homes' clocks are used instead of ours
  crypto::SignerPtr server_key;               // tokens
  std::string default_domain;
  unsigned workers = 0;                       // threads that decode and verify, and as many for long readings; 0: one a core
  std::size_t issuer_per_minute = 0;          // quota: statements of one issuer accepted a minute; 0: none
  std::size_t subject_statements = 2'000;     // quota: statements of one issuer about one subject
  std::size_t folded_statements = budget::folded_statements;  // for one answer about many subjects
};

class Service {
 public:
  static Result<std::unique_ptr<Service>> start(Options options, ledger::Options ledger_options,
                                                std::unique_ptr<store::Store> store);
  // Front ends and links must have been stopped before. Refuses what waits; finishes and writes what the workers began.
  ~Service();

  // Each part has a header of its own, and lives as long as this does.
  Intake& intake();
  const Verdicts& verdicts() const;
  const Feed& feed() const;
  LogView& logs();
  const LogView& logs() const;
  Watch& watch();
  const Access& access() const;
  Queues& queues();
  const Certificates& certificates() const;
  const Health& health() const;
  ForwardQueue& forwards();
  // The stored state of the copy of `domain` from the server at `url`. Only one object for each copy at a time; it ends before this.
  LinkStore link_store(std::string domain, std::string url);

  Time now() const;                           // the clock's or that of homes (home_clocks.h), and never before the newest head
  const std::string& default_domain() const;
  KeyId server_key() const;

  struct Counters {
    std::uint64_t received = 0, provisional = 0, not_yet = 0, refused = 0, commits = 0, look_ups = 0;
    std::uint64_t unpinned_dropped = 0;  // descriptors of domains that nothing pins, for newer ones
    std::size_t unpinned = 0;            // owners of such domains whose descriptors are stored
  };
  Counters counters() const;

 private:
  friend struct LedgerForTest;
  struct Parts;
  explicit Service(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cm4it::service
