// The ledger: records of evidence, a Merkle log for each domain this server is home of, an index from subjects and names
// to records, and the one appender that writes them all (docs/formats/log.md, docs/formats/store.md).
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "base/uptime.h"
#include "evidence/evidence.h"
#include "evidence/names.h"
#include "ledger/forwarding.h"
#include "policy/facts.h"
#include "policy/policies.h"
#include "store/store.h"
#include "tlog/checkpoint.h"
#include "tlog/receipt.h"

namespace cm4it::ledger {

using evidence::Format;
using evidence::StatementId;
using evidence::SubjectId;
using evidence::Verified;
class AuthorityCache;  // ledger/authority_cache.h

// A leaf's place in a home's log, and since when.
struct Placement {
  std::string domain;
  std::uint64_t index = 0;
  Time received;
};

// A foreign home's receipt, verified (its inclusion, its signature, and that a policy lists the log as a home's).
struct ForeignReceipt {
  std::string domain;
  KeyId log;
  Time time;
  std::uint64_t index = 0;
  Bytes cose;
};

// What this server's own state is beyond the records: immutable, replaced by the appender when something came.
struct Published {
  std::uint64_t next = 1;                     // the journal position the next entry will have
  policy::PoliciesPtr policies;
  std::map<std::string, policy::DomainState, std::less<>> domains;
  std::map<std::string, tlog::Head, std::less<>> own_heads;   // by domain, homes only
  KeyId own_log;                              // this server's log key; zeros where it has none
  std::size_t unpinned_domains = 0;           // whose descriptors are stored, and apply nowhere until something pins them
  std::uint64_t unpinned_dropped = 0;         // of their descriptors, for newer ones, since this process started
  Time newest_time;                           // newest verified head seen: `at` is never before it
  std::shared_ptr<AuthorityCache> authorities;  // one until anything changes that bears on others' verdicts; never null
};
using PublishedPtr = std::shared_ptr<const Published>;

struct WriteFailure {
  Time since;
  std::string why, next;  // what to do; may be empty
};

// What a piece of evidence brings along into the appender.
struct Submission {
  Verified evidence;
  std::string submission_domain;                        // the submission's domain, for evidence that names none; else empty
  std::vector<std::string> homes;             // of the domains this server is home of: where it is admitted
  std::vector<ForeignReceipt> receipts;
  std::vector<std::string> forward_to;        // domains whose homes still have to receive it: noted in the same commit
  // Of those, where the policies known here do not let the home take it yet: it does not count there before it is received.
  std::vector<std::pair<std::string, std::string>> undecided{};
  // Domains it names and is not made in: their homes would refuse it, or our own log does not take it; and why.
  std::vector<std::pair<std::string, Bytes>> not_made{};  // the values of refusal notes
  // How many statements of one issuer about one of its subjects may be stored, this one among them; counted where it is appended,
  // so that pieces of one request cannot overrun it together. 0: any number.
  std::size_t share = 0;
  std::string source{};  // the address that it came from (service::Caller); empty: this server itself
};
struct Appended {
  StatementId id;
  bool is_new = false;
  std::vector<Placement> placements;          // in this server's logs, new and earlier ones
};
using AppendDone = std::function<void(Result<Appended>)>;  // called on the appender's thread

// A home's head, verified, whose content is held here up to it.
// `counts` false: it came by way of a server that is no home of the domain asked for. It is stored to be compared with, and
// says nothing of how fresh this copy is.
struct ForeignHead { std::string domain; KeyId log; tlog::Head head; std::string note; bool counts = true; };

// One record as it is stored.
struct Record {
  std::uint64_t position = 0;
  Format format = evidence::native_format;
  Bytes evidence;
  StatementId id;
  KeyId issuer;
  Time first_seen;
  std::string submission_domain;
  // Where it was put in one of this server's logs when it came: (domain, leaf); none: in none then.
  std::optional<std::pair<std::string, std::uint64_t>> leaf{};
};

// What changed with one commit: for caches and for those who watch.
struct Change {
  std::uint64_t next = 0;                     // journal position after it
  struct Touched { SubjectId subject; std::vector<std::string> domains; };  // by what was said or received in these, sorted
  std::vector<Touched> subjects;
  bool everything = false;                    // a policy, a pin or a model: any verdict may have changed
  Time newest_time{};                         // Published::newest_time after it
};
using OnChange = std::function<void(const Change&)>;  // on the appender's thread, after it is durable and published

struct CrlRow;
struct FactRow;
struct FeedRow;

// A consistent view for one slice of a request. Not to be kept.
class Reader {
 public:
  Reader(std::unique_ptr<store::Snapshot> snapshot, PublishedPtr published);

