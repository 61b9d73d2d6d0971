// Servers and parties for tests: keys out of seeds, a clock that is set by hand, policies written out.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "crypto/digest.h"
#include "service/certificates.h"
#include "service/feed.h"
#include "service/health.h"
#include "service/intake.h"
#include "service/ledger_for_test.h"
#include "service/log_view.h"
#include "service/queues.h"
#include "service/service.h"
#include "service/verdicts.h"
#include "service/watch.h"
#include "store/memory.h"

namespace cm4it::service::fixture {

using namespace evidence;

inline crypto::SignerPtr key_of(const std::string& name, crypto::Algorithm algorithm = crypto::Algorithm::eddsa) {
  const Digest seed = crypto::sha256(view("cm4it test key " + name));
  auto signer = crypto::from_seed(algorithm, seed);
  EXPECT_TRUE(signer) << (signer ? "" : signer.error().message);
  return *signer;
}
inline KeyId id_of(const std::string& name) { return key_of(name)->public_key().id(); }
inline std::string base64_of(const crypto::SignerPtr& key) { return key->public_key().base64(); }

// Set by the test, read by every thread of the server.
struct HandClock {
  explicit HandClock(Time time) : seconds(time.seconds) {}
  operator Time() const { return {seconds}; }
  HandClock& operator=(Time time) {
    seconds = time.seconds;
    return *this;
  }
  std::atomic<std::int64_t> seconds;
};

struct Quotas {
  std::size_t issuer_per_minute = 0, subject_statements = 10'000, folded_statements = budget::folded_statements;
};

// One ICS: home of `domain` unless `home` is false.
class Ics {
 public:
  static constexpr unsigned workers = 2;

