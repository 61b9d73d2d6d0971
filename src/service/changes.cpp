// What follows from a commit: stamps of the verdict cache, those who wait, pins out of counted transfers.
#include <algorithm>

#include "base/log.h"
#include "service/impl.h"

namespace cm4it::service {

std::uint32_t slot_of(const SubjectId& subject) {
  std::uint32_t slot;
  std::memcpy(&slot, subject.digest.data() + 8, sizeof slot);
  return slot & 0xffff;
}

void Service::Impl::on_change(const ledger::Change& change) {
  ++commits;
  for (const auto& subject : change.subjects) slots[slot_of(subject)].fetch_add(1, std::memory_order_release);
  if (change.everything) epoch.fetch_add(1, std::memory_order_release);
  change_log.with([&](ChangeLog& log) {
    for (const auto& subject : change.subjects) log.items.push_back({change.next, subject, false});
    if (change.everything) log.items.push_back({change.next, {}, true});
    log.next = change.next;
    while (log.items.size() > ChangeLog::most) {
      log.known_from = log.items.front().position + 1;
      log.items.pop_front();
    }
  });
  auto calls = waiting.with([&](Waiting& polls) {
    std::vector<std::function<void()>> due;
    for (auto poll = polls.polls.begin(); poll != polls.polls.end();) {
      if (poll->second.first >= change.next) {
        ++poll;
        continue;
      }
      due.push_back(std::move(poll->second.second));
      poll = polls.polls.erase(poll);
    }
    return due;
  });
  for (auto& call : calls) call();
}

std::vector<policy::Pin> Service::Impl::pins_of(const std::vector<evidence::Statement>& statements) const {
  std::vector<policy::Pin> pins;
  const auto reader = ledger->reader();
  if (!reader) return pins;
  const Time now = std::max(options.clock(), reader->published().newest_time);
  for (const auto& statement : statements) {
    const auto* transfer = std::get_if<evidence::Transfer>(&statement.body);
    if (!transfer || reader->policies().chain(transfer->domain)) continue;
    const auto facts = reader->facts(statement.subject);
    if (!facts) continue;
    const bool counts = std::any_of(statement.domains.begin(), statement.domains.end(), [&](const auto& domain) {
      const auto verdict = policy::fold(*facts, reader->policies(), domain, now);
      return std::any_of(verdict.judgements.begin(), verdict.judgements.end(), [&](const auto& judgement) {
        return judgement.counts && judgement.fact->statement.id == statement.id;
      });
    });
    if (counts) pins.push_back({transfer->domain, transfer->owner, policy::Pin::Source::transfer});
  }
  return pins;
}

// Called on the appender's thread: the folding is left to a worker.
void Service::Impl::note_transfers(const std::vector<evidence::Statement>& statements, std::function<void()> then) {
  const bool any = std::any_of(statements.begin(), statements.end(),
                               [](const auto& statement) { return statement.kind() == Kind::transfer; });
  if (!any) return then();
  auto job = [this, statements, then] {
    auto pins = pins_of(statements);
    if (pins.empty()) return then();
    auto left = std::make_shared<std::atomic<std::size_t>>(pins.size());
    const auto noted = [left, then](const Result<void>&) { if (left->fetch_sub(1) == 1) then(); };
    for (auto& pin : pins) {
      const std::string domain = pin.domain;
      if (ledger->add_pin(std::move(pin), noted)) continue;
      log_warn("pin of " + domain + ": the appender is busy; it comes with the next transfer");
      noted({});
    }
  };
  if (jobs.send(std::move(job))) return;
  log_warn("pin of a transfer's domain: the workers are busy; it comes with the next transfer");
  then();
}

Result<ChangesPage> Service::changes(std::optional<std::uint64_t> from, std::string_view domain_name,
                                     const Principal& who) const {
  const std::string domain = impl_->domain_or_default(domain_name);
  TRY(const auto reader, impl_->ledger->reader());
  CHECK_OK(impl_->check_kept(reader.published(), domain));
  auto page = impl_->change_log.with([&](const ChangeLog& log) {
    ChangesPage found;
    found.next = log.next;
    if (!from) return found;
    if (*from < log.known_from || *from > log.next) {
      found.everything = true;
      return found;
    }
    auto item = std::upper_bound(log.items.begin(), log.items.end(), *from,
                                 [](std::uint64_t position, const auto& i) { return position < i.position; });
    for (; item != log.items.end(); ++item) {
      if (item->everything) found.everything = true;
      else found.subjects.push_back(item->subject);
    }
    std::sort(found.subjects.begin(), found.subjects.end());
    found.subjects.erase(std::unique(found.subjects.begin(), found.subjects.end()), found.subjects.end());
    return found;
  });
  const auto& policies = reader.policies();
  if (!policies.newest(domain) || may_read(policies, domain, std::nullopt, {}, who)) return page;
  std::vector<SubjectId> shown;
  for (auto& subject : page.subjects) {
    TRY(const auto facts, reader.facts(subject));
    const auto holder = policy::holder_of(facts, policies, domain, now());
    if (may_read(policies, domain, std::nullopt, {holder.domain, &subject}, who)) shown.push_back(std::move(subject));
  }
  page.subjects = std::move(shown);
  return page;
}

std::optional<Service::Ticket> Service::when_changed(std::uint64_t position, std::function<void()> call) {
  // Under the lock that on_change() takes: a commit is either seen here or finds the poll waiting.
  bool due = false;
  auto ticket = impl_->waiting.with([&](Waiting& polls) -> std::optional<Ticket> {
    if (impl_->change_log.with([](const ChangeLog& log) { return log.next; }) > position) {
      due = true;
      return Ticket{0};
    }
    if (polls.polls.size() >= budget::waiting_polls) return std::nullopt;
    polls.polls.emplace(polls.next_ticket, std::pair{position, std::move(call)});
    return polls.next_ticket++;
  });
  if (due) call();
  return ticket;
}

void Service::forget(Ticket ticket) {
  impl_->waiting.with([&](Waiting& polls) { polls.polls.erase(ticket); });
}

Stamp Service::stamp(const SubjectId& subject) const {
  return {impl_->epoch.load(std::memory_order_acquire),
          impl_->slots[slot_of(subject)].load(std::memory_order_acquire)};
}

}  // namespace cm4it::service
