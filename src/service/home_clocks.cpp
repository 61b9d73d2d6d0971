#include "service/home_clocks.h"

#include <time.h>

#include <algorithm>
#include <cstdlib>

#include "base/budgets.h"

namespace cm4it::service {

static_assert(HomeClocks::skew == budget::clock_skew_seconds);

SteadySeconds machine_seconds() {
  return [] {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);  // suspended time is time
    return static_cast<Seconds>(now.tv_sec);
  };
}

bool supersedes(const tlog::Head& head, const std::optional<tlog::Head>& than, Time clock) {
  if (!than) return true;
  if (head.size != than->size) return head.size > than->size;
  const auto ahead = [&](Time time) { return time > clock + HomeClocks::skew; };
  return ahead(than->time) && !ahead(head.time) ? true : head.time > than->time;
}

HomeClocks::Count HomeClocks::count(const Claims& claims, Time clock, Seconds steady) const {
  Count count;
  for (const auto& [name, claim] : claims) {
    const Time there = claim.head.time + (steady - claim.heard);
    if (there > clock + skew) {
      const std::int64_t lead = there.seconds - steady;
      count.least_ahead = std::min(count.least_ahead.value_or(lead), lead);
    } else if (claim.live && there + skew >= clock && steady - claim.heard <= vote_lasts) {
      count.agrees = true;
    }
  }
  return count;
}

bool HomeClocks::heard(const std::string& domain, const tlog::Head& head, bool live) {
  const Time clock = clock_();
  const Seconds steady = steady_();
  return claims_.with([&](Claims& claims) {
    const auto [known, first] = claims.try_emplace({domain, head.origin}, Claim{head, steady, live});
    if (!first && supersedes(head, known->second.head, clock)) known->second = {head, steady, live};
    known_.replace(std::make_shared<const Claims>(claims));
    const Count counted = count(claims, clock, steady);
    // Our clock is believed if it was ever set, and a home agrees with it or this server is a home itself.
    const bool ours = clock >= plausible_clock && (counted.agrees || is_home_);
    const std::int64_t lead = counted.least_ahead && !ours ? *counted.least_ahead : none;
    const auto before = lead_.exchange(lead);
    return (before == none) != (lead == none) || (lead != none && std::abs(before - lead) > skew) || (counted.least_ahead && ours);
  });
}

Time HomeClocks::now() const {
  const Time clock = clock_();
  const auto lead = lead_.load(std::memory_order_relaxed);
  return lead == none ? clock : std::max(clock, Time{lead + steady_()});
}

Seconds HomeClocks::behind() const {
  const Seconds behind = now() - clock_();
  return behind > skew ? behind : 0;
}

std::vector<HomeClocks::Reading> HomeClocks::readings() const {
  const Time clock = clock_(), present = now();
  const Seconds steady = steady_();
  std::vector<Reading> list;
  for (const auto& [name, claim] : *known_.get()) {
    const Time there = claim.head.time + (steady - claim.heard);
    list.push_back({name.first, name.second, there - clock, there > present + skew});
  }
  return list;
}

std::string HomeClocks::doubt(const std::string& domain) const {
  for (const auto& reading : readings())
    if (reading.domain == domain && reading.doubted)
      return "the clock of " + reading.origin + " is " + format_duration(reading.ahead) + " ahead of this server's, and " +
             (is_home_ ? "this server signs logs by its own" : "another home's agrees with this server's") +
             ": one of them is wrong, and what it receives does not count here yet";
  return {};
}

std::string HomeClocks::behind_homes() const {
  const Seconds by = behind();
  if (by == 0) return {};
  std::string homes;
  for (const auto& reading : readings())
    if (reading.ahead > skew && homes.size() < 200) homes += (homes.empty() ? "" : ", ") + reading.origin;
  return "this server's clock is " + format_duration(by) + " behind the heads of " + homes + ": their time is used";
}

}  // namespace cm4it::service
