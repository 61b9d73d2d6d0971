// The pieces of one submission, round by round.
#include "service/intake_round.h"

#include <algorithm>

#include "base/budgets.h"
#include "service/intake_examine.h"
#include "service/restricting.h"

namespace cm4it::service {
namespace {

// Examinations in one submission: several of each piece, and in a small one as many as a long chain of policy versions needs, of
// which each waits for the one before.
constexpr std::size_t examinations_a_piece = 8, examinations_at_least = 20'000;

// No quota applies to alarms and revocations that add something.
bool always_enters(const evidence::Verified& evidence, const ledger::Reader& reader) {
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
  if (auto* known = std::get_if<ledger::Appended>(&*examined)) return piece_done(round, index, entered(std::move(*known), {}, {}));
  auto& prepared = std::get<Prepared>(*examined);
  auto& submission = prepared.submission;
  const auto& evidence = submission.evidence;
  if (!round->own && !quota_.with([&](IssuerQuota& left) { return left.take(evidence.issuer(), now); }) && !always_enters(evidence, *reader))
    return piece_done(round, index, refusal({Code::unavailable, "issuer: its quota of statements a minute is used up",
                                             "wait a minute, or raise quotas.issuer_per_minute in icsd.toml"}));
  const auto statements = evidence.statements();
  if (!round->own) round->serials[index] = serial_use_of(statements);
  auto done = [this, round, index, statements, elsewhere = submission.forward_to,
               not_taken = prepared.not_taken](Result<ledger::Appended> appended) {
    if (!appended) return piece_done(round, index, refusal(appended.error()));
    if (appended->is_new) warn_of_compromise(statements);
    if (forwarder_ && !elsewhere.empty()) forwarder_->forward(appended->id, elsewhere);
    for (const auto& [domain, error] : not_taken)
      if (forwarder_ && !access_.is_home(domain)) forwarder_->not_forwarded(appended->id, domain, error.message);
    pins_.note(statements, [this, round, index, result = entered(std::move(*appended), elsewhere, not_taken)] {
      piece_done(round, index, result);
    });
  };
  submission.source = round->source;
  if (auto sent = ledger_.append(std::move(submission), std::move(done)); !sent)
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

// The whole submission is stored by now, so a serial number that is given twice within it is found as well.
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

}  // namespace cm4it::service
