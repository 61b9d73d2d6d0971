// What every door calls: submit (the whole walk), look up (facts → fold → view), and what follows from them. One rule here
// is one rule in every door.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/budgets.h"
#include "base/turns.h"
#include "ledger/ledger.h"
#include "policy/fold.h"
#include "service/answers.h"
#include "service/caller.h"
#include "service/home_clocks.h"
#include "service/watch.h"
#include "tlog/merkle.h"

namespace cm4it::service {

// Forwards what was kept provisionally to the homes of the domains it names, until received. Implemented by sync.
class Forwarder {
 public:
  virtual ~Forwarder() = default;
  virtual void forward(const StatementId& statement, const std::vector<std::string>& domains) = 0;
  // It names this domain, and is not sent there; for who asks how forwarding fares.
  virtual void not_forwarded(const StatementId& statement, const std::string& domain, const std::string& why) = 0;
};

// What an answer about a subject hangs on: taken before reading, it is present until something comes about that subject (or
// one of its slot), or of what concerns all. Taking it and asking costs two atomic loads.
struct Stamp { std::uint64_t epoch = 0; std::uint32_t slot = 0, changes = 0; };

struct Options {
  Clock clock;
  SteadySeconds steady = machine_seconds();   // by which time goes on where homes' clocks are used
  crypto::SignerPtr server_key;               // tokens
  std::string default_domain;
  unsigned workers = 0;                       // threads that decode and verify, and as many for long readings; 0: one a core
  std::size_t issuer_per_minute = 0;          // quota: statements of one issuer accepted a minute; 0: none
  std::size_t subject_statements = 2'000;     // quota: statements of one issuer about one subject
  std::size_t folded_statements = budget::folded_statements;  // for one answer about many subjects
};

struct SerialUse;  // service/serials.h

class Service {
 public:
  static Result<std::unique_ptr<Service>> start(Options options, ledger::Options ledger_options,
                                                std::unique_ptr<store::Store> store);
  ~Service();

  void set_forwarder(Forwarder* forwarder);   // before the first submission

  // The walk, on a worker: decode, eligible, verify, append. `domain`: for evidence that names none. `done` is called
  // once, on another thread, results in the order of the pieces; unavailable where too many wait.
  // own: what lies beside the configuration, which the quota a minute does not concern.
  enum class Whose { strangers, own };
  Result<void> submit(std::vector<evidence::Piece> pieces, std::string domain, SubmitDone done, const Caller& caller = {},
                      Whose whose = Whose::strangers);
  // The same of a body of so many octets that takes work to take apart: `split` is called on a worker. Its error is what
  // `done` is given; no pieces have no results.
  using Split = std::function<Result<std::vector<evidence::Piece>>()>;
  Result<void> submit(Split split, std::size_t octets, std::string domain, std::function<void(Result<std::vector<ItemResult>>)> done,
                      const Caller& caller);
  // The same walk for what a peer sent; blocks until all of it is durable. Then heads may be noted.
  Result<IngestReport> ingest(const std::string& from_domain, std::vector<PeerRecord> records);
  // Why the homes of a domain would refuse for good what is kept here, as far as the policies known here tell; none: they may take it.
  Result<std::optional<std::string>> would_be_refused(const ledger::Record& record, const std::string& domain) const;
  // A home's signed head, out of a peer's feed whose records up to it are ingested. First check_head(): is it a home's,
  // and which earlier heads of that origin are known; then note_head() with a proof of consistency where the tree grew.
  struct HeadCheck {
    ledger::ForeignHead head;
    std::optional<tlog::Head> earlier;      // that counts
    std::string earlier_note;
    std::optional<tlog::Head> compared;     // that compare_head() kept
    bool settled = false;                     // nothing newer than what counts
  };
  Result<HeadCheck> check_head(const std::string& domain, const std::string& note);
  // From now on this copy is as fresh as that head: only of one whose content up to it came from a home of the domain that
  // was asked for, or gives its root. `consistency` none: the head came by way of another server, which has no tiles to prove
  // it with; sizes and roots are compared all the same. conflict: it contradicts an earlier head. That home must not be
  // followed any more.
  Result<void> note_head(const HeadCheck& check, const std::optional<std::vector<Digest>>& consistency);
  // Of any other head: it is compared, and kept to be compared with. The proofs, where there are any: that its tree goes on from
  // that of `earlier`, and of `compared`. conflict: as above.
  Result<void> compare_head(const HeadCheck& check, const std::optional<std::vector<Digest>>& from_earlier = {},
                            const std::optional<std::vector<Digest>>& from_compared = {});

