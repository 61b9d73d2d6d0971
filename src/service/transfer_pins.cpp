#include "service/transfer_pins.h"

#include <algorithm>

#include "base/log.h"
#include "service/intake_examine.h"

namespace cm4it::service {
namespace {

constexpr std::string_view note_prefix = "transfer/";
constexpr std::uint64_t pins_stream = 1;  // one after another

// Is the holder that a transfer names known: a domain begun by that owner, or one that more than a sale vouches for and whose it was.
bool is_pinned(const policy::Policies& policies, const evidence::Transfer& transfer) {
  const auto chains = policies.chains_of(transfer.domain);
  if (chains.empty()) return false;
  if (std::any_of(chains.begin(), chains.end(), [&](const auto* chain) { return chain->pinned_owner == transfer.owner; })) return true;
  return chains[0]->pinned_by != policy::Pin::Source::transfer &&
         policies.knows_holder({transfer.domain, false, transfer.owner}, {Time::never(), transfer.domain});
}

}  // namespace

Result<void> TransferPins::load() {
  TRY(const auto reader, ledger_.reader());
  TRY(const auto notes, reader.notes(note_prefix));
  undecided_.with([&](Subjects& subjects) {
    for (const auto& [key, value] : notes)
      if (auto subject = SubjectId::parse(key.substr(note_prefix.size()))) subjects.insert(std::move(*subject));
  });
  return {};
}

void TransferPins::set_undecided(const SubjectId& subject, bool yes) {
  const bool changed = undecided_.with([&](Subjects& subjects) {
    if (!yes) return subjects.erase(subject) > 0;
    return subjects.size() < budget::undecided_transfers && subjects.insert(subject).second;
  });
  if (!changed) return;
  const auto noted = ledger_.put_note(std::string(note_prefix) + subject.text(), yes ? std::optional(Bytes{}) : std::nullopt, {});
  if (!noted) log_warn("transfer of " + subject.text() + ": the appender is busy; after a restart it is not looked at again");
}

std::vector<policy::Pin> TransferPins::pins_of(const Subjects& subjects) {
  std::vector<policy::Pin> pins;
  const auto reader = ledger_.reader();
  if (!reader) return pins;
  const auto& policies = reader->policies();
  for (const SubjectId& subject : subjects) {
    const auto facts = reader->facts(subject);
    if (!facts) continue;
    std::vector<const policy::Fact*> open;
    std::set<std::string> domains;
    for (const auto& fact : facts->about) {
      const auto* transfer = std::get_if<evidence::Transfer>(&fact.statement.body);
      if (!transfer || is_pinned(policies, *transfer)) continue;
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
      if (counted.contains(fact->statement.id)) pins.push_back({transfer.domain, transfer.owner, policy::Pin::Source::transfer});
      else all = false;
    }
    set_undecided(subject, !all);
  }
  return pins;
}

// Called on the appender's thread: the folding is left to a worker.
void TransferPins::note(const std::vector<evidence::Statement>& statements, std::function<void()> then) {
  Subjects subjects;
  const auto applies = [&](const std::string& domain) { return ledger_.published()->policies->chain(domain) != nullptr; };
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
    auto pins = pins_of(subjects);
    if (pins.empty()) return then();
    auto pending = std::make_shared<Pending>(pins.size(), false);
    const auto noted = [this, pending, then](const Result<void>& result) {
      if (!result) pending->failed = true;
      if (pending->left.fetch_sub(1) != 1) return;
      // What the new owners said of others' transfers may count by now.
      pin_owners(pending->failed ? Subjects{} : undecided_.with([](const auto& open) { return open; }), then);
    };
    for (auto& pin : pins) {
      const std::string domain = pin.domain;
      if (auto sent = ledger_.add_pin(std::move(pin), noted); !sent) {
        log_warn("pin of " + domain + ": the appender is busy; it comes with the next transfer");
        noted(sent);
      }
    }
  };
  if (const auto ticket = queues_.submissions().admit({Rank::server, {}, pins_stream})) return queues_.submissions().add(ticket, std::move(job));
  log_warn("pin of a transfer's domain: the server stops; it comes with the next policy");
  for (const auto& subject : subjects) set_undecided(subject, true);
  then();
}

}  // namespace cm4it::service
