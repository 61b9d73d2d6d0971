#include "sync/outbox.h"

#include <algorithm>

#include "base/log.h"
#include "service/access.h"
#include "service/forward_queue.h"
#include "service/intake.h"
#include "sync/backoff.h"

namespace cm4it::sync {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_pause{250}, longest_pause{30'000};
constexpr std::size_t pieces_a_request = 500;

}  // namespace

Outbox::Outbox(std::string domain, const Options& options, service::Service& service, Ended ended)
    : domain_(std::move(domain)), options_(options), service_(service), queue_(service.forwards()), ended_(std::move(ended)), own_policies_(service), thread_([this] { run(); }) {}

Outbox::~Outbox() {
  {
    const Lock lock(mutex_);
    stopped_ = true;
  }
  added_.notify_all();
  peer_.with([](const auto& peer) { if (peer) peer->abort(); });
  thread_.join();
}

void Outbox::add(const evidence::StatementId& statement) {
  waiting_.with([&](auto& waiting) { waiting.insert(statement); });
  {
    const Lock lock(mutex_);
    news_ = true;
  }
  added_.notify_all();
}

void Outbox::look_again() {
  {
    const Lock lock(mutex_);
    again_ = true;
  }
  added_.notify_all();
}

void Outbox::run() {
  milliseconds pause = first_pause;
  Backoff backoff;
  bool failed = false;  // then new statements wait for the pause too: each would only make another call that fails
  for (;;) {
    {
      Lock lock(mutex_);
      const bool idle = pending() == 0;
      const auto until = std::chrono::steady_clock::now() + (idle ? longest_pause : pause);
      while (!stopped_ && !again_ && !(news_ && (idle || !failed)) && added_.wait_until(lock, until)) {}
      if (stopped_) return;
      news_ = again_ = false;
    }
    if (pending() == 0) continue;
    Result<bool> settled = fail(Code::internal, "");
    try {
      settled = send_all();
    } catch (const std::exception& error) {
      settled = fail(Code::internal, error.what());
    }
    failed = !settled;
    if (settled) {
      pause = *settled ? first_pause : std::min(longest_pause, pause * 2);
      backoff.reset();
      continue;
    }
    pause = backoff.next();
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

// If the domain has several homes, another one is tried after each failure.
Result<std::shared_ptr<Peer>> Outbox::home() {
  const auto policies = service_.access().policies();
  const auto* descriptor = policies->newest(domain_);
  if (!descriptor) return fail(Code::not_yet, "no policy of " + domain_ + " counts here, so its home is not known");
  std::vector<const policy::Server*> homes;
  for (const auto& [name, server] : descriptor->servers)
    if (server.home) homes.push_back(&server);
  if (homes.empty()) return fail(Code::not_yet, "the policy of " + domain_ + " lists no home");
  const auto& server = *homes[failures_ % homes.size()];
  auto current = peer_.with([](const auto& peer) { return peer; });
  if (current && current->url() == server.url) return current;
  auto peer = std::make_shared<Peer>(server.url, options_.key, options_.name, server.key.id(), options_.timeout);
  peer_.with([&](auto& slot) { slot = peer; });
  own_policies_.forget();
  const Lock lock(mutex_);
  if (stopped_) return fail(Code::unavailable, "stopping");  // nobody would end this peer's calls any more
  return peer;
}

Result<bool> Outbox::send_all() {
  TRY(bool settled, end_what_would_be_refused());
  if (pending() == 0) return settled;
  auto found = home();
  if (!found && found.error().code == Code::not_yet) CHECK_OK(end_what_is_too_old(found.error().message));
  TRY(const auto peer, std::move(found));
  CHECK_OK(own_policies_.send(*peer));  // our own rules first: the home may need them to judge what follows
  if (!own_policies_.problem().empty()) last_error_.with([&](auto& last) { last = own_policies_.problem(); });
  const auto all = waiting_.with([](const auto& waiting) {
    return std::vector<evidence::StatementId>(waiting.begin(), waiting.end());
  });
  for (std::size_t begin = 0; begin < all.size(); begin += pieces_a_request) {
    const auto end = std::min(all.size(), begin + pieces_a_request);
    TRY(const bool some, send({all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end)}, *peer));
    settled |= some;
  }
  return settled;
}

Result<bool> Outbox::send(const std::vector<evidence::StatementId>& statements, Peer& peer) {
  std::vector<service::Record> native, foreign;
  for (const auto& id : statements) {
    TRY(auto record, queue_.record(id));
    if (record) (record->format == evidence::native_format ? native : foreign).push_back(std::move(*record));
    else received(id);  // nothing is left that could be sent
  }
  bool settled = false;
  const auto submit = [&](const std::vector<service::Record>& records) -> Result<void> {
    if (records.empty()) return {};
    std::vector<evidence::Piece> pieces;
    pieces.reserve(records.size());
    for (const auto& record : records) pieces.push_back({record.format, record.evidence});
    TRY(const auto outcomes, peer.submit(pieces, domain_));
    for (std::size_t i = 0; i < records.size(); ++i) {
      TRY(const bool one, settle(records[i], outcomes[i], peer));
      settled |= one;
    }
    return {};
  };
  CHECK_OK(submit(native));
  for (const auto& record : foreign) CHECK_OK(submit({record}));
  return settled;
}

// True: the statement is settled. If it is provisional or too early there, or the home was busy, it is tried again.
Result<bool> Outbox::settle(const service::Record& record, const Peer::Outcome& outcome, Peer& peer) {
  if (outcome.result == "refused" && !outcome.again) return end(record.id, End::refused, outcome.reason);
  if (outcome.result != "received") {
    last_error_.with([&](auto& last) { last = outcome.reason; });
    if (outcome.again) return false;
    TRY(const bool too_old, is_too_old(record.id));
    return too_old ? give_up(record.id, outcome.reason) : Result<bool>(false);
  }
  // Until its receipt is here the statement is provisional, whatever the home says.
  if (auto fetched = fetch_receipt(record, peer); !fetched) {
    if (fetched.error().code == Code::unavailable) return tl::unexpected(fetched.error());
    last_error_.with([&](auto& last) { last = fetched.error().message; });
    return false;
  }
  received(record.id);
  return true;
}

// With the home's receipt the statement is no longer provisional here.
Result<void> Outbox::fetch_receipt(const service::Record& record, Peer& peer) {
  TRY(const bool known, queue_.has_receipt(record.id, domain_));  // it may have come with the feed
  if (known) return {};
  auto receipt = peer.receipt(record.id, domain_);
  if (!receipt && receipt.error().code == Code::not_found) {
    TRY(const bool readable, queue_.may_read_receipt(record, domain_));
    if (!readable) {
      log_info("receipt of " + record.id.text() + ": the policy of " + domain_ + " does not let this server read it");
      return queue_.received_unread(record.id, domain_);
    }
  }
  if (!receipt) return tl::unexpected(receipt.error());
  TRY(const auto report, service_.intake().ingest(domain_, {{{record.format, record.evidence}, record.issuer, {{domain_, std::move(*receipt)}}}}));
  TRY(const bool taken, queue_.has_receipt(record.id, domain_));
  if (taken) return {};
  return fail(Code::not_yet, "receipt of " + record.id.text() + " by the home of " + domain_ + " does not hold here" +
              (report.first_refusal.empty() ? "" : ": " + report.first_refusal));
}

void Outbox::received(const evidence::StatementId& statement) {
  waiting_.with([&](auto& waiting) { waiting.erase(statement); });
  if (!queue_.received(statement, domain_))
    log_info("forwarding note of " + statement.text() + " stays: it is sent once more after a restart");
}

}  // namespace cm4it::sync
