// Where wrong clocks, and logs that are not signed, change what this server answers.
#include <algorithm>

#include "base/log.h"
#include "evidence/kinds.h"
#include "service/impl.h"

namespace cm4it::service {
namespace {

// A statement that homes of one domain received at a time that is still to come.
void doubt_future(const policy::Fact& fact, Time latest, policy::Facts& facts) {
  if (!evidence::row_of(fact.statement.kind()).may_restrict) return;
  for (const auto& receipt : fact.receipts) {
    const auto domain = facts.domains.find(receipt.domain);
    const bool earlier = std::any_of(fact.receipts.begin(), fact.receipts.end(), [&](const auto& other) {
      return other.domain == receipt.domain && other.time <= latest;
    });
    if (earlier || domain == facts.domains.end()) continue;
    domain->second.doubt = {"clock", "statement " + fact.statement.id.text() + " was received by a home of " + receipt.domain + " at " +
                                         to_rfc3339(receipt.time) + ", which is still to come: that home's clock was ahead. "
                                         "It counts from then on; what is to hold now is to be said again", true};
  }
}

}  // namespace

const HomeClocks& Service::clocks() const { return impl_->clocks; }

void Service::Impl::add_doubts(policy::Facts& facts, const ledger::Published& published) const {
  const Time latest = now(published) + HomeClocks::skew;
  for (const auto& fact : facts.about) doubt_future(fact, latest, facts);
  for (const auto& [model, about] : facts.models)
    for (const auto& fact : about) doubt_future(fact, latest, facts);
  const auto refusal = ledger->signing_refusal();
  for (auto& [domain, state] : facts.domains) {
    if (state.home && !refusal.empty()) state.doubt = {"log", "the log of " + domain + " takes nothing in: " + refusal};
    else if (auto doubt = clocks.doubt(domain); !doubt.empty()) state.doubt = {"clock", std::move(doubt), state.doubt && state.doubt->of_subject};
  }
}

// What is kept tells that it is at least so late, and nothing of whose clock is right.
Result<void> Service::Impl::load_clocks() {
  TRY(const auto reader, ledger->reader());
  TRY(const auto heads, reader.foreign_heads());
  for (const auto& kept : heads) {
    TRY(const auto descriptor_head, tlog::read_checkpoint_body(kept.note));
    const auto* descriptor = reader.policies().newest(kept.domain);
    if (!descriptor) continue;
    for (const auto& [name, server] : descriptor->servers)
      if (server.home && server.log && descriptor_head.origin == name + "/" + kept.domain)
        if (const auto head = tlog::open_checkpoint(kept.note, *server.log)) clocks.heard(kept.domain, *head, false);
  }
  clock_news();
  return {};
}

void Service::Impl::clock_news() {
  epoch.fetch_add(1);
  if (const auto behind = clocks.behind_homes(); !behind.empty()) log_warn(behind);
  for (const auto& reading : clocks.readings())
    if (reading.doubted) log_warn(clocks.doubt(reading.domain));
}

std::vector<std::string> Service::warnings(const Principal& who) const {
  std::vector<std::string> warnings;
  const auto add = [&](bool shown, std::string text, const char* otherwise) {
    if (text.empty()) return;
    if (!shown) text = otherwise;
    if (std::find(warnings.begin(), warnings.end(), text) == warnings.end()) warnings.push_back(std::move(text));
  };
  const auto& homes = impl_->ledger->options().homes;
  const auto refusal = impl_->ledger->signing_refusal();
  add(std::all_of(homes.begin(), homes.end(), [&](const auto& home) { return reads_log(home, who); }),
      refusal.empty() ? "" : "nothing is signed: " + refusal, "nothing is signed: this server's log says why");
  const auto readings = impl_->clocks.readings();
  const bool all = std::all_of(readings.begin(), readings.end(), [&](const auto& one) { return reads_log(one.domain, who); });
  add(all, impl_->clocks.behind_homes(), "this server's clock is behind those of homes: their time is used");
  for (const auto& reading : readings)
    add(reads_log(reading.domain, who), impl_->clocks.doubt(reading.domain), "the clock of a home is ahead of this server's");
  return warnings;
}

}  // namespace cm4it::service
