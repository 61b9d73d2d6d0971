// What the operator of the server should know: damage, a full disk, wrong clocks, logs that are not signed, domains without news.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "service/access.h"
#include "service/integrity.h"

namespace cm4it::service {

// Any thread.
class Health {
 public:
  // References outlive this.
  Health(const ledger::Ledger& ledger, const Access& access, const Clocks& clocks, const Integrity& integrity)
      : ledger_(ledger), access_(access), clocks_(clocks), integrity_(integrity) {}

  // Whether the store can be read and written, and the default domain has a policy that counts; else unavailable, or the store's error.
  Result<void> check() const;
  // Wrong clocks and logs that are not signed; empty: none. About logs that `who` may not read it tells only that something is wrong.
  std::vector<std::string> warnings(const Principal& who) const;
  // Domains of which nothing has been heard for too long, so that things of some types are not admitted in the default domain: it,
  // where this server is not its home, and those whose news count for it. `most`: the shortest time that one of the types allows.
  struct Silent { std::string domain; std::optional<Time> newest_head; Seconds most = 0; std::vector<std::string> types; };
  std::vector<Silent> silent() const;

  std::size_t damaged() const { return integrity_.damaged(); }  // statements (integrity.h)
  const HomeClocks& clocks() const { return clocks_.homes(); }

 private:
  const ledger::Ledger& ledger_;
  const Access& access_;
  const Clocks& clocks_;
  const Integrity& integrity_;
};

}  // namespace cm4it::service
