#include "sync/witnesses.h"

#include <algorithm>
#include <future>

#include "base/budgets.h"
#include "base/log.h"
#include "service/access.h"
#include "service/log_view.h"
#include "sync/backoff.h"
#include "sync/whereabouts.h"

namespace cm4it::sync {

Witnesses::Witnesses(const Options& options, service::Service& service)
    : options_(options), service_(service), waiting_(known()) {}

Witnesses::~Witnesses() {
  stop_.stop();
  peers_.with([](const auto& peers) { for (const auto& peer : peers) peer->abort(); });
  if (thread_.joinable()) thread_.join();
}

std::vector<Witnesses::Witness> Witnesses::known() const {
  std::vector<Witness> found;
  const auto add = [&](std::string url, std::optional<KeyId> key) {
    while (url.ends_with('/')) url.pop_back();
    const bool there = std::any_of(found.begin(), found.end(), [&](const auto& one) { return one.url == url; });
    if (!url.empty() && !there && found.size() < budget::witnesses) found.push_back({std::move(url), key});
  };
  const auto policies = service_.access().policies();
  const auto& homes = service_.access().homes();
  for (const auto& home : homes) {
    const auto* descriptor = policies->newest(home);
    if (!descriptor) continue;
    for (const auto& [name, server] : descriptor->servers)
      if (server.key.id() != options_.key->public_key().id()) add(server.url, server.key.id());
    for (const auto& rule : descriptor->copies) add(rule.from, listed_key(*policies, rule.domain, rule.from));
  }
  if (!homes.empty())
    for (const auto& follow : options_.follow)
      add(follow.from, follow.server_key ? follow.server_key : listed_key(*policies, follow.domain, follow.from));
  return found;
}

// Any answer but a newer head of ours settles it: what it does not know it can learn from us alone, from now on.
Result<void> Witnesses::ask_one(const Witness& witness, std::chrono::milliseconds timeout) {
  const auto peer = std::make_shared<Peer>(witness.url, options_.key, options_.name, witness.key, timeout);
  peers_.with([&](auto& peers) { peers.push_back(peer); });
  if (stop_.stopped()) peer->abort();
  Result<void> outcome;
  for (const auto& home : service_.access().homes()) {
    const auto answer = peer->heads(home);
    if (!answer && answer.error().code != Code::not_found) outcome = tl::unexpected(answer.error());
    if (!answer) continue;
    if (witness.key && peer->proven_key()) service_.logs().vouch(answer->time);
    for (const auto& note : answer->notes)
      if (auto compared = service_.logs().compare_own_head(home, note); !compared && compared.error().code == Code::conflict)
        outcome = within(witness.url, compared.error());
    if (!outcome && outcome.error().code == Code::conflict) break;
  }
  peers_.with([&](auto& peers) { std::erase(peers, peer); });
  return outcome;
}

Result<void> Witnesses::ask(std::chrono::milliseconds timeout) {
  const auto asked = waiting_.with([](const auto& waiting) { return waiting; });
  std::vector<std::future<Result<void>>> answers;
  answers.reserve(asked.size());
  for (const auto& one : asked)
    answers.push_back(std::async(std::launch::async, [this, one, timeout] { return ask_one(one, timeout); }));
  std::vector<Witness> silent;
  Result<void> outcome;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    auto answer = answers[i].get();
    if (answer) continue;
    if (answer.error().code == Code::conflict) outcome = std::move(answer);
    else silent.push_back(asked[i]);
  }
  waiting_.with([&](auto& waiting) { waiting = std::move(silent); });
  return outcome;
}

void Witnesses::keep_asking() {
  if (unasked() == 0) return;
  thread_ = std::thread([this] {
    for (Backoff backoff; unasked() > 0 && !stop_.wait_for(backoff.next());)
      if (auto asked = ask(); !asked) log_error(asked.error().message);
  });
}

}  // namespace cm4it::sync