  // Answers about many subjects, or about one of which much is kept, are made in turn on threads of their own, where they hold
  // up neither short answers nor submissions. unavailable: too many wait.
  Result<void> read_in_turn(const Caller& caller, std::function<void()> job);
  // The same of what can be done in parts, between which others have their turns: called until it says false, nothing is left.
  Result<void> read_in_parts(const Caller& caller, std::function<bool()> part);

  // The same for signatures: a key may be in a token that takes its time, and then holds up who else wants a signature, and
  // nobody else.
  Result<void> sign_in_turn(const Caller& caller, std::function<void()> job);

  // Reading. Every call obeys [read]: what may not be read is not_found. `domain` empty: the default one.
  // `at` none: now; times before the newest head seen are allowed only when asked for.
  // A name leads only to what `who` may see in `domain`: to those that bear it by what counts there, and only where there are none
  // to those that bore it once. ambiguous: the candidates' ids are in detail, separated by blanks.
  Result<SubjectId> resolve(std::string_view name, std::string_view domain, const Principal& who) const;
  Result<Looked> look_up(const SubjectId& subject, std::string_view domain, const Principal& who,
                         std::optional<Time> at = {}) const;
  struct MayAnswer { policy::May may; std::string domain; };
  Result<MayAnswer> may(const SubjectId& from, const SubjectId& to, std::string_view domain, const Principal& who) const;
  // CWT (COSE_Sign1), docs/formats/token.md.
  Result<Bytes> token(const SubjectId& subject, std::string_view domain, View nonce, const Principal& who) const;
  Result<ledger::Record> evidence(const StatementId& id, const Principal& who) const;
  Result<Bytes> receipt(const StatementId& id, std::string_view domain, const Principal& who) const;
  Result<crypto::PublicKey> key(const KeyId& id, const Principal& who) const;
  Result<SearchPage> search(const SearchQuery& query, const Principal& who) const;
  std::vector<DomainView> domains(const Principal& who) const;  // heads of logs that `who` may not read are left out
  // Signed descriptors, oldest first; version 0: all. Policies are readable by anyone who can name the domain.
  Result<std::vector<ledger::Record>> policy(std::string_view domain, std::uint64_t version) const;
  // The same without their octets. `counted`: the one that counts here, if any does.
  struct PolicyVersions { std::vector<StatementId> all; std::optional<StatementId> counted; };
  Result<PolicyVersions> policy_versions(std::string_view domain, std::uint64_t version) const;
  // What is kept of a statement that the asker has been shown before, or that is for everybody: rights are not asked.
  Result<ledger::Record> kept(const StatementId& id) const;
  Result<FeedPage> feed(const FeedRequest& request, const Principal& who) const;
  // Of subjects whose verdict in `domain` the asker may read.
  Result<ChangesPage> changes(std::optional<std::uint64_t> from, std::string_view domain, const Principal& who) const;
  // Who waits for commits; and what concerns verdicts and feeds of a domain: what is said there, and in those that its policy refers to.
  Watch& watch() const;
  Watch::Interest interest_in(std::string_view domain) const;

  // Signed heads of a domain's logs that are known here, its own and those of other homes: notes.
  Result<std::vector<std::string>> known_heads(std::string_view domain, const Principal& who) const;
  Result<std::string> checkpoint(std::string_view domain, const Principal& who) const;
  Result<Bytes> tile(std::string_view domain, unsigned level, std::uint64_t index, unsigned width, const Principal& who) const;
  // The entries of a bundle: the octets of each, then one of them (which asks for no rights any more).
  Result<std::vector<std::uint64_t>> entry_sizes(std::string_view domain, std::uint64_t index, unsigned width, const Principal& who) const;
  Result<Bytes> entry(std::string_view domain, std::uint64_t leaf) const;

