#include "sync/outbox.h"

#include "base/log.h"

namespace cm4it::sync {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_pause{250}, longest_pause{30'000};
constexpr std::size_t pieces_a_request = 500;

}  // namespace

Outbox::Outbox(std::string domain, const Options& options, service::Service& service)
    : domain_(std::move(domain)), options_(options), service_(service), thread_([this] { run(); }) {}

Outbox::~Outbox() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  added_.notify_all();
  peer_.with([](const auto& peer) { if (peer) peer->abort(); });
  thread_.join();
}

void Outbox::add(const evidence::StatementId& statement) {
  waiting_.with([&](auto& waiting) { waiting.insert(statement); });
  {
    std::lock_guard lock(mutex_);
    news_ = true;
  }
  added_.notify_all();
}

void Outbox::run() {
  milliseconds pause = first_pause;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      const bool idle = pending() == 0;
      added_.wait_for(lock, idle ? longest_pause : pause, [&] { return news_ || stopped_; });
      if (stopped_) return;
      news_ = false;
    }
    if (pending() == 0) continue;
    Result<bool> settled = fail(Code::internal, "");
    try {
      settled = send_all();
    } catch (const std::exception& error) {
      settled = fail(Code::internal, error.what());
    }
    pause = settled && *settled ? first_pause : std::min(longest_pause, pause * 2);
    if (settled) continue;
    const bool news = last_error_.with([&](auto& last) {
      const bool changed = last != settled.error().message;
      last = settled.error().message;
      return changed;
    });
    if (news) log_warn("forwarding to " + domain_ + ": " + settled.error().message);
    ++failures_;
    peer_.with([](auto& peer) { peer.reset(); });
  }
}

// Of several homes another one is tried after each failure.
Result<std::shared_ptr<Peer>> Outbox::home() {
  const auto published = service_.ledger().published();
  const auto* descriptor = published->policies->newest(domain_);
  if (!descriptor) return fail(Code::not_yet, "no policy of " + domain_ + " counts here, so its home is not known");
  std::vector<const policy::Server*> homes;
  for (const auto& [name, server] : descriptor->servers)
    if (server.home) homes.push_back(&server);
  if (homes.empty()) return fail(Code::not_yet, "the policy of " + domain_ + " lists no home");
  const auto& server = *homes[failures_ % homes.size()];
  auto kept = peer_.with([](const auto& peer) { return peer; });
  if (kept && kept->url() == server.url) return kept;
  auto peer = std::make_shared<Peer>(server.url, options_.key, options_.name, server.key.id(), options_.timeout);
  peer_.with([&](auto& slot) { slot = peer; });
  sent_policies_.clear();
  std::lock_guard lock(mutex_);
  if (stopped_) return fail(Code::unavailable, "stopping");  // nobody would end this peer's calls any more
  return peer;
}

// Our own rules first, where they are new: the home may need them to judge what follows.
Result<void> Outbox::send_own_policies(Peer& peer) {
  const auto published = service_.ledger().published();
  std::string newest;
  for (const auto& own : service_.ledger().options().homes)
    if (const auto* chain = published->policies->chain(own)) newest += own + std::to_string(chain->versions.size());
  if (newest == sent_policies_) return {};
  for (const auto& own : service_.ledger().options().homes) {
    TRY(const auto records, service_.policy(own, 0));
    std::vector<evidence::Piece> pieces;
    for (const auto& record : records) pieces.push_back({record.format, record.evidence});
    TRY(const auto outcomes, peer.submit(pieces, own));
    for (const auto& outcome : outcomes)
      if (outcome.again) return fail(Code::unavailable, "policy of " + own + ": " + outcome.reason);
  }
  sent_policies_ = newest;
  return {};
}

Result<bool> Outbox::send_all() {
  TRY(const auto peer, home());
  CHECK_OK(send_own_policies(*peer));
  const auto all = waiting_.with([](const auto& waiting) {
    return std::vector<evidence::StatementId>(waiting.begin(), waiting.end());
  });
  bool settled = false;
  for (std::size_t begin = 0; begin < all.size(); begin += pieces_a_request) {
    const auto end = std::min(all.size(), begin + pieces_a_request);
    TRY(const bool some, send({all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end)}, *peer));
    settled |= some;
  }
  return settled;
}

Result<bool> Outbox::send(const std::vector<evidence::StatementId>& statements, Peer& peer) {
  std::vector<ledger::Record> native, foreign;
  TRY(const auto reader, service_.ledger().reader());
  for (const auto& id : statements) {
    TRY(auto record, reader.record(id));
    if (record) (record->format == evidence::Format::cose ? native : foreign).push_back(std::move(*record));
    else settle(id);
  }
  bool settled = false;
  const auto submit = [&](const std::vector<ledger::Record>& records) -> Result<void> {
    if (records.empty()) return {};
    std::vector<evidence::Piece> pieces;
    for (const auto& record : records) pieces.push_back({record.format, record.evidence});
    TRY(const auto outcomes, peer.submit(pieces, domain_));
    for (std::size_t i = 0; i < records.size(); ++i) {
      const auto& outcome = outcomes[i];
      if (outcome.result == "received") {
        fetch_receipt(records[i], peer);
      } else if (outcome.result == "refused" && !outcome.again) {
        log_warn("statement " + records[i].id.text() + " is refused by the home of " + domain_ + ": " + outcome.reason);
      } else {
        last_error_.with([&](auto& last) { last = outcome.reason; });
        continue;  // provisional there, not yet, or no room for it now: tried again
      }
      settle(records[i].id);
      settled = true;
    }
    return {};
  };
  CHECK_OK(submit(native));
  for (const auto& record : foreign) CHECK_OK(submit({record}));
  return settled;
}

// With the home's receipt the statement is no longer provisional here.
void Outbox::fetch_receipt(const ledger::Record& record, Peer& peer) {
  auto receipt = peer.receipt(record.id, domain_);
  if (!receipt) return;
  auto report = service_.ingest(domain_, {{{record.format, record.evidence}, record.issuer, {{domain_, std::move(*receipt)}}}});
  if (!report) log_info("receipt of " + record.id.text() + ": " + report.error().message);
}

void Outbox::settle(const evidence::StatementId& statement) {
  waiting_.with([&](auto& waiting) { waiting.erase(statement); });
  if (!service_.ledger().put_note(ledger::forward_note(statement, domain_), std::nullopt, {}))
    log_info("forwarding note of " + statement.text() + " stays: it is sent once more after a restart");
}

}  // namespace cm4it::sync
