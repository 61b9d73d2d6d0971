#include "sync/sync.h"

#include <map>
#include <utility>

#include "base/budgets.h"
#include "base/log.h"
#include "service/access.h"
#include "service/forward_queue.h"
#include "sync/link.h"
#include "sync/outbox.h"
#include "sync/stop.h"

namespace cm4it::sync {

struct Sync::Impl {
  Impl(Options given, service::Service& given_service) : options(std::move(given)), service(given_service) {}

  // What should be followed now: the configuration's, and the [[copy]] rules of the domains this server is home of.
  std::map<std::string, Follow> wanted() const {
    std::map<std::string, Follow> all;
    for (const auto& follow : options.follow) all.emplace(follow.domain + " " + follow.from, follow);
    const auto policies = service.access().policies();
    for (const auto& home : service.access().homes())
      if (const auto* descriptor = policies->newest(home))
        for (const auto& rule : descriptor->copies)
          all.emplace(rule.domain + " " + rule.from, Follow{rule.domain, rule.from, {}, rule.select.resolved(home)});
    return all;
  }

  void supervise() {
    policy::PoliciesPtr policies;
    while (!stop.wait_for(std::chrono::milliseconds(200))) {
      if (auto newest = service.access().policies(); newest != policies) {
        policies = std::move(newest);
        outboxes.with([](auto& boxes) { for (auto& [domain, box] : boxes) box->look_again(); });
      }
      const auto now = wanted();
      std::vector<std::unique_ptr<Link>> gone;
      links.with([&](auto& running) {
        for (auto link = running.begin(); link != running.end();) {
          const auto still = now.find(link->first);
          if (still != now.end() && still->second.select == link->second->follow().select) {
            ++link;
            continue;
          }
          gone.push_back(std::move(link->second));
          link = running.erase(link);
        }
        for (const auto& [name, follow] : now)
          if (!running.contains(name)) running.emplace(name, std::make_unique<Link>(follow, options, service));
      });
    }
  }

  void resume_forwards() {
    const auto waiting = service.forwards().waiting();
    if (!waiting) return;
    if (const auto all = service.forwards().ended())
      for (const auto& one : *all) end(one.domain, one.why);
    for (const auto& one : *waiting) outbox(one.domain, [&](Outbox& box) { box.add(one.statement); });
  }

  template <class F>
  void outbox(const std::string& domain, F&& use) {
    outboxes.with([&](auto& boxes) {
      auto& box = boxes[domain];
      if (!box) box = std::make_unique<Outbox>(domain, options, service, [this, domain](const std::string& why) { end(domain, why); });
      use(*box);
    });
  }

  void end(const std::string& domain, const std::string& why) {
    ended.with([&](auto& all) {
      if (all.size() == budget::ended_domains && !all.contains(domain)) return;
      auto& [count, last] = all[domain];
      ++count;
      last = why;
    });
  }

  const Options options;
  service::Service& service;
  // By domain: how many statements will not be received there, and the last one's reason.
  Guarded<std::map<std::string, std::pair<std::size_t, std::string>>> ended;
  Guarded<std::map<std::string, std::unique_ptr<Link>>> links;
  Guarded<std::map<std::string, std::unique_ptr<Outbox>>> outboxes;
  Stop stop;
  std::thread supervisor;
};

Sync::Sync(Options options, service::Service& service) : impl_(std::make_unique<Impl>(std::move(options), service)) {
  impl_->resume_forwards();
  impl_->supervisor = std::thread([impl = impl_.get()] { impl->supervise(); });
}

Sync::~Sync() { stop(); }

void Sync::stop() {
  impl_->stop.stop();
  if (impl_->supervisor.joinable()) impl_->supervisor.join();
  // Ended outside of the locks: their threads may wait for the appender, and the appender for these locks.
  auto links = impl_->links.with([](auto& running) { return std::exchange(running, {}); });
  auto boxes = impl_->outboxes.with([](auto& running) { return std::exchange(running, {}); });
}

// Called on the appender's thread, so it only queues the statement.
void Sync::forward(const evidence::StatementId& statement, const std::vector<std::string>& domains) {
  if (impl_->stop.stopped()) return;  // it waits in the store, and is found there after a restart
  for (const auto& domain : domains) impl_->outbox(domain, [&](Outbox& box) { box.add(statement); });
}

void Sync::not_forwarded(const evidence::StatementId&, const std::string& domain, const std::string& why) {
  impl_->end(domain, service::ForwardQueue::sentence(domain, service::ForwardQueue::End::not_sent, why));
}

void Sync::wake() {
  impl_->links.with([](const auto& links) { for (const auto& [name, link] : links) link->wake(); });
}

void Sync::heard_from(const KeyId& server) {
  impl_->links.with([&](const auto& links) { for (const auto& [name, link] : links) link->heard_from(server); });
}

std::vector<LinkState> Sync::links() const {
  std::vector<LinkState> states;
  impl_->links.with([&](const auto& links) {
    for (const auto& [name, link] : links) states.push_back(link->state());
  });
  auto ended = impl_->ended.with([](const auto& all) { return all; });
  const auto add = [&](const std::string& domain, std::size_t pending, std::string last_error) {
    LinkState state;
    state.domain = domain;
    state.state = pending > 0 ? "forwarding" : "idle";
    state.last_error = std::move(last_error);
    state.pending = pending;
    if (const auto end = ended.find(domain); end != ended.end()) {
      std::tie(state.refused, state.last_refusal) = end->second;
      ended.erase(end);
    }
    states.push_back(std::move(state));
  };
  impl_->outboxes.with([&](const auto& boxes) {
    for (const auto& [domain, box] : boxes)
      if (const auto pending = box->pending(); pending > 0) add(domain, pending, box->last_error());
  });
  while (!ended.empty()) add(std::string(ended.begin()->first), 0, {});
  return states;
}

}  // namespace cm4it::sync
