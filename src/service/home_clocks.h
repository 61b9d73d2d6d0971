// Judges this server's clock, and those of homes, by the times in signed heads.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/newest.h"
#include "base/time.h"
#include "tlog/checkpoint.h"

namespace cm4it::service {

// A steady clock in seconds: it runs on, from an arbitrary start, whatever the wall clock is set to meanwhile.
using SteadySeconds = std::function<Seconds()>;
SteadySeconds machine_seconds();

// A head that is ahead of our clock was signed by somebody whose clock says so, and then it is later than our clock says, or
// that clock is wrong. If every home that is heard says the same, it is ours (decisions/0039): time is theirs then, from the
// one that is least ahead on, and goes on with this machine. If one agrees with our clock, the others' domains are in doubt.
class HomeClocks {
 public:
  // `is_home`: this server signs logs itself, whose times are watched elsewhere (ledger/signing.h): it follows nobody's clock.
  HomeClocks(Clock clock, SteadySeconds steady, bool is_home) : clock_(std::move(clock)), steady_(std::move(steady)), is_home_(is_home) {}

  // A head that a home of `domain` signed. `live`: it came just now and was not read from the store. Returns whether the answers
  // of the functions below may have changed.
  bool heard(const std::string& domain, const tlog::Head& head, bool live = true);

  // Our clock's, or that of the homes. Without a lock.
  Time now() const;
  bool is_ahead(Time time) const { return time > now() + skew; }
  // By how much our clock is taken to be behind; 0: it is not.
  Seconds behind() const;

  struct Reading { std::string domain, origin; Seconds ahead = 0; bool doubted = false; };  // `ahead` of our clock, or behind
  std::vector<Reading> readings() const;
  // Which clock is wrong and by how much, as far as it concerns what this domain says; empty: none. `behind_homes`: ours, and
  // the homes' is used; else the domain is in doubt.
  std::string doubt(const std::string& domain) const;
  std::string behind_homes() const;

  static constexpr Seconds skew = 300;  // budget::clock_skew_seconds

 private:
  static constexpr Seconds vote_lasts = 600;  // of a home that signs a head a minute
  static constexpr std::int64_t none = INT64_MIN;
  struct Claim { tlog::Head head; Seconds heard = 0; bool live = true; };
  using Claims = std::map<std::pair<std::string, std::string>, Claim>;  // by domain and origin
  struct Count { bool agrees = false; std::optional<std::int64_t> least_ahead; };
  Count count(const Claims& claims, Time clock, Seconds steady) const;

  const Clock clock_;
  const SteadySeconds steady_;
  const bool is_home_;
  Guarded<Claims> claims_;
  Newest<Claims> known_{std::make_shared<const Claims>()};  // the same, for look-ups
  std::atomic<std::int64_t> lead_{none};  // time less steady seconds, of the homes; none: our clock is right
};

// Whether a head takes the place of the one known before: that of a larger tree, or a later one; of a home whose clock was ahead
// of ours and was put right, also an earlier one.
bool supersedes(const tlog::Head& head, const std::optional<tlog::Head>& than, Time clock);

}  // namespace cm4it::service
