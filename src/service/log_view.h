// The domains that are held here and their logs, as C2SP tlog-tiles; signed heads of other homes' logs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/access.h"
#include "service/answers.h"
#include "service/integrity.h"
#include "tlog/merkle.h"

namespace cm4it::service {

// Heads and hash tiles are for whoever may read by default, entries for whoever may read all: to others there is no such log
// (not_found). Any thread.
class LogView {
 public:
  // References outlive this.
  LogView(ledger::Ledger& ledger, const Access& access, Clocks& clocks, const Integrity& integrity)
      : ledger_(ledger), access_(access), clocks_(clocks), integrity_(integrity) {}

  std::vector<DomainView> domains(const Principal& who) const;  // heads of logs that `who` may not read are left out
  // Signed heads of a domain's logs that are known here, its own and those of other homes: notes.
  Result<std::vector<std::string>> known_heads(std::string_view domain, const Principal& who) const;
  Result<std::string> checkpoint(std::string_view domain, const Principal& who) const;
  Result<Bytes> tile(std::string_view domain, unsigned level, std::uint64_t index, unsigned width, const Principal& who) const;
  // The entries of a bundle: the octets of each, then one of them (which asks for no rights any more).
  Result<std::vector<std::uint64_t>> entry_sizes(std::string_view domain, std::uint64_t index, unsigned width, const Principal& who) const;
  Result<Bytes> entry(std::string_view domain, std::uint64_t leaf) const;

  // heads.cpp
  // A home's signed head, out of a peer's feed whose records up to it are ingested. First check_head(): is it a home's,
  // and which earlier heads of that origin are known; then note_head() with a proof of consistency where the tree grew.
  struct HeadCheck {
    ledger::ForeignHead head;
    std::optional<tlog::Head> earlier;      // that counts
    std::string earlier_note;
    std::optional<tlog::Head> compared;     // that compare_head() stored
    bool settled = false;                     // the head is no newer than the one that counts
  };
  Result<HeadCheck> check_head(const std::string& domain, const std::string& note);
  // From now on this copy is as fresh as that head. Call it only for a head whose content came from a home of the domain that was asked
  // for, or whose root the content gives. `consistency` none: the head came by way of another server, which has no tiles to prove
  // it with; sizes and roots are compared all the same. conflict: it contradicts an earlier head. That home must not be
  // followed any more.
  Result<void> note_head(const HeadCheck& check, const std::optional<std::vector<Digest>>& consistency);
  // Of any other head: it is compared, and stored to be compared with. The proofs, where there are any: that its tree goes on from
  // that of `earlier`, and of `compared`. conflict: as above.
  Result<void> compare_head(const HeadCheck& check, const std::optional<std::vector<Digest>>& from_earlier = {},
                            const std::optional<std::vector<Digest>>& from_compared = {});

  // Of a head that this server's own log key signed, of a domain it is home of: does its log go on from that head. conflict: no; it
  // signs nothing any more. Other errors: nobody knows.
  Result<void> compare_own_head(const std::string& domain, const std::string& note);
  // This server's log key; none: it has none.
  std::optional<KeyId> own_log() const;
  // What a peer's clock shows now: settles how much time has passed while this home was away, on which signing may wait.
  void vouch(Time peers_now) { ledger_.vouch(peers_now); }
  // Nothing is signed for this reason from now on; empty: no longer.
  void hold(std::string reason);

 private:
  ledger::Ledger& ledger_;
  const Access& access_;
  Clocks& clocks_;
  const Integrity& integrity_;
};

}  // namespace cm4it::service