  const Published& published() const { return *published_; }
  const policy::Policies& policies() const { return *published_->policies; }
  const PublishedPtr& published_ptr() const { return published_; }

  // Everything stored about a subject and its models, with the domains' states. Of more than budget::subject_statements alarms first,
  // and an equal share of everyone who spoke, the newest; it is not `whole` then.
  // `as_of`: for which verdict. Of CRLs there may be many, of which one counts: that of the time asked about is among the facts
  // then. Without it those of the highest numbers are, and a verdict for which they do not suffice says so.
  struct AsOf { std::string_view domain; Time at; };
  Result<policy::Facts> facts(const SubjectId& subject, const std::optional<AsOf>& as_of = {}) const;
  // Of these only what was said of the subject itself: for who shows evidence, and folds nothing.
  Result<policy::Facts> statements(const SubjectId& subject) const;
  // What is stored of these CAs' keys and of those above them: certificates, and what was taken back of them; bounded.
  Result<void> add_authorities(std::vector<KeyId> keys, policy::Authorities& to, const std::optional<AsOf>& as_of = {}) const;
  // What this key said of itself that silences it, or that component of its certificate; the first ones that came here.
  Result<std::vector<policy::Fact>> compromises_of(const KeyId& key, const std::optional<Digest>& component = {}) const;
  Result<std::optional<Record>> record(const StatementId& id) const;
  Result<std::optional<Record>> record_at(std::uint64_t position) const;
  // Is this what was stored: by the leaf's place in an own log, by another home's receipt, or else by the statement's id.
  // internal: it is damaged; the store's file or the disk is.
  Result<void> check(const Record& record) const;
  // The record that the entry at this position brought, or brought a place or a receipt of.
  Result<std::optional<Record>> record_touched_at(std::uint64_t position) const;
  // A CRL of this one's issuer, name and scope that is no newer, and whose number is not lower: with it stored, this one would
  // count for nothing. Of several that of the lowest number.
  Result<std::optional<evidence::Statement>> crl_before(const KeyId& issuer, const evidence::RevocationList& crl) const;
  // COSE receipts of a statement with their domains: this server's own, and those that came along.
  Result<std::vector<std::pair<std::string, Bytes>>> receipts(const StatementId& id) const;
  Result<std::vector<Placement>> placements(const StatementId& id) const;

  // Whole ids, unique prefixes ("key:3fa9…", at least 8 digits), aliases. not_found; ambiguous lists candidates in detail.
  // `shown`, where given, says which subjects a prefix or an alias may lead to: to those that bear the name now, and only where
  // there are none to those that bore it once. It is asked budget::names_examined times at most, and of a name with more
  // subjects none is the only one.
  enum class Bears {
    hidden,    // no subject that the asker may see
    formerly,  // by nothing that counts: an identity that was taken back, that has expired, that was replaced
    now
  };
  using Shown = std::function<Result<Bears>(const SubjectId&)>;
  Result<SubjectId> resolve(std::string_view name, const Shown& shown = {}) const;

  // Every subject of which evidence gave this very alias, by rank, and then in the order in which the subjects came here: a
  // caller that bounds how many it looks at has those that bear it as their own first. The visitor returns false to stop.
  Result<void> named(std::string_view alias, const std::function<bool(const SubjectId&, evidence::AliasRank)>& visit) const;

