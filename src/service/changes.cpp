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

// Called on the appender's thread: the folding is left to a worker.
void Service::Impl::note_transfers(const std::vector<evidence::Statement>& statements) {
  for (const auto& statement : statements) {
    if (statement.kind() != Kind::transfer) continue;
    const bool sent = jobs.send([this, statement] {
      const auto reader = ledger->reader();
      if (!reader) return;
      const auto& transfer = std::get<evidence::Transfer>(statement.body);
      if (reader->policies().chain(transfer.domain)) return;  // its owner is known already
      const auto facts = reader->facts(statement.subject);
      if (!facts) return;
      const Time now = std::max(options.clock(), reader->published().newest_time);
      for (const auto& domain : statement.domains) {
        const auto verdict = policy::fold(*facts, reader->policies(), domain, now);
        for (const auto& judgement : verdict.judgements)
          if (judgement.counts && judgement.fact->statement.id == statement.id)
            if (!ledger->add_pin({transfer.domain, transfer.owner, policy::Pin::Source::transfer}))
              log_warn("pin of " + transfer.domain + ": the appender is busy; it comes with the next transfer");
      }
    });
    if (!sent) log_warn("pin of a transfer's domain: the workers are busy; it comes with the next transfer");
  }
}

Result<ChangesPage> Service::changes(std::optional<std::uint64_t> from, std::string_view domain_name,
                                     const Principal& who) const {
  const std::string domain = impl_->domain_or_default(domain_name);
  TRY(const auto reader, impl_->ledger->reader());
  CHECK_OK(impl_->check_kept(reader.published(), domain));
  auto page = impl_->change_log.with([&](const ChangeLog& log) {
    ChangesPage page;
    page.next = log.next;
    if (!from) return page;
    if (*from < log.known_from || *from > log.next) {
      page.everything = true;
      return page;
    }
    auto item = std::upper_bound(log.items.begin(), log.items.end(), *from,
                                 [](std::uint64_t position, const auto& i) { return position < i.position; });
    for (; item != log.items.end(); ++item) {
      if (item->everything) page.everything = true;
      else page.subjects.push_back(item->subject);
    }
    std::sort(page.subjects.begin(), page.subjects.end());
    page.subjects.erase(std::unique(page.subjects.begin(), page.subjects.end()), page.subjects.end());
    return page;
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
