// What follows from a commit: stamps of the verdict cache, those who wait.
#include <algorithm>

#include "service/impl.h"

namespace cm4it::service {

std::uint32_t slot_of(const SubjectId& subject) {
  std::uint32_t slot;
  std::memcpy(&slot, subject.digest.data() + 8, sizeof slot);
  return slot & 0xffff;
}

void Service::Impl::on_change(const ledger::Change& change) {
  ++commits;
  newest_time.store(change.newest_time, std::memory_order_release);
  for (const auto& touched : change.subjects) slots[slot_of(touched.subject)].fetch_add(1, std::memory_order_release);
  if (change.everything) epoch.fetch_add(1, std::memory_order_release);
  change_log.with([&](ChangeLog& log) {
    ChangeLog::Domains domains;
    for (const auto& touched : change.subjects) {
      if (!domains || *domains != touched.domains) domains = std::make_shared<const std::vector<std::string>>(touched.domains);
      log.items.push_back({change.next, touched.subject, false, domains});
    }
    if (change.everything) log.items.push_back({change.next, {}, true, {}});
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

namespace {

// What is asked and what its policy refers to: what is said elsewhere does not count there.
std::vector<std::string> concerning(const policy::Policies& policies, const std::string& domain) {
  std::vector<std::string> domains;
  if (const auto* descriptor = policies.newest(domain)) domains = descriptor->referenced();
  domains.push_back(domain);
  return domains;
}

constexpr std::size_t looked_at_once = 4096;  // under the lock that the appender takes as well

// Adds what changed after `from`, as far as it is looked at at once; true: there is more after found.next.
bool add_changes(const ChangeLog& log, std::uint64_t from, const std::vector<std::string>& domains, ChangesPage& found) {
  found.next = log.next;
  if (from < log.known_from || from > log.next) {
    found.everything = true;
    return false;
  }
  auto item = std::upper_bound(log.items.begin(), log.items.end(), from,
                               [](std::uint64_t position, const auto& i) { return position < i.position; });
  std::size_t looked_at = 0;
  for (std::uint64_t position = from; item != log.items.end(); ++item) {
    if (item->position != position && looked_at >= looked_at_once) {
      found.next = position;
      return true;
    }
    position = item->position;
    ++looked_at;
    if (item->everything) found.everything = true;
    else if (std::any_of(item->domains->begin(), item->domains->end(), [&](const auto& domain) {
               return std::find(domains.begin(), domains.end(), domain) != domains.end();
             }))
      found.subjects.push_back(item->subject);
  }
  return false;
}

ChangesPage changes_since(const Guarded<ChangeLog>& log, std::uint64_t from, const std::vector<std::string>& domains) {
  ChangesPage found;
  while (log.with([&](const ChangeLog& changes) { return add_changes(changes, from, domains, found); })) from = found.next;
  std::sort(found.subjects.begin(), found.subjects.end());
  found.subjects.erase(std::unique(found.subjects.begin(), found.subjects.end()), found.subjects.end());
  return found;
}

}  // namespace

Result<ChangesPage> Service::changes(std::optional<std::uint64_t> from, std::string_view domain_name,
                                     const Principal& who) const {
  const std::string domain = impl_->domain_or_default(domain_name);
  TRY(const auto reader, impl_->ledger->reader());
  CHECK_OK(impl_->check_kept(reader.published(), domain));
  const auto& policies = reader.policies();
  // Nor is it told that something came at all.
  if (sees_nothing(policies, domain, std::nullopt, who)) return ChangesPage{{}, false, from.value_or(0), reader.published().next};
  const auto domains = concerning(policies, domain);
  auto page = from ? changes_since(impl_->change_log, *from, domains)
                   : ChangesPage{{}, false, impl_->change_log.with([](const ChangeLog& log) { return log.next; }), 0};
  page.seen = page.next;
  if (!policies.newest(domain) || may_read(policies, domain, std::nullopt, {}, who)) return page;
  std::vector<SubjectId> shown;
  std::size_t folded = 0;
  for (auto& subject : page.subjects) {
    if (folded >= impl_->options.folded_statements) {  // rather than look at all of them: any may have changed
      page.everything = true;
      shown.clear();
      break;
    }
    TRY(const bool could, could_read(reader, domain, std::nullopt, subject, who));
    if (!could) continue;
    TRY(const auto facts, reader.facts(subject));
    folded += facts.about.size();
    const auto holder = policy::holder_of(facts, policies, domain, now());
    if (may_read(policies, domain, std::nullopt, {holder, &subject}, who)) shown.push_back(std::move(subject));
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
  const std::uint32_t slot = slot_of(subject);
  return {impl_->epoch.load(std::memory_order_acquire), slot, impl_->slots[slot].load(std::memory_order_acquire)};
}

bool Service::is_present(Stamp stamp) const {
  return stamp.epoch == impl_->epoch.load(std::memory_order_acquire) &&
         stamp.changes == impl_->slots[stamp.slot & 0xffff].load(std::memory_order_acquire);
}

}  // namespace cm4it::service
