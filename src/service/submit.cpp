// Submissions: pieces are examined on workers, appended, and those that waited for another piece of the same submission
// are examined again.
#include <algorithm>
#include <numeric>

#include "base/budgets.h"
#include "evidence/codec.h"
#include "service/intake.h"
#include "service/intake_examine.h"
#include "service/restricting.h"
#include "service/serials.h"

namespace cm4it::service {

namespace {

// Examinations in one submission: several of each piece, and in a small one as many as a long chain of policy versions needs, of
// which each waits for the one before.
constexpr std::size_t examinations_a_piece = 8, examinations_at_least = 20'000;

// What strangers have sent may be minutes of work.
Error is_stopping() { return {Code::unavailable, "this server is stopping", "try again in a moment"}; }

}  // namespace

struct Intake::Round {
  static RoundPtr make(Turns::TicketPtr ticket, std::vector<evidence::Piece> pieces, std::string domain, const Caller& caller, SubmitDone done);

  Turns::TicketPtr ticket;
  std::vector<evidence::Piece> pieces;
  std::string domain;
  SubmitDone done;
  std::vector<ItemResult> results;
  std::size_t asked = 0;                 // pieces that were submitted: what comes along with them is behind those
  std::size_t examinations = 0;          // of pieces, again and again
  std::string source;                    // the address it came from; empty: this server itself
  Principal who;                         // for what may be told of other subjects
  std::size_t folded = 0;                // for warnings
  std::vector<std::optional<SerialUse>> serials;  // of the pieces; each is written by whoever examines its piece
  bool own = false;                      // this server's own evidence: no quota a minute
  std::size_t entered_before = 0;
  struct Todo { std::vector<std::size_t> indices; std::size_t next = 0; };
  Guarded<Todo> todo;                    // pieces of this round, and the first of them that no part has
  std::atomic<std::size_t> waiting{0};   // pieces of this round that have no result yet
};

namespace {

std::size_t octets_of(const std::vector<evidence::Piece>& pieces) {
  return std::accumulate(pieces.begin(), pieces.end(), std::size_t{0}, [](std::size_t sum, const auto& piece) { return sum + piece.bytes.size(); });
}

}  // namespace

Intake::RoundPtr Intake::Round::make(Turns::TicketPtr ticket, std::vector<evidence::Piece> pieces, std::string domain, const Caller& caller,
                                     SubmitDone done) {
  auto round = std::make_shared<Round>();
  round->source = caller.address;
  round->who = caller.who;
  round->ticket = std::move(ticket);
  round->asked = pieces.size();
  round->pieces = std::move(pieces);
  round->domain = std::move(domain);
  round->done = std::move(done);
  return round;
}

Result<void> Intake::submit(std::vector<evidence::Piece> pieces, std::string domain, SubmitDone done, const Caller& caller,
                             Whose whose) {
  if (pieces.empty()) return fail(Code::malformed, "body: no evidence in it");
  TRY(auto ticket, queues_.admit_submission(caller, octets_of(pieces)));
  const bool alone = std::none_of(pieces.begin(), pieces.end(), [](const auto& piece) {
    const auto* codec = evidence::find_codec(piece.format);
    return codec && codec->accompanying;
  });
  const auto round = Round::make(std::move(ticket), std::move(pieces), access_.domain_or_default(domain), caller, std::move(done));
  round->own = whose == Whose::own;
  if (alone) start(round);
  // To look for what comes along takes reading: not on the thread of a door.
  else turns_.add(round->ticket, [this, round] { start_with_accompanying(round); });
  return {};
}

Result<void> Intake::submit(Split split, std::size_t octets, std::string domain, std::function<void(Result<std::vector<ItemResult>>)> done,
                             const Caller& caller) {
  TRY(const auto ticket, queues_.admit_submission(caller, octets));
  turns_.add(ticket, [this, ticket, split = std::move(split), domain = access_.domain_or_default(domain), caller, done = std::move(done)] {
    if (stopping_) return done(tl::unexpected(is_stopping()));
    auto pieces = split();
    if (!pieces) return done(tl::unexpected(std::move(pieces).error()));
    if (pieces->empty()) return done(std::vector<ItemResult>{});
    start_with_accompanying(Round::make(ticket, std::move(*pieces), domain, caller, [done](std::vector<ItemResult> results) { done(std::move(results)); }));
  });
  return {};
}

void Intake::start_with_accompanying(const RoundPtr& round) {
  std::vector<evidence::Piece> along;
  for (const auto& piece : round->pieces) {
    auto pieces = evidence::accompanying(piece);
    along.insert(along.end(), std::make_move_iterator(pieces.begin()), std::make_move_iterator(pieces.end()));
    if (along.size() >= budget::submission_items) break;
  }
  round->pieces.insert(round->pieces.end(), std::make_move_iterator(along.begin()), std::make_move_iterator(along.end()));
  start(round);
}

void Intake::start(const RoundPtr& round) {
  round->results.resize(round->pieces.size());
  round->serials.resize(round->pieces.size());
  std::vector<std::size_t> all(round->pieces.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  start_round(round, std::move(all));
}

// As many parts at a time as there are threads for it: each begins the next when it is through, behind those of others.
void Intake::start_round(const RoundPtr& round, std::vector<std::size_t> indices) {
  const std::size_t parts = (indices.size() + budget::part_pieces - 1) / budget::part_pieces;
  round->waiting = indices.size();
  round->examinations += indices.size();
  round->todo.with([&](Round::Todo& todo) { todo = {std::move(indices), 0}; });
  const std::size_t threads = turns_.threads_of(Rank::anyone);
  for (std::size_t i = 0, at_once = std::min(parts, threads); i < at_once; ++i) add_part(round);
}

void Intake::add_part(const RoundPtr& round) {
  turns_.add(round->ticket, [this, round] { examine_part(round); });
}

namespace {

// Alarms and revocations wait for no quota, where they add something.
bool always_enters(const IntakeResult& examined, const ledger::Reader& reader) {
  const auto& evidence = examined.submission->evidence;
  for (const auto& statement : evidence.statements()) {
    const auto restricting = restricts(statement, reader);
    if (!restricting || !*restricting) return false;
    const auto adds = adds_restriction(statement, evidence.bytes(), evidence.issuer(), reader);
    if (!adds || !*adds) return false;
  }
  return true;
}

ItemResult refusal(const Error& error, std::optional<StatementId> statement = {}) {
  ItemResult result;
  result.outcome = error.code == Code::not_yet ? ItemResult::Outcome::not_yet : ItemResult::Outcome::refused;
  result.statement = statement;
  result.error = error;
  return result;
}

ItemResult entered(ledger::Appended appended, std::vector<std::string> elsewhere,
                   std::vector<std::pair<std::string, Error>> not_taken) {
  ItemResult result;
  result.outcome =
      appended.placements.empty() ? ItemResult::Outcome::provisional : ItemResult::Outcome::received;
  result.statement = appended.id;
  result.is_new = appended.is_new;
  result.received = std::move(appended.placements);
  result.forwarded_to = std::move(elsewhere);
  result.not_taken = std::move(not_taken);
  return result;
}

}  // namespace

void Intake::examine_part(const RoundPtr& round) {
  std::vector<std::size_t> mine;
  const bool more = round->todo.with([&](Round::Todo& todo) {
    std::size_t octets = 0;
    while (todo.next < todo.indices.size() && mine.size() < budget::part_pieces && octets < budget::part_bytes) {
      mine.push_back(todo.indices[todo.next++]);
      octets += round->pieces[mine.back()].bytes.size();
    }
    return todo.next < todo.indices.size();
  });
  for (const std::size_t index : mine) examine_one(round, index);
  if (more) add_part(round);
}

void Intake::examine_one(const RoundPtr& round, std::size_t index) {
  if (stopping_) return piece_done(round, index, refusal(is_stopping()));
  auto reader = ledger_.reader();
  if (!reader) return piece_done(round, index, refusal(reader.error()));
  const Time now = clocks_.now(reader->published());
  auto examined = examine_submission(round->pieces[index], {*reader, ledger_.options(), round->domain, now, options_.subject_statements});
  if (!examined) return piece_done(round, index, refusal(examined.error()));
  if (examined->known) return piece_done(round, index, entered(std::move(*examined->known), {}, {}));
  if (!round->own && !quota_.with([&](IssuerQuota& left) { return left.take(examined->issuer, now); }) && !always_enters(*examined, *reader))
    return piece_done(round, index, refusal({Code::unavailable, "issuer: its quota of statements a minute is used up",
                                             "wait a minute, or raise quotas.issuer_per_minute in icsd.toml"}));
  const auto statements = examined->submission->evidence.statements();
  if (!round->own) round->serials[index] = serial_use_of(statements);
  auto done = [this, round, index, statements, elsewhere = examined->elsewhere,
               not_taken = examined->not_taken](Result<ledger::Appended> appended) {
    if (!appended) return piece_done(round, index, refusal(appended.error()));
    if (appended->is_new) warn_of_compromise(statements);
    if (forwarder_ && !elsewhere.empty()) forwarder_->forward(appended->id, elsewhere);
    for (const auto& [domain, error] : not_taken)
      if (forwarder_ && !access_.is_home(domain)) forwarder_->not_forwarded(appended->id, domain, error.message);
    pins_.note(statements, [this, round, index, result = entered(std::move(*appended), elsewhere, not_taken)] {
      piece_done(round, index, result);
    });
  };
  examined->submission->source = round->source;
  if (auto sent = ledger_.append(std::move(*examined->submission), std::move(done)); !sent)
    piece_done(round, index, refusal(sent.error()));
}

void Intake::piece_done(const RoundPtr& round, std::size_t index, ItemResult result) {
  round->results[index] = std::move(result);
  if (round->waiting.fetch_sub(1) == 1) round_done(round);
}

// A transfer waits for its identity, a status for its transfer: what could not count yet is tried again as long as
// something else of the same submission came in meanwhile.
void Intake::round_done(const RoundPtr& round) {
  std::vector<std::size_t> again;
  std::size_t entered_now = 0;
  for (std::size_t i = 0; i < round->results.size(); ++i) {
    const auto outcome = round->results[i].outcome;
    if (outcome == ItemResult::Outcome::received || outcome == ItemResult::Outcome::provisional) ++entered_now;
    else if (round->results[i].error && (round->results[i].error->code == Code::not_yet ||
                                         round->results[i].error->code == Code::not_permitted))
      again.push_back(i);
  }
  const std::size_t most_examinations = std::max(examinations_at_least, examinations_a_piece * round->pieces.size());
  if (!again.empty() && entered_now > round->entered_before && round->examinations + again.size() <= most_examinations) {
    round->entered_before = entered_now;
    return start_round(round, std::move(again));
  }
  round->results.resize(round->asked);
  for (std::size_t i = 0; i < round->results.size(); ++i)
    if (round->serials[i] && round->results[i].is_new) return turns_.add(round->ticket, [this, round, i] { warn_of_serials(round, i); });
  answer_round(round);
}

// All of the submission is kept by now: what it gives one serial twice is found as well.
void Intake::warn_of_serials(const RoundPtr& round, std::size_t from) {
  std::size_t looked = 0;
  for (std::size_t i = from; i < round->results.size(); ++i) {
    if (!round->serials[i] || !round->results[i].is_new) continue;
    if (looked++ == budget::part_pieces) return turns_.add(round->ticket, [this, round, i] { warn_of_serials(round, i); });
    if (auto warnings = verdicts_.same_serials(*round->serials[i], round->domain, round->who, round->folded))
      round->results[i].warnings = std::move(*warnings);
  }
  answer_round(round);
}

void Intake::answer_round(const RoundPtr& round) {
  for (const auto& result : round->results) {
    switch (result.outcome) {
      case ItemResult::Outcome::received: ++received_; break;
      case ItemResult::Outcome::provisional: ++provisional_; break;
      case ItemResult::Outcome::not_yet: ++not_yet_; break;
      case ItemResult::Outcome::refused: ++refused_; break;
    }
  }
  round->done(std::move(round->results));
}

Result<std::optional<std::string>> Intake::would_be_refused(const ledger::Record& record, const std::string& domain) const {
  TRY(const auto reader, ledger_.reader());
  TRY(auto found, eligibility(record, domain, {reader, ledger_.options(), domain, clocks_.now(), options_.subject_statements}));
  if (found.answer != policy::Eligibility::Answer::no) return std::optional<std::string>{};
  return std::optional(std::move(found.why));
}

}  // namespace cm4it::service