  Ics(std::string domain, std::vector<policy::Pin> pins, bool home = true, std::unique_ptr<store::Store> store = nullptr,
      Quotas quotas = {}, crypto::SignerPtr server_key = nullptr)
      : domain_(std::move(domain)), clock(std::make_shared<HandClock>(Time{1'800'000'000})) {
    Clock now = [clock = clock]() -> Time { return *clock; };
    Options options{.clock = now, .steady = [passed = passed] { return Seconds{passed->load()}; }, .server_key = server_key ? std::move(server_key) : key_of(domain_ + " server", crypto::Algorithm::es256),
                    .default_domain = domain_, .workers = workers, .issuer_per_minute = quotas.issuer_per_minute,
                    .subject_statements = quotas.subject_statements,
                    .folded_statements = quotas.folded_statements};
    ledger::Options ledger_options{.server_name = home ? "main" : "copy",
                                   .log_key = home ? key_of(domain_ + " log") : nullptr,
                                   .homes = home ? std::vector{domain_} : std::vector<std::string>{},
                                   .pins = std::move(pins), .clock = now, .on_broken = {}};
    auto started = Service::start(std::move(options), std::move(ledger_options),
                                  store ? std::move(store) : store::open_memory());
    EXPECT_TRUE(started) << (started ? "" : started.error().message);
    service = std::move(*started);
  }

  std::vector<ItemResult> submit(std::vector<Bytes> evidence, Format format = Format::cose, const std::string& domain = {}) {
    std::vector<Piece> pieces;
    for (auto& one : evidence) pieces.push_back({format, std::move(one)});
    std::promise<std::vector<ItemResult>> done;
    auto accepted = service->intake().submit(std::move(pieces), domain, [&](auto results) { done.set_value(std::move(results)); });
    EXPECT_TRUE(accepted);
    return done.get_future().get();
  }
  ItemResult submit_one(Bytes evidence) { return submit({std::move(evidence)}).at(0); }

  policy::Verdict verdict(const SubjectId& subject, const std::string& domain = {}) {
    auto looked = service->verdicts().look_up(subject, domain, {});
    EXPECT_TRUE(looked) << (looked ? "" : looked.error().message);
    if (!looked) return {};
    views_.push_back(std::move(*looked));
    return views_.back().verdict;
  }

  // Makes and signs a statement at this server's time.
  Bytes say(const std::string& issuer, const SubjectId& subject, Body body, std::vector<std::string> domains = {}) {
    if (domains.empty()) domains = {domain_};
    auto evidence = evidence::sign({subject, std::move(domains), std::move(body), *clock, {}, {}}, *key_of(issuer));
    EXPECT_TRUE(evidence) << (evidence ? "" : evidence.error().message);
    return evidence ? *evidence : Bytes{};
  }

  ledger::Ledger& ledger() const { return LedgerForTest::ledger_of(*service); }

  const std::string domain_;
  std::shared_ptr<HandClock> clock;
  std::shared_ptr<std::atomic<std::int64_t>> passed = std::make_shared<std::atomic<std::int64_t>>(0);  // since anything, whatever the clock says
  std::unique_ptr<Service> service;

 private:
  std::vector<SubjectView> views_;
};

// All threads of these turns for anyone are taken, and their queue is full, until release().
class HeldTurns {
 public:
  using InTurn = Result<void> (Queues::*)(const Caller&, std::function<void()>);

  HeldTurns(Service& service, InTurn in_turn) {
    std::atomic<unsigned> held = 0;
    for (unsigned i = 0; i < Ics::workers; ++i)
      EXPECT_TRUE((service.queues().*in_turn)({{}, "holder " + std::to_string(i)}, [&held, until = until_] {
        ++held;
        held.notify_one();
        until.wait();
      }));
    for (unsigned now = held; now < Ics::workers; now = held) held.wait(now);
    for (unsigned i = 0; (service.queues().*in_turn)({{}, "waiter " + std::to_string(i)}, [until = until_] { until.wait(); }); ++i) {
    }
  }
  ~HeldTurns() { release(); }
  void release() {
    if (!std::exchange(released_, true)) done_.set_value();
  }

 private:
  std::promise<void> done_;
  const std::shared_future<void> until_ = done_.get_future().share();
  bool released_ = false;
};
struct HeldReadings : HeldTurns {
  explicit HeldReadings(Service& service) : HeldTurns(service, &Queues::read_in_turn) {}
};

inline std::string server_line(const std::string& domain) {
  return "[servers]\nmain = { key = \"" + base64_of(key_of(domain + " server", crypto::Algorithm::es256)) + "\", log = \"" +
         base64_of(key_of(domain + " log")) + "\", url = \"https://" + domain + ":8443\", home = true }\n";
}

// A manufacturer's domain: the owner is "acme".
inline std::string acme_policy(std::uint64_t version = 1, const std::string& more = {}) {
  return "domain = \"acme.example\"\nversion = " + std::to_string(version) + "\nowner = \"acme\"\n[keys]\nacme = \"" +
         base64_of(key_of("acme")) + "\"\n" + server_line("acme.example") +
         "[roles]\nmanufacturer = [{ key = \"acme\", formats = [\"cose\", \"manifest\"] }]\n"
         "[write]\nidentity = [\"manufacturer\"]\nendorse = [\"manufacturer\", \"holder\"]\n"
         "status = [\"manufacturer\", \"holder\"]\ntransfer = [\"holder\"]\n" + more;
}

// A plant's: owner "plant", integrator and maintainer "volta", devices from acme.
inline std::string plant_policy(std::uint64_t version = 1, const std::string& volta_until = {}, const std::string& more = {}) {
  const std::string volta = volta_until.empty() ? "\"volta\"" : "{ key = \"volta\", until = " + volta_until + " }";
  return "domain = \"plant.example\"\nversion = " + std::to_string(version) + "\nowner = \"plant\"\n[keys]\nplant = \"" +
         base64_of(key_of("plant")) + "\"\nvolta = \"" + base64_of(key_of("volta")) + "\"\nnew = \"" +
         base64_of(key_of("new integrator")) + "\"\n" + server_line("plant.example") +
         "[roles]\nintegrator = [" + volta + ", \"new\"]\nmaintainer = [" + volta + ", \"new\"]\nagent = [" + volta + "]\n"
         "manufacturer = [{ domain = \"acme.example\", role = \"manufacturer\" }]\n"
         "[write]\nidentity = [\"manufacturer\", \"integrator\"]\nendorse = [\"integrator\", \"holder\"]\n"
         "status = [\"maintainer\", \"holder\", \"manufacturer\"]\ntransfer = [\"holder\"]\nassign = [\"maintainer\"]\n"
         "[admit.device]\nidentified_by = [\"manufacturer\"]\nendorsed_by = { integrator = [\"approved\"] }\n"
         "status = [\"in-use\"]\nmax_staleness = \"24h\"\n"
         "[admit.gateway]\nidentified_by = [\"integrator\"]\nendorsed_by = { integrator = [\"approved\"] }\n"
         "status = [\"in-use\"]\n"
         "[[permit]]\nfrom = { type = [\"device\"] }\nto = { type = [\"gateway\"], cloud = [\"hall-3\"] }\n"
         "[[copy]]\ndomain = \"acme.example\"\nowner = \"" + id_of("acme").text() +
         "\"\nfrom = \"https://acme.example:8443\"\nselect = { holder = [\"@self\"] }\n" + more;
}

inline Bytes policy_evidence(const std::string& owner, const std::string& domain, const std::string& text, Time time) {
  auto evidence = evidence::sign({SubjectId::key(id_of(owner)), {domain}, PolicyText{text}, time, {}, {}}, *key_of(owner));
  EXPECT_TRUE(evidence) << (evidence ? "" : evidence.error().message);
  return evidence ? *evidence : Bytes{};
}

inline Identity device_identity(const std::string& name, const std::string& model = "thermo-2000") {
  Identity identity;
  identity.type = Type::device;
  identity.spki = to_bytes(key_of(name)->public_key().spki());
  identity.maker = "Acme";
  identity.model = model;
  identity.serial = name;
  return identity;
}

inline SubjectId subject_of(const std::string& name) { return SubjectId::key(id_of(name)); }

// A page of a feed, as a peer hands its records in; and its heads, as a link notes them.
inline std::vector<PeerRecord> peer_records(const FeedPage& page) {
  std::vector<PeerRecord> records;
  for (const auto& record : page.records) records.push_back({{record.format, record.evidence}, record.issuer, record.receipts});
  return records;
}
inline void note_heads(Ics& to, const FeedPage& page) {
  for (const auto& head : page.heads)
    if (const auto check = to.service->logs().check_head(head.domain, head.note); check && !check->settled) {
      EXPECT_TRUE(to.service->logs().note_head(*check, std::nullopt));
    }
  to.ledger().drain();
}

// What one server's feed gives another, as sync carries it.
inline IngestReport carry(Ics& from, Ics& to, const std::string& domain, std::optional<policy::Selectors> select = {}) {
  IngestReport total;
  for (std::uint64_t position = 0;;) {
    auto page = from.service->feed().page({domain, position, select}, {});
    EXPECT_TRUE(page) << (page ? "" : page.error().message);
    auto report = to.service->intake().ingest(domain, peer_records(*page));
    EXPECT_TRUE(report);
    total.taken += report->taken;
    total.known += report->known;
    total.refused += report->refused;
    total.not_yet += report->not_yet;
    if (total.first_refusal.empty()) total.first_refusal = report->first_refusal;
    note_heads(to, *page);
    position = page->next;
    if (!page->more) return total;
  }
}

}  // namespace cm4it::service::fixture
