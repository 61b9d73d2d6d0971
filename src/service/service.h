// The parts that every door calls, each with the few things that it needs, wired together and stopped in order. One rule in a part is
// one rule in every door.
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
  SteadySeconds steady = machine_seconds();   // by which time goes on where homes' clocks are used
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
  // Doors and links are stopped by then. What waits is refused; what is worked on is still done and written.
  ~Service();

  // A header of its own each; they live as long as this does.
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
  // What the copy of `domain` from the server at `url` keeps. One at a time of each; it ends before this does.
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
