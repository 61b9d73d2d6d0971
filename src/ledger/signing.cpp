#include "ledger/signing.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/budgets.h"
#include "base/log.h"

namespace cm4it::ledger {
namespace {

constexpr Seconds mark_interval = 1;

std::string by(Seconds span) { return format_duration(span < 0 ? -span : span); }

}  // namespace

std::optional<Time> newest_head(const std::map<std::string, HomeLog>& logs) {
  std::optional<Time> newest;
  for (const auto& [domain, log] : logs)
    if (!log.head().origin.empty()) newest = std::max(newest.value_or(log.head().time), log.head().time);
  return newest;
}

Signing::Signing(const Options& options, Mark mark)
    : options_(options), mark_(std::move(mark)), accepted_(options.accept_clock), held_(options.hold) {}

Result<std::unique_ptr<Signing>> Signing::open(const Options& options, const State& state, const store::Store& store) {
  if (options.homes.empty()) return std::unique_ptr<Signing>(new Signing(options, {}));
  TRY(auto mark, Mark::open(options.mark, options.log_key->public_key().id()));
  TRY(const auto snapshot, store.snapshot());
  for (const auto& [domain, log] : state.homes) {
    CHECK_OK(mark.check(log, *snapshot));
    if (!log.head().origin.empty()) mark.set(domain, log.head());
  }
  CHECK_OK(mark.write());
  return std::unique_ptr<Signing>(new Signing(options, std::move(mark)));
}

std::string Signing::refusal() const {
  return *refusal_.get();
}

// What "far" is: a step of an hour, of which a machine that ran on can tell that it is no time that passed; over a boot nothing
// tells, and a week is believed (decisions/0038).
std::string Signing::clock_trouble(const State& state, Time now) const {
  const auto last = newest_head(state.homes);
  if (!last || accepted_) return {};
  const std::string clock = "this server's clock says " + to_rfc3339(now) + ", which is ";
  if (*last - now > budget::clock_step_seconds)
    return clock + by(*last - now) + " before the newest head it has signed, of " + to_rfc3339(*last);
  if (*last < plausible_clock) return {};
  const auto machine = uptime();
  const auto& anchor = mark_.anchor();
  if (machine && anchor && anchor->machine.boot == machine->boot) {
    const Seconds passed = machine->seconds - anchor->machine.seconds;
    const Seconds off = now - (anchor->clock + passed);
    if (off <= budget::clock_step_seconds + passed / 1000) return {};
    return clock + by(off) + " beyond the time that has passed on this machine since its newest head, of " + to_rfc3339(*last);
  }
  if (now - std::max(*last, vouched_) <= budget::unwitnessed_seconds) return {};
  return clock + by(now - *last) + " beyond the newest head it has signed, of " + to_rfc3339(*last) +
         "; nobody could be asked whether so much time has passed";
}

std::string Signing::check(const State& state, Time now) {
  if (state.homes.empty()) return {};
  const Lock lock(mutex_);
  std::string why = ahead_;
  if (why.empty()) why = clock_trouble(state, now);
  if (why.empty()) why = unwritable_;
  const bool transient = why.empty();
  if (transient) why = held_;
  const std::string before = refusal();
  if (why != before) refusal_.replace(std::make_shared<const std::string>(why));  // seldom: who reads it takes a lock then
  if (why.empty() && !before.empty()) log_info("logs are signed");
  if (before.empty() && !why.empty() && !transient)
    log_error("nothing is signed: " + why + "; see docs/configuration.md, \"When a home does not sign\"");
  return why;
}

bool Signing::must_sign(const State& state, Time now) {
  const auto last = newest_head(state.homes);
  return last && *last - now > budget::clock_step_seconds;
}

Result<void> Signing::committed(const State& state, Time now, bool at_once) {
  if (state.homes.empty()) return {};
  const Lock lock(mutex_);
  if (const auto last = newest_head(state.homes); accepted_ && last) accepted_ = std::abs(now - *last) > budget::head_interval_seconds;
  // While the clock is believed; the mark may be written later, when it no longer is.
  if (refusal().empty())
    if (const auto machine = uptime()) mark_.set(Mark::Anchor{*machine, now});
  bool begins = false, news = false;
  for (const auto& [domain, log] : state.homes) {
    if (log.head().origin.empty()) continue;
    begins |= !mark_.knows(domain);
    news |= !mark_.says(domain, log.head());
  }
  if (!news || !ahead_.empty()) return {};
  if (!begins && !at_once && now - written_ < mark_interval && now >= written_) return {};
  for (const auto& [domain, log] : state.homes)
    if (!log.head().origin.empty()) mark_.set(domain, log.head());
  written_ = now;
  auto written = mark_.write();
  unwritable_ = written ? "" : written.error().message;
  return begins ? written : Result<void>{};
}

void Signing::hold(std::string reason) {
  const Lock lock(mutex_);
  held_ = std::move(reason);
}

void Signing::vouch(Time peers_now, Time now) {
  if (std::abs(peers_now - now) > budget::clock_step_seconds) return;
  const Lock lock(mutex_);
  vouched_ = now;
  if (const auto machine = uptime()) mark_.set(Mark::Anchor{*machine, now});
}

void Signing::seen_elsewhere(const std::string& domain, const tlog::Head& head) {
  const Lock lock(mutex_);
  ahead_ = "log of " + domain + ": a peer knows a head of " + std::to_string(head.size) + " entries, of " + to_rfc3339(head.time) +
           ", signed by this log key, which the store's log does not go on from: it was set back, or is run twice";
  mark_.set(domain, head);
  if (auto written = mark_.write(); !written) log_error(written.error().message);
}

}  // namespace cm4it::ledger