  // May `who` read this kind of statement (nullopt: verdicts) about this subject in this domain.
  bool may_read(const policy::Policies& policies, std::string_view domain, std::optional<Kind> kind, const About& about,
                const Principal& who) const;
  // Whether there is no subject at all whose statements of a kind (nullopt: verdicts) `who` may read in this domain. Told from
  // policies alone, so that it takes as long whatever is kept.
  bool sees_nothing(const policy::Policies& policies, std::string_view domain, std::optional<Kind> kind, const Principal& who) const;
  // Whether it is worth the while to gather what is kept of the subject: false where `who` could not read it whatever that is.
  // Asked first on every way to a subject, so that what may not be read takes no longer than what is not there.
  Result<bool> could_read(const ledger::Reader& reader, std::string_view domain, std::optional<Kind> kind, const SubjectId& subject,
                          const Principal& who) const;
  // The same of any kind of statement, in any of the domains in whose name this server answers.
  Result<bool> could_read_any(const ledger::Reader& reader, const SubjectId& subject, const Principal& who) const;
  // A domain's heads and hash tiles: whoever reads by default. Its log's entries: whoever may read every kind.
  bool reads_log(std::string_view domain, const Principal& who) const;
  bool reads_entries(std::string_view domain, const Principal& who) const;
  // Domains of which this copy may not read every kind: a verdict that hangs on them is unknown.
  void mark_restricted(policy::Facts& facts, const policy::Policies& policies) const;

  Stamp stamp(const SubjectId& subject) const;
  bool is_present(Stamp stamp) const;
  Time now() const;                           // the clock's or that of homes (home_clocks.h), and never before the newest head
  const HomeClocks& clocks() const;
  // internal: what the store has of it is damaged; that is logged and counted.
  Result<void> check_kept_evidence(const ledger::Reader& reader, const ledger::Record& record) const;
  // What whoever runs the server should know: wrong clocks, logs that are not signed. Empty: nothing. Of logs that `who` may
  // not read no more than that something is wrong.
  std::vector<std::string> warnings(const Principal& who) const;
  // Domains of which nothing has been heard for too long, so that things of some types are not admitted in the default domain: it,
  // where this server is not its home, and those whose news count for it. `most`: the shortest time that one of the types allows.
  struct Silent { std::string domain; std::optional<Time> newest_head; Seconds most = 0; std::vector<std::string> types; };
  std::vector<Silent> silent() const;
  const std::string& default_domain() const;
  KeyId server_key() const;
  ledger::Ledger& ledger();

  // Statements whose evidence was found damaged in the store (integrity.cpp): none of them is sent to anybody.
  std::size_t damaged() const;

  struct Counters {
    std::uint64_t received = 0, provisional = 0, not_yet = 0, refused = 0, commits = 0, look_ups = 0;
    std::uint64_t unpinned_dropped = 0;  // descriptors of domains that nothing pins, for newer ones
    std::size_t unpinned = 0;            // owners of such domains whose descriptors are kept
  };
  Counters counters() const;
  // The next part of an answer that was begun: never refused. At most one of each answer at a time.
  void read_on(const Caller& caller, std::function<void()> job);
  Rank rank_of(const Caller& caller) const;   // by the policies that count here now
  Rank rank_of_key(const KeyId& key) const;   // of whoever proves it
  struct Load { std::string queue, rank; Turns::Counters counters; };
  std::vector<Load> loads() const;

  struct Impl;  // service/impl.h

 private:
  explicit Service(std::unique_ptr<Impl> impl);
  // look_up() out of a reader of the caller's, in a domain that is kept; adds what was folded.
  Result<Looked> look(const ledger::Reader& reader, const SubjectId& subject, const std::string& domain, const Principal& who,
                      std::optional<Time> at, std::size_t& folded) const;
  // Lines of warning about other things of one maker with this serial, as far as `who` may see them (serials.cpp); counts the
  // statements that it folds on, up to a bound.
  Result<std::vector<std::string>> same_serials(const SerialUse& use, const std::string& domain, const Principal& who,
                                                std::size_t& folded) const;
  // With what this copy may not read, and what is in doubt, filled in.
  Result<policy::Facts> facts(const ledger::Reader& reader, const SubjectId& subject, const ledger::Reader::AsOf& as_of) const;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cm4it::service
