#include "service/service.h"

#include <atomic>

#include "service/certificates.h"
#include "service/feed.h"
#include "service/forward_queue.h"
#include "service/health.h"
#include "service/intake.h"
#include "service/ledger_for_test.h"
#include "service/link_store.h"
#include "service/log_view.h"

namespace cm4it::service {
namespace {

// The parts that are told of commits. They are made before the ledger, since it tells them from its first commit on.
struct Told {
  Told(const Options& options, bool is_home) : clocks(options.clock, options.steady, is_home, stamps) {}

  // On the appender's thread. Time and stamps are updated first, since whoever is woken reads at once.
  void committed(const ledger::Change& change) {
    ++commits;
    clocks.committed(change.newest_time);
    stamps.committed(change);
    watch.committed(change);
  }

  Stamps stamps;
  Clocks clocks;
  Watch watch{budget::waiting_polls};
  std::atomic<std::uint64_t> commits{0};
};

}  // namespace

struct Service::Parts {
  Parts(const Options& options, std::unique_ptr<Told> of_commits, std::unique_ptr<ledger::Ledger> opened)
      : told(std::move(of_commits)), ledger(std::move(opened)), server_key(options.server_key->public_key().id()),
        access(*ledger, told->clocks, options.default_domain, server_key), queues(access, options.workers),
        verdicts(*ledger, access, told->clocks, told->stamps, options.server_key, options.folded_statements),
        feed(*ledger, access, integrity, options.folded_statements), logs(*ledger, access, told->clocks, integrity),
        certificates(*ledger, access, integrity, told->stamps), forwards(*ledger, access), health(*ledger, access, told->clocks, integrity), pins(*ledger, told->clocks, queues),
        intake(*ledger, access, told->clocks, queues, verdicts, pins, {options.issuer_per_minute, options.subject_statements}) {}
  // Stop the workers first: their last jobs still use every part. Then the ledger, which writes what they appended and tells the parts.
  ~Parts() {
    intake.stop();
    queues.stop();
    ledger.reset();
  }

  const std::unique_ptr<Told> told;
  std::unique_ptr<ledger::Ledger> ledger;
  const KeyId server_key;
  const Integrity integrity;
  const Access access;
  Queues queues;
  const Verdicts verdicts;
  const Feed feed;
  LogView logs;
  const Certificates certificates;
  ForwardQueue forwards;
  const Health health;
  TransferPins pins;
  Intake intake;
};

Service::Service(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Service::~Service() = default;

Result<std::unique_ptr<Service>> Service::start(Options options, ledger::Options ledger_options, std::unique_ptr<store::Store> store) {
  auto told = std::make_unique<Told>(options, !ledger_options.homes.empty());
  TRY(auto ledger, ledger::Ledger::open(std::move(ledger_options), std::move(store),
                                        [told = told.get()](const ledger::Change& change) { told->committed(change); }));
  auto parts = std::make_unique<Parts>(options, std::move(told), std::move(ledger));
  CHECK_OK(parts->pins.load());
  TRY(const auto reader, parts->ledger->reader());
  CHECK_OK(parts->told->clocks.load(reader));
  parts->told->watch.begin(reader.published().next);
  parts->pins.resume();
  return std::unique_ptr<Service>(new Service(std::move(parts)));
}

Intake& Service::intake() { return parts_->intake; }
const Verdicts& Service::verdicts() const { return parts_->verdicts; }
const Feed& Service::feed() const { return parts_->feed; }
LogView& Service::logs() { return parts_->logs; }
const LogView& Service::logs() const { return parts_->logs; }
Watch& Service::watch() { return parts_->told->watch; }
const Access& Service::access() const { return parts_->access; }
Queues& Service::queues() { return parts_->queues; }
const Certificates& Service::certificates() const { return parts_->certificates; }
const Health& Service::health() const { return parts_->health; }
ForwardQueue& Service::forwards() { return parts_->forwards; }
LinkStore Service::link_store(std::string domain, std::string url) { return {*parts_->ledger, std::move(domain), std::move(url)}; }

Time Service::now() const { return parts_->told->clocks.now(); }
const std::string& Service::default_domain() const { return parts_->access.default_domain(); }
KeyId Service::server_key() const { return parts_->server_key; }
ledger::Ledger& LedgerForTest::ledger_of(Service& service) { return *service.parts_->ledger; }

Service::Counters Service::counters() const {
  const auto published = parts_->ledger->published();
  const auto taken = parts_->intake.counters();
  return {taken.received, taken.provisional, taken.not_yet, taken.refused, parts_->told->commits, parts_->verdicts.look_ups(),
          published->unpinned_dropped, published->unpinned_domains};
}

}  // namespace cm4it::service