  // Journal positions of entries that concern a domain (made there, or received by its homes), from `from` on.
  // The visitor returns false to stop.
  Result<void> in_domain(std::string_view domain, std::uint64_t from,
                         const std::function<bool(std::uint64_t position, const StatementId& id)>& visit) const;
  // The same, with what each entry is about.
  Result<void> changes_in(std::string_view domain, std::uint64_t from,
                          const std::function<bool(std::uint64_t position, const FeedRow& row)>& visit) const;
  // Positions of a subject's records, ascending.
  Result<void> of_subject(const SubjectId& subject,
                          const std::function<bool(std::uint64_t position, const StatementId& id)>& visit) const;

  // How many statements about a subject are stored, of anyone, of one issuer; counts no further than `most`.
  Result<std::size_t> count(const SubjectId& subject, std::size_t most) const;
  Result<std::size_t> count(const SubjectId& subject, const KeyId& issuer, std::size_t most) const;

  // What an issuer said of a subject, the newest here first. The visitor returns false to stop.
  Result<void> said_by(const KeyId& issuer, const SubjectId& subject,
                       const std::function<bool(const Record&, const evidence::Statement&)>& visit) const;

  // Search index: subjects whose field has this value (lowercase), after `after`, in the order in which they came
  // here; of "domain" in the order of their ids, and `after` need not be known.
  // Fields: "domain", "type", "maker", "model", "issuer", "transferred" (to that domain), "word", "address" (evidence::mail_address).
  Result<void> search(std::string_view field, std::string_view value, const std::optional<SubjectId>& after,
                      const std::function<bool(const SubjectId&)>& visit) const;
  // Those that have all of these, in the order in which they came here ("domain" has another, and is not joined with others).
  // Looks at no more than `most` rows; where it stopped for that, the last subject that it is done with: go on after it.
  struct Term { std::string_view field; std::string value; };
  Result<std::optional<SubjectId>> search_all(const std::vector<Term>& terms, const std::optional<SubjectId>& after, std::size_t most,
                                              const std::function<bool(const SubjectId&)>& visit) const;

  // Whether the search index leads from this value to the subject: one look-up, however much is stored of either.
  Result<bool> is_found(const SubjectId& subject, std::string_view field, std::string_view value) const;

  // Of a home's log: the newest signed head, a leaf, a hash tile of `width` hashes.
  Result<std::string> checkpoint(std::string_view domain) const;
  Result<Bytes> leaf(std::string_view domain, std::uint64_t index) const;
  Result<StatementId> leaf_statement(std::string_view domain, std::uint64_t index) const;
  Result<Bytes> tile(std::string_view domain, unsigned level, std::uint64_t index, unsigned width) const;

  // Signed heads of other homes, newest of each: (domain, origin, note). `counted` false: those that are only compared with.
  struct KnownHead { std::string domain, origin, note; tlog::Head head; };
  Result<std::vector<KnownHead>> foreign_heads(bool counted = true) const;
  // Signed descriptors of a domain, also where nothing pins it: statement ids by version.
  Result<std::vector<std::pair<std::uint64_t, StatementId>>> descriptors(std::string_view domain) const;
  // Small values stored for other rooms (sync positions, what is still to be forwarded).
  Result<std::optional<Bytes>> note(std::string_view key) const;
  Result<std::vector<std::pair<std::string, Bytes>>> notes(std::string_view prefix) const;

