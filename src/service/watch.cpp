#include "service/watch.h"

#include <algorithm>

#include "base/text.h"

namespace cm4it::service {
namespace {

constexpr std::size_t most_recent_subjects = 10'000;

using evidence::SubjectId;

bool shares(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const auto& one) { return contains(b, one); });
}

bool concerns(const ledger::Change& change, const Watch::Interest& interest) {
  if (change.everything) return true;
  return std::any_of(change.subjects.begin(), change.subjects.end(), [&](const auto& touched) {
    return (!interest.subject || *interest.subject == touched.subject) && (interest.domains.empty() || shares(interest.domains, touched.domains));
  });
}

template <class Index, class Key>
void drop(Index& index, const Key& key, Watch::Ticket ticket) {
  const auto found = index.find(key);
  if (found == index.end()) return;
  found->second.erase(ticket);
  if (found->second.empty()) index.erase(found);
}

}  // namespace

void Watch::begin(std::uint64_t next) {
  state_.with([&](State& state) {
    if (state.next >= next) return;  // a commit has come meanwhile
    state.next = state.recent_from = next;
  });
}

std::uint64_t Watch::next() const {
  return state_.with([](const State& state) { return state.next; });
}

void Watch::remember(State& state, const ledger::Change& change) {
  state.next = change.next;
  state.recent.push_back(std::make_shared<const ledger::Change>(change));
  state.recent_subjects += change.subjects.size() + 1;
  while (state.recent_subjects > most_recent_subjects) {
    state.recent_subjects -= state.recent.front()->subjects.size() + 1;
    state.recent_from = state.recent.front()->next;
    state.recent.pop_front();
  }
}

std::set<Watch::Ticket> Watch::concerned(const State& state, const ledger::Change& change) {
  std::set<Ticket> found;
  if (change.everything) {
    for (const auto& [ticket, subscription] : state.subscriptions) found.insert(found.end(), ticket);
    return found;
  }
  const auto add = [&](const std::set<Ticket>& tickets, const ledger::Change::Touched& touched) {
    for (const Ticket ticket : tickets) {
      const auto& domains = state.subscriptions.at(ticket).interest.domains;
      if (domains.empty() || shares(domains, touched.domains)) found.insert(ticket);
    }
  };
  if (!change.subjects.empty()) found = state.of_everything;
  for (const auto& touched : change.subjects) {
    if (const auto of_subject = state.by_subject.find(touched.subject); of_subject != state.by_subject.end()) add(of_subject->second, touched);
    for (const auto& domain : touched.domains)
      if (const auto of_domain = state.by_domain.find(domain); of_domain != state.by_domain.end()) found.insert(of_domain->second.begin(), of_domain->second.end());
  }
  return found;
}

void Watch::committed(const ledger::Change& change) {
  const auto calls = state_.with([&](State& state) {
    remember(state, change);
    std::vector<std::function<void()>> due;
    for (const Ticket ticket : concerned(state, change)) {
      const auto subscription = state.subscriptions.find(ticket);
      due.push_back(std::move(subscription->second.call));
      remove(state, subscription);
    }
    return due;
  });
  for (const auto& call : calls) call();
}

bool Watch::may_have_missed(const State& state, const Interest& interest, std::uint64_t position) {
  if (state.next <= position) return false;
  if (position < state.recent_from) return true;
  for (auto change = state.recent.rbegin(); change != state.recent.rend() && (*change)->next > position; ++change)
    if (concerns(**change, interest)) return true;
  return false;
}

std::optional<Watch::Ticket> Watch::subscribe(Interest interest, std::uint64_t position, std::function<void()> call) {
  bool due = false;
  // Under the lock that committed() takes: a commit is either seen here, or finds the subscription.
  const auto ticket = state_.with([&](State& state) -> std::optional<Ticket> {
    due = may_have_missed(state, interest, position);
    if (due) return Ticket{0};
    if (state.subscriptions.size() >= most_) return std::nullopt;
    const Ticket made = state.next_ticket++;
    if (interest.subject) state.by_subject[*interest.subject].insert(made);
    else if (interest.domains.empty()) state.of_everything.insert(made);
    else
      for (const auto& domain : interest.domains) state.by_domain[domain].insert(made);
    state.subscriptions.emplace(made, Subscription{std::move(interest), std::move(call)});
    return made;
  });
  if (due) call();
  return ticket;
}

void Watch::remove(State& state, std::map<Ticket, Subscription>::iterator subscription) {
  const Ticket ticket = subscription->first;
  const Interest& interest = subscription->second.interest;
  if (interest.subject) drop(state.by_subject, *interest.subject, ticket);
  for (const auto& domain : interest.domains) drop(state.by_domain, domain, ticket);
  state.of_everything.erase(ticket);
  state.subscriptions.erase(subscription);
}

void Watch::forget(Ticket ticket) {
  state_.with([&](State& state) {
    if (const auto found = state.subscriptions.find(ticket); found != state.subscriptions.end()) remove(state, found);
  });
}

}  // namespace cm4it::service
