// Submissions: pieces are examined on workers, appended, and those that waited for another piece of the same submission
// are examined again (intake_round.cpp).
#include <algorithm>
#include <numeric>

#include "base/budgets.h"
#include "evidence/codec.h"
#include "service/intake_examine.h"
#include "service/intake_round.h"

namespace cm4it::service {
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
  // Finding the evidence that a piece brings along takes long, so it is not done on an event loop.
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

// As many parts run at a time as there are threads for them; each part, when done, queues the next one behind those of others.
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

Result<std::optional<std::string>> Intake::would_be_refused(const ledger::Record& record, const std::string& domain) const {
  TRY(const auto reader, ledger_.reader());
  TRY(auto found, eligibility(record, domain, {reader, ledger_.options(), domain, clocks_.now(), options_.subject_statements}));
  if (found.answer != policy::Eligibility::Answer::no) return std::optional<std::string>{};
  return std::optional(std::move(found.why));
}

}  // namespace cm4it::service
