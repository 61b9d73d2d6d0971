#include "ledger/appender.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/log.h"
#include "ledger/batch_builder.h"

namespace cm4it::ledger {
namespace {

template <class... F>
struct Overloaded : F... { using F::operator()...; };
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

void refuse(Message& message, const Error& error) {
  std::visit(Overloaded{[&](AppendEvidence& m) { m.done(tl::unexpected(error)); },
                        [&](PutNote& m) { if (m.done) m.done(tl::unexpected(error)); },
                        [&](AddPin& m) { if (m.done) m.done(tl::unexpected(error)); },
                        [&](Drain& m) { m.reached->set_value(); },
                        [](AppendHead&) {}, [](NoteRefusal&) {}},
             message);
}

}  // namespace

Appender::Appender(const Options& options, store::Store& store, Signing& signing, State state, OnChange on_change)
    : options_(options), store_(store), signing_(signing), on_change_(std::move(on_change)), inbox_(budget::appender_inbox),
      state_(std::move(state)), published_(publish(state_, options_, authorities_)), thread_([this] { run(); }) {}

Appender::~Appender() {
  inbox_.close();
  thread_.join();
}

Result<void> Appender::send(Message message) {
  if (inbox_.send(std::move(message))) return {};
  return fail(Code::unavailable, "too many submissions wait to be written", "try again in a moment");
}

bool Appender::heads_are_due(Time now) const {
  return std::any_of(state_.homes.begin(), state_.homes.end(), [&](const auto& home) {
    return now - home.second.head().time >= budget::head_interval_seconds || home.second.head().origin.empty();
  }) || Signing::must_sign(state_, now);
}

void Appender::run() {
  using namespace std::chrono_literals;
  for (;;) {
    std::vector<Message> messages = inbox_.take(budget::append_batch, 500ms);
    if (messages.empty()) {
      const Time now = options_.clock();
      const bool due = check_signing(now).empty() && heads_are_due(now), last = inbox_.closed();
      if (auto marked = signing_.committed(state_, now, last); !marked) log_failure(0, marked.error(), now);
      if (last) return;
      if (!due && !state_.pinned_aside) continue;
    }
    try {
      take_batch(std::move(messages));
    } catch (const std::exception& error) {  // whoever waits for this batch would wait for ever
      stop({Code::internal, std::string("appender: ") + error.what(), "start again"});
    }
  }
}

// Verdicts change when a home becomes unable to take alarms, and again when it can take them.
std::string Appender::check_signing(Time now) {
  const bool before = signing_.refusal().empty();
  auto refusal = signing_.check(state_, now);
  if (refusal.empty() != before) tell_everything();
  return refusal;
}

void Appender::stop(const Error& broken) const {
  log_error(broken.message);
  if (options_.on_broken) options_.on_broken(broken);
}

// Once a minute for the same reason: a disk that is full or a token that is gone stays so for a while, and every batch meets it.
void Appender::log_failure(std::size_t submissions, const Error& error, Time now) {
  constexpr std::int64_t interval = 60;
  if (error.message == last_failure_ && now - last_failure_at_ < interval && now >= last_failure_at_) return;
  last_failure_ = error.message;
  last_failure_at_ = now;
  log_error("appender: nothing of " + std::to_string(submissions) + " submissions was written: " + error.message +
            (error.detail.empty() ? "" : "; " + error.detail));
}

namespace {

constexpr int most_tries = 8;  // of a batch, where other servers write to the same store

void add(BatchBuilder& builder, Pending& pending) {
  const auto visit = [&](const auto& message) -> Result<void> {
    if constexpr (requires { { builder.add(message) } -> std::same_as<Result<void>>; }) return builder.add(message);
    else if constexpr (requires { builder.add(message); }) builder.add(message);
    return {};
  };
  pending.refused.reset();
  if (auto added = std::visit(visit, pending.message); !added) pending.refused = std::move(added).error();
}

void answer(BatchBuilder& builder, Message& message) {
  std::visit(Overloaded{[&](AppendEvidence& m) { m.done(builder.answer(m.submission.evidence.id())); },
                        [&](PutNote& m) { if (m.done) m.done({}); },
                        [&](AddPin& m) { if (m.done) m.done({}); },
                        [&](Drain& m) { m.reached->set_value(); },
                        [](AppendHead&) {}, [](NoteRefusal&) {}},
             message);
}

}  // namespace

void Appender::take_batch(std::vector<Message> messages) {
  std::vector<Pending> batch;
  batch.reserve(messages.size());
  for (auto& message : messages) batch.push_back({std::move(message), {}});
  Result<Written> written = Written::another_came_first;
  for (int tries = 0; tries < most_tries && written && *written == Written::another_came_first; ++tries) written = try_batch(batch);
  if (written && *written == Written::all) return;
  const Error error = written ? Error{Code::unavailable, "store: other servers wrote to it again and again", "try again in a moment"} : written.error();
  for (auto& one : batch) refuse(one.message, one.refused.value_or(error));
}

// Messages that this commit does not answer are answered by a later one, or refused.
Result<Appender::Written> Appender::try_batch(std::vector<Pending>& batch) {
  TRY(auto snapshot, store_.snapshot());
  const Time now = options_.clock();
  const std::string refusal = check_signing(now);
  BatchBuilder builder(options_, state_, *snapshot, refusal);
  for (auto& one : batch) add(builder, one);
  Result<void> outcome = builder.finish(now, refusal.empty() && heads_are_due(now));
  snapshot.reset();  // the old pages are free to go before the commit
  Written written = Written::all;
  if (outcome && builder.changed()) {
    auto committed = commit(builder, now);
    if (committed) written = *committed;
    else outcome = tl::unexpected(committed.error());
  }
  if (written == Written::another_came_first) return written;
  if (!outcome) log_failure(batch.size(), outcome.error(), now);
  else last_failure_.clear();
  if (!outcome || builder.changed())
    write_failure_.with([&](auto& failure) {
      if (outcome) failure.reset();
      else failure = WriteFailure{failure ? failure->since : now, outcome.error().message, outcome.error().detail};
    });
  CHECK_OK(outcome);
  for (auto& one : batch)
    if (one.refused) refuse(one.message, *one.refused);
    else answer(builder, one.message);
  return written;
}

// If we crash before the commit returns: nothing was answered, and either all of the batch is there or none of it.
// If we crash after it: all of it is there; whoever was not answered submits again and gets the same receipt.
// The mark of a log that begins is durable before anybody hears of it: a store that is lost later cannot begin another.
Result<Appender::Written> Appender::commit(const BatchBuilder& builder, Time now) {
  auto outcome = store_.commit(builder.batch(), head_of(state_));
  if (outcome && *outcome == store::Commit::conflict) {
    CHECK_OK(read_on());
    return Written::another_came_first;
  }
  if (!outcome) CHECK_OK(settle_unknown(builder, outcome.error()));
  state_ = builder.after();
  const auto marked = signing_.committed(state_, now);
  tell(builder.change());
  CHECK_OK(marked);
  return Written::all;
}

// Another server of ours wrote to this store since it was read last. What this one signed meanwhile went nowhere, and is made anew
// from what there is now.
Result<void> Appender::read_on() {
  auto state = load_state(options_, store_);
  if (!state) {
    const Error broken{Code::internal, "store: another process wrote to it, and what it wrote cannot be read: " + state.error().message, state.error().detail};
    stop(broken);
    return tl::unexpected(broken);
  }
  log_debug("store: another server wrote to it; read on to entry " + std::to_string(state->next - 1));
  state_ = std::move(*state);
  tell_everything();
  return {};
}

// Publishes the state: from here on all readers see it.
void Appender::tell(Change change) {
  if (change.everything) authorities_ = std::make_shared<AuthorityCache>();
  published_.replace(publish(state_, options_, authorities_));
  if (!on_change_) return;
  change.newest_time = state_.newest_time;
  on_change_(change);
}

void Appender::tell_everything() {
  Change change;
  change.next = state_.next;
  change.everything = true;
  tell(std::move(change));
}

// A commit that failed may have been written all the same: the head tells. Where another server has written since, it does not: then
// whoever submits again gets the same receipt, and the next commit finds that this one has to read on.
Result<void> Appender::settle_unknown(const BatchBuilder& builder, const Error& error) {
  TRY(const auto snapshot, store_.snapshot());
  TRY(const auto head, snapshot->get(store::head_table, store::head_key));
  if (head && equal(*head, builder.batch().head())) return {};
  return tl::unexpected(error);
}

}  // namespace cm4it::ledger
