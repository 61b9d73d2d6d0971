// Submissions: pieces are walked on workers, appended, and those that waited for another piece of the same submission
// are walked again.
#include <algorithm>
#include <numeric>

#include "base/budgets.h"
#include "base/log.h"
#include "service/impl.h"
#include "service/restricting.h"
#include "service/walk.h"

namespace cm4it::service {

namespace {

constexpr std::size_t pieces_a_job = 32;
constexpr int most_rounds = 8;

Error queue_is_full() {
  return {Code::unavailable, "too many submissions wait to be verified", "try again in a moment"};
}

}  // namespace

struct Round {
  std::vector<evidence::Piece> pieces;
  std::string domain;
  SubmitDone done;
  std::vector<ItemResult> results;
  std::size_t asked = 0;                 // pieces that were submitted: what comes along with them is behind those
  int rounds = 0;
  std::size_t entered_before = 0;
  std::vector<std::size_t> indices;      // of this round
  std::atomic<std::size_t> waiting{0};   // pieces of this round that have no result yet
};

Result<void> Service::submit(std::vector<evidence::Piece> pieces, std::string domain, SubmitDone done) {
  if (pieces.empty()) return fail(Code::malformed, "body: no evidence in it");
  auto round = std::make_shared<Round>();
  round->asked = pieces.size();
  round->pieces = std::move(pieces);
  round->domain = impl_->domain_or_default(domain);
  round->done = std::move(done);
  if (std::none_of(round->pieces.begin(), round->pieces.end(), [](const auto& piece) { return piece.format == evidence::Format::manifest; })) {
    impl_->start(round);
    return {};
  }
  // To look for what comes along takes reading: not on the thread of a door.
  if (!impl_->jobs.send([impl = impl_.get(), round] { impl->start_with_accompanying(round); }))
    return tl::unexpected(queue_is_full());
  return {};
}

void Service::Impl::start_with_accompanying(const std::shared_ptr<Round>& round) {
  std::vector<evidence::Piece> along;
  for (const auto& piece : round->pieces) {
    auto pieces = evidence::accompanying(piece);
    along.insert(along.end(), std::make_move_iterator(pieces.begin()), std::make_move_iterator(pieces.end()));
    if (along.size() >= budget::submission_items) break;
  }
  round->pieces.insert(round->pieces.end(), std::make_move_iterator(along.begin()), std::make_move_iterator(along.end()));
  start(round);
}

void Service::Impl::start(const std::shared_ptr<Round>& round) {
  round->results.resize(round->pieces.size());
  std::vector<std::size_t> all(round->pieces.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  start_round(round, std::move(all));
}

void Service::Impl::start_round(const std::shared_ptr<Round>& round, std::vector<std::size_t> indices) {
  round->indices = std::move(indices);
  const std::size_t count = round->indices.size();
  round->waiting = count;
  for (std::size_t begin = 0; begin < count; begin += pieces_a_job) {
    const std::size_t end = std::min(count, begin + pieces_a_job);
    if (jobs.send([this, round, begin, end] { walk_round(round, begin, end); })) continue;
    for (std::size_t i = begin; i < end; ++i) {
      ItemResult result;
      result.error = queue_is_full();
      piece_done(round, round->indices[i], std::move(result));
    }
  }
}

void Service::Impl::work(Jobs& jobs) {
  using namespace std::chrono_literals;
  for (;;) {
    auto taken = jobs.take(1, 1000ms);
    if (taken.empty() && jobs.closed()) return;
    for (auto& job : taken) {
      try {
        job();
      } catch (const std::exception& error) {
        log_error(std::string("worker: ") + error.what());
      }
    }
  }
}

namespace {

// Alarms and revocations wait for no quota, where they add something.
bool always_enters(const Walked& walked, const ledger::Reader& reader) {
  const auto& evidence = walked.submission->evidence;
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

void Service::Impl::walk_round(const std::shared_ptr<Round>& round, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    const std::size_t index = round->indices[i];
    auto reader = ledger->reader();
    if (!reader) {
      piece_done(round, index, refusal(reader.error()));
      continue;
    }
    const Time now = this->now(reader->published());
    auto walked = walk(round->pieces[index],
                       {*reader, ledger->options(), round->domain, now, options.subject_statements});
    if (!walked) {
      piece_done(round, index, refusal(walked.error()));
    } else if (walked->known) {
      piece_done(round, index, entered(std::move(*walked->known), {}, {}));
    } else if (!quota.with([&](IssuerQuota& left) { return left.take(walked->issuer, now); }) && !always_enters(*walked, *reader)) {
      piece_done(round, index, refusal({Code::unavailable, "issuer: its quota of statements a minute is used up",
                                        "wait a minute, or raise quotas.issuer_per_minute in icsd.toml"}));
    } else {
      const auto statements = walked->submission->evidence.statements();
      auto done = [this, round, index, statements, elsewhere = walked->elsewhere,
                   not_taken = walked->not_taken](Result<ledger::Appended> appended) {
        if (!appended) return piece_done(round, index, refusal(appended.error()));
        if (forwarder && !elsewhere.empty()) forwarder->forward(appended->id, elsewhere);
        note_transfers(statements, [this, round, index, result = entered(std::move(*appended), elsewhere, not_taken)] {
          piece_done(round, index, result);
        });
      };
      if (auto sent = ledger->append(std::move(*walked->submission), std::move(done)); !sent)
        piece_done(round, index, refusal(sent.error()));
    }
  }
}

void Service::Impl::piece_done(const std::shared_ptr<Round>& round, std::size_t index, ItemResult result) {
  round->results[index] = std::move(result);
  if (round->waiting.fetch_sub(1) == 1) round_done(round);
}

// A transfer waits for its identity, a status for its transfer: what could not count yet is tried again as long as
// something else of the same submission came in meanwhile.
void Service::Impl::round_done(const std::shared_ptr<Round>& round) {
  std::vector<std::size_t> again;
  std::size_t entered_now = 0;
  for (std::size_t i = 0; i < round->results.size(); ++i) {
    const auto outcome = round->results[i].outcome;
    if (outcome == ItemResult::Outcome::received || outcome == ItemResult::Outcome::provisional) ++entered_now;
    else if (round->results[i].error && (round->results[i].error->code == Code::not_yet ||
                                         round->results[i].error->code == Code::not_permitted))
      again.push_back(i);
  }
  if (!again.empty() && entered_now > round->entered_before && ++round->rounds < most_rounds) {
    round->entered_before = entered_now;
    return start_round(round, std::move(again));
  }
  round->results.resize(round->asked);
  for (const auto& result : round->results) {
    switch (result.outcome) {
      case ItemResult::Outcome::received: ++received; break;
      case ItemResult::Outcome::provisional: ++provisional; break;
      case ItemResult::Outcome::not_yet: ++not_yet; break;
      case ItemResult::Outcome::refused: ++refused; break;
    }
  }
  round->done(std::move(round->results));
}

}  // namespace cm4it::service