 private:
  Result<bool> add_facts(const SubjectId& subject, std::vector<policy::Fact>& to) const;  // false: not all of them
  Result<void> add_row(const SubjectId& subject, std::uint64_t position, View row, std::vector<policy::Fact>& to) const;
  Result<policy::Fact> fact_of(evidence::Statement statement, FactRow facts, std::uint64_t position) const;
  Result<void> complete(policy::Fact& fact, FactRow facts, std::uint64_t position) const;
  Result<std::vector<KeyId>> keys_named(const std::string& alias) const;
  Result<void> add_crls(const SubjectId& subject, const std::optional<AsOf>& as_of, std::vector<policy::Fact>& about,
                        std::vector<KeyId>& signers) const;
  Result<policy::Fact> crl_fact(const SubjectId& subject, const CrlRow& row, const std::vector<View>& serials,
                                const std::vector<policy::Fact>& about) const;
  Result<void> leave_out_unmade(policy::Fact& fact) const;
  Result<std::string> why_unmade(const StatementId& statement, const std::string& domain) const;
  Result<void> add_compromises(policy::Facts& facts) const;
  Result<std::vector<policy::Fact>> authority_certificates(const SubjectId& subject) const;
  Result<policy::AuthorityFacts> authority(const KeyId& key, const std::optional<AsOf>& as_of, std::vector<KeyId>& signers) const;
  std::unique_ptr<store::Snapshot> snapshot_;
  PublishedPtr published_;
};

struct Options {
  std::string server_name;                    // origin of its logs: server_name/domain
  crypto::SignerPtr log_key;                  // Ed25519; null where `homes` is empty
  std::vector<std::string> homes;             // domains this server is home of
  std::vector<policy::Pin> pins;              // of the configuration
  Clock clock;
  std::filesystem::path mark = {};            // what the log key has signed, kept beside it; empty: not kept
  UptimeSource uptime = {};                   // how long the machine has been up; null: nobody knows
  bool accept_clock = false;                  // sign at what the clock says, however far that is from the newest head
  std::string hold = {};                      // nothing is signed for this reason, until hold("")
  // A broken invariant (someone else wrote to the store): the process must stop; a restart recovers by the normal path.
  std::function<void(const Error&)> on_broken;
};

class Ledger {
 public:
  // Opens what the store holds, by the same reading as every commit ends with, and starts the appender.
  // Errors name what is wrong with the store and what to do (conflict: it belongs to another server).
  static Result<std::unique_ptr<Ledger>> open(Options options, std::unique_ptr<store::Store> store, OnChange on_change);
  ~Ledger();  // everything that waits is still appended

  Result<Reader> reader() const;
  PublishedPtr published() const;

  // Hands over to the appender; `done` is called once, after the commit. unavailable when the inbox is full.
  Result<void> append(Submission submission, AppendDone done);
  Result<void> append_head(ForeignHead head);
  // No value: the note is removed.
  Result<void> put_note(std::string key, std::optional<Bytes> value, std::function<void(Result<void>)> done);
  // A home of `domain` refused a statement for good, or it cannot reach one (`reason`: the value of a refusal note): it is not
  // forwarded there any more, and is not made there, until it is submitted again or that home's receipt comes all the same.
  Result<void> refuse(StatementId statement, std::string domain, Bytes reason);
  // A counted transfer names a domain's owner. `done`, where given, is called once, after the commit.
  Result<void> add_pin(policy::Pin pin, std::function<void(Result<void>)> done = {});
  // Waits until everything that was handed over before is durable (tests, shutting down).
  void drain();

  // Since when nothing could be written (a full disk), and why; none: what came last was. A home writes every minute.
  std::optional<WriteFailure> write_failure() const;
  // Why this home signs nothing at present, and so takes nothing into its logs; empty: it does.
  std::string signing_refusal() const;
  void hold(std::string reason);              // from now on, for this reason; empty: no longer
  void vouch(Time peers_now);                 // a peer's clock: settles how much time has passed while this home was away
  // By this server's log key, of a domain it is home of: does its log go on from that head. conflict: no; it signs nothing any
  // more. Other errors: nobody knows.
  Result<void> compare_own_head(const std::string& domain, const std::string& note);

  const Options& options() const;

 private:
  struct Impl;
  explicit Ledger(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Deletes every derived row and makes it anew from journal and heads; progress(done, of) is called now and then.
Result<std::uint64_t> rebuild(store::Store& store, const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace cm4it::ledger
