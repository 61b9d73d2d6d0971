#include "service/transfer_pins.h"

#include <algorithm>

#include "base/log.h"
#include "ledger/transfer_note.h"
#include "service/intake_examine.h"

namespace cm4it::service {
namespace {

constexpr std::uint64_t pins_stream = 1;  // one after another

}  // namespace

Result<void> TransferPins::load() {
  TRY(const auto reader, ledger_.reader());
  TRY(const auto notes, reader.notes(ledger::transfer_notes));
  for (const auto& [key, value] : notes)
    if (const auto subject = SubjectId::parse(key.substr(ledger::transfer_notes.size()))) keep_undecided(*subject);
  return {};
}

void TransferPins::resume() {
  pin_owners(undecided_.with([](const auto& open) { return open; }), [] {});
}

// The note of it is stored already. If too many are undecided, the note is removed, and the transfer is not looked at again.
void TransferPins::keep_undecided(const SubjectId& subject) {
  const bool remembered = undecided_.with([&](Subjects& subjects) {
    return subjects.contains(subject) || (subjects.size() < budget::undecided_transfers && subjects.insert(subject).second);
  });
  if (!remembered) note_undecided(subject, false);
}

void TransferPins::note_undecided(const SubjectId& subject, bool yes) {
  const auto noted = ledger_.put_note(ledger::transfer_note(subject), yes ? std::optional(Bytes{}) : std::nullopt, {});
  if (!noted) log_warn("transfer of " + subject.text() + ": the appender is busy; after a restart it is " + (yes ? "not looked at again" : "looked at once more"));
}

void TransferPins::set_undecided(const SubjectId& subject, bool yes) {
  const bool changed = undecided_.with([&](Subjects& subjects) {
    if (!yes) return subjects.erase(subject) > 0;
    return subjects.size() < budget::undecided_transfers && subjects.insert(subject).second;
  });
  if (changed) note_undecided(subject, yes);
}

TransferPins::Decision TransferPins::decide(const Subjects& subjects) {
  Decision decision;
  const auto reader = ledger_.reader();
  if (!reader) return decision;
  const auto& policies = reader->policies();
  for (const SubjectId& subject : subjects) {
    const auto facts = reader->facts(subject);
    if (!facts) continue;
    std::vector<const policy::Fact*> open;
    std::set<std::string> domains;
    for (const auto& fact : facts->about) {
      const auto* transfer = std::get_if<evidence::Transfer>(&fact.statement.body);
      if (!transfer || ledger::is_pinned(policies, *transfer)) continue;
      open.push_back(&fact);
      domains.insert(fact.domains.begin(), fact.domains.end());
    }
    const Time now = as_received(*facts, clocks_.now(reader->published()));
    std::set<StatementId> counted;
    for (const auto& domain : domains)
      for (const auto& judgement : policy::fold(*facts, policies, domain, now).judgements)
        if (judgement.counts) counted.insert(judgement.fact->statement.id);
    bool all = true;
    for (const auto* fact : open) {
      const auto& transfer = std::get<evidence::Transfer>(fact->statement.body);
      if (counted.contains(fact->statement.id)) decision.pins.push_back({transfer.domain, transfer.owner, policy::Pin::Source::transfer});
      else all = false;
    }
    if (all) decision.decided.insert(subject);
    else set_undecided(subject, true);
  }
  return decision;
}

// Called on the appender's thread, so the fold is left to a worker.
void TransferPins::note(const std::vector<evidence::Statement>& statements, std::function<void()> then) {
  Subjects subjects;
  const auto policies = ledger_.published()->policies;
  const auto applies = [&](const std::string& domain) { return policies->chain(domain) != nullptr; };
  for (const auto& statement : statements)
    if (const auto* transfer = std::get_if<evidence::Transfer>(&statement.body); transfer && !ledger::is_pinned(*policies, *transfer))
      keep_undecided(statement.subject);
  undecided_.with([&](const Subjects& open) {
    for (const auto& statement : statements) {
      if (statement.kind() == Kind::policy && std::any_of(statement.domains.begin(), statement.domains.end(), applies))
        subjects.insert(open.begin(), open.end());
      if (statement.kind() == Kind::transfer || open.contains(statement.subject)) subjects.insert(statement.subject);
    }
  });
  pin_owners(std::move(subjects), std::move(then));
}

void TransferPins::pin_owners(Subjects subjects, std::function<void()> then) {
  if (subjects.empty()) return then();
  struct Pending { std::atomic<std::size_t> left; std::atomic<bool> failed; };
  auto job = [this, subjects, then] {
    auto decision = decide(subjects);
    // The notes are removed only when the owners that the transfers name are pinned.
    const auto settle = [this, decided = std::move(decision.decided)] {
      for (const auto& subject : decided) set_undecided(subject, false);
    };
    if (decision.pins.empty()) {
      settle();
      return then();
    }
    auto pending = std::make_shared<Pending>(decision.pins.size(), false);
    const auto noted = [this, pending, settle, then](const Result<void>& result) {
      if (!result) pending->failed = true;
      if (pending->left.fetch_sub(1) != 1) return;
      if (pending->failed) return then();
      settle();
      // By what these owners stated, other transfers may count by now.
      pin_owners(undecided_.with([](const auto& open) { return open; }), then);
    };
    for (auto& pin : decision.pins) {
      const std::string domain = pin.domain;
      if (auto sent = ledger_.add_pin(std::move(pin), noted); !sent) {
        log_warn("pin of " + domain + ": the appender is busy; it comes with the next policy");
        noted(sent);
      }
    }
  };
  if (const auto ticket = queues_.submissions().admit({Rank::server, {}, pins_stream})) return queues_.submissions().add(ticket, std::move(job));
  log_info("pins of transfers: the server stops; they come with its next start");
  then();
}

}  // namespace cm4it::service
