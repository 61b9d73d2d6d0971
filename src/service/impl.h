// The service's inside: what its parts (submit, ingest, look-up, feed, …) share.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <set>
#include <unordered_map>

#include "base/budgets.h"
#include "base/guarded.h"
#include "base/turns.h"
#include "service/policy_places.h"
#include "service/quota.h"
#include "service/service.h"

namespace cm4it::service {

// Pieces of one submission, worked on by several threads; the last one to finish goes on.
struct Round;

struct Service::Impl {
  Impl(Options given, bool is_home);
  ~Impl();
  void stop();  // what waits is refused, what is worked on is still done

  // turns.cpp
  static Turns::Options turns_options(const char* name, unsigned workers);
  Share share_of(const Caller& caller) const;
  void add_part(const Turns::TicketPtr& ticket, const std::shared_ptr<std::function<bool()>>& part);
  Result<Turns::TicketPtr> admit_submission(const Caller& caller, std::size_t octets);

  // submit.cpp
  void add_walk(const std::shared_ptr<Round>& round);
  void walk_part(const std::shared_ptr<Round>& round);
  void walk_one(const std::shared_ptr<Round>& round, std::size_t index);
  void piece_done(const std::shared_ptr<Round>& round, std::size_t index, ItemResult result);
  void round_done(const std::shared_ptr<Round>& round);
  void warn_of_serials(const std::shared_ptr<Round>& round, std::size_t from);
  void answer_round(const std::shared_ptr<Round>& round);
  void start(const std::shared_ptr<Round>& round);
  void start_with_accompanying(const std::shared_ptr<Round>& round);
  void start_round(const std::shared_ptr<Round>& round, std::vector<std::size_t> indices);

  // look_up.cpp
  std::string domain_or_default(std::string_view domain) const {
    return domain.empty() ? options.default_domain : std::string(domain);
  }
  bool is_home(std::string_view domain) const;
  Result<void> check_kept(const ledger::Published& published, const std::string& domain) const;

  // changes.cpp
  void on_change(const ledger::Change& change);
  // Owners that counted transfers name are pinned, if they are not known; then `then` is called: what follows may be said
  // by them. A transfer that does not count is looked at again when something comes that may make it count.
  void note_transfers(const std::vector<evidence::Statement>& statements, std::function<void()> then);
  // Says in the log what a key that plays a role says of itself.
  void warn_of_compromise(const std::vector<evidence::Statement>& statements) const;
  void pin_owners(std::set<SubjectId> subjects, std::function<void()> then);
  std::vector<policy::Pin> pins_of(const std::set<SubjectId>& subjects);
  void set_undecided(const SubjectId& subject, bool yes);
  Result<void> load_undecided();

  // integrity.cpp
  // Before evidence is sent to anybody. internal: it is not what was kept, which is logged and counted.
  Result<void> check_kept_evidence(const ledger::Reader& reader, const ledger::Record& record) const;
  void note_damage(const StatementId& id, const Error& error) const;

  // clocks.cpp
  Time now(const ledger::Published& published) const { return std::max(clocks.now(), published.newest_time); }
  void add_doubts(policy::Facts& facts, const ledger::Published& published) const;
  Result<void> load_clocks();
  void clock_news();  // verdicts may be others now

  // Constant after start().
  const Options options;
  HomeClocks clocks;
  std::unique_ptr<ledger::Ledger> ledger;
  Forwarder* forwarder = nullptr;

  Guarded<IssuerQuota> quota;
  // Subjects with a transfer to a domain that nothing pins, which does not count (yet); noted in the store.
  Guarded<std::set<SubjectId>> undecided;
  Watch watch{budget::waiting_polls};
  // Foreign batch signatures that were verified: (origin, size, root, signature) by hash; bounded.
  Guarded<std::set<Digest>> verified_batches;
  mutable Guarded<std::set<StatementId>> damaged;  // as far as it was found; bounded
  PolicyIndex policy_index;
  // Stamps of the verdict cache.
  std::atomic<std::uint64_t> epoch{1};
  std::array<std::atomic<std::uint32_t>, 65'536> slots{};
  std::atomic<Time> newest_time{Time{}};  // Published::newest_time, for who has no snapshot

  std::atomic<std::uint64_t> received{0}, provisional{0}, not_yet{0}, refused{0}, commits{0};
  mutable std::atomic<std::uint64_t> look_ups{0};

  std::atomic<bool> stopping{false};
  Turns submissions, readings, signings;
};

std::uint32_t slot_of(const SubjectId& subject);

}  // namespace cm4it::service
