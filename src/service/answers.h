// What the service is asked, and what it answers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/budgets.h"
#include "ledger/ledger.h"
#include "policy/fold.h"

namespace cm4it::service {

using evidence::Kind;
using evidence::StatementId;
using evidence::SubjectId;
using ledger::Placement;  // of a statement in one of this server's logs
using ledger::Record;     // what is stored of one piece of evidence

struct ItemResult {
  enum class Outcome { received, provisional, not_yet, refused } outcome = Outcome::refused;
  std::optional<StatementId> statement;
  bool is_new = false;
  std::vector<Placement> received;            // in this server's logs
  std::vector<std::string> forwarded_to;      // domains whose homes still have to receive it
  std::optional<Error> error;                 // not_yet, refused
  // Of what is stored for another domain: which of this server's logs did not take it, which domains it is not sent to; and why.
  std::vector<std::pair<std::string, Error>> not_taken;
  std::vector<std::string> warnings;          // of what entered: what its submitter should know
};
using SubmitDone = std::function<void(std::vector<ItemResult>)>;

// One record of a peer's feed as received: a claim, none of it is checked yet.
struct PeerRecord {
  evidence::Piece piece;
  KeyId issuer;
  std::vector<std::pair<std::string, Bytes>> receipts;  // domain, COSE receipt
};
// A leaf of another home's log that is stored here, by a receipt that holds.
struct HeldLeaf { std::string domain; KeyId log; std::uint64_t index = 0; Digest hash{}; };
struct IngestReport {
  std::size_t taken = 0, known = 0, refused = 0, not_yet = 0;
  bool of_models = false;                     // a statement about a model was taken: it concerns all subjects of the model
  std::string first_refusal;
  // Of `refused`: those of which their receipts say that a home has received them, so that something is missing here.
  std::size_t missed = 0;
  std::string first_missed;
  std::vector<HeldLeaf> leaves;               // of what was taken, or known
  std::optional<Error> failure;               // of this server (a full disk, a full queue): the records are to be asked for again
};

// A subject, judged: judgements point into facts, so both are kept together.
struct SubjectView {
  std::shared_ptr<const policy::Facts> facts;
  policy::Verdict verdict;
  ledger::PublishedPtr published;             // for names of keys
  bool known = false;                         // something is stored of the subject that the asker may see
  bool open = false;                          // anyone may see this answer, so it may be cached
};

struct SearchQuery {
  std::string words, type, maker, model, status, holder, issuer, domain;
  std::size_t limit = 100;
  std::string cursor;
  std::size_t most_examined = budget::search_examined;    // index rows to read; then the page ends with a cursor
  std::size_t most_folded = budget::folded_statements;    // statements
};
struct SearchPage {
  std::vector<SubjectView> subjects;
  std::string cursor;                         // empty: there is nothing more
  std::size_t examined = 0, folded = 0;
};

// Positions in a feed are opaque to who follows it: the journal's position, and how many of the records that belong to it a
// page before had room for. 0: the beginning.
inline constexpr unsigned feed_skip_bits = 20;
constexpr std::uint64_t journal_position(std::uint64_t feed_position) { return feed_position >> feed_skip_bits; }

struct FeedRequest {
  std::string domain;
  std::uint64_t from = 0;
  std::optional<policy::Selectors> select;
};
struct FeedRecord {
  evidence::Format format;
  Bytes evidence;
  KeyId issuer;
  std::vector<std::pair<std::string, Bytes>> receipts;
  bool backfill = false;
};
struct FeedPage {
  std::string domain;
  std::uint64_t next = 0;
  std::vector<FeedRecord> records;
  struct HomeHead { std::string domain, origin, note; };
  std::vector<HomeHead> heads;
  bool more = false;
  std::uint64_t seen = 0;  // the journal's position up to which there is nothing more for the asker: not sent, but waited from
};

struct ChangesPage {
  std::vector<SubjectId> subjects;
  bool everything = false;
  std::uint64_t next = 0;
  std::uint64_t seen = 0;  // as in FeedPage
};

// What this server keeps of one domain.
struct DomainView {
  std::string domain;
  bool home = false;
  std::uint64_t version = 0;                  // of the policy that applies; 0: none counts
  std::optional<KeyId> owner;
  bool forked = false;
  std::string pinned;                         // "configuration", "copy", "transfer"; empty: by nothing
  std::optional<Time> newest_head;
  std::optional<std::uint64_t> size;          // homes: leaves
  std::string origin;
  std::string not_signing;                    // homes: why nothing enters the log at present; empty: it does
};

}  // namespace cm4it::service
