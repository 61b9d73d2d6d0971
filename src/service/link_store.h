// The state that the copy of another server's domain stores, so that after a restart it goes on where it stopped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "ledger/ledger.h"

namespace cm4it::service {

// Of one copy: a domain, from one server. Used by one thread. What was stored is durable some time later, in the order in which it was
// given. Values that are stored already are not written again.
class LinkStore {
 public:
  // `url`: the one that the copy was set up with, even if the server is found elsewhere later. The ledger outlives this.
  LinkStore(ledger::Ledger& ledger, std::string domain, std::string url);

  // How far the feed was read. `scope`: what the position depends on, as any text; a position that was stored under another one
  // says nothing. none: there is none, so the feed is read from its beginning.
  std::optional<std::uint64_t> position(std::string_view scope);
  Result<void> keep_position(std::uint64_t position, std::string_view scope);

  // The leaves that are held up to that position, in the octets of whoever keeps them (sync/leaves.h).
  std::optional<Bytes> leaves() const;
  Result<void> keep_leaves(Bytes leaves);

  // That the domain's home contradicted itself: since when, where that is known, and how. It holds for the domain, whichever
  // server it is copied from, until `ics forgive` forgets it.
  struct Broken {
    std::optional<Time> since;
    std::string how;
  };
  std::optional<Broken> broken() const;
  Result<void> keep_broken(Time since, const std::string& how);

 private:
  std::optional<Bytes> note(std::string_view key) const;
  std::string position_key() const;
  std::string leaves_key() const;

  ledger::Ledger& ledger_;
  const std::string domain_, url_;
  Bytes stored_position_, stored_leaves_;  // as the store has them
};

}  // namespace cm4it::service
