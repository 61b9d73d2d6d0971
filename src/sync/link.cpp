#include "sync/link.h"

#include <algorithm>
#include <future>
#include <random>

#include "base/log.h"
#include "crypto/digest.h"

namespace cm4it::sync {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds poll_wait{25};
constexpr milliseconds first_pause{200}, longest_pause{30'000};

// Half to the whole of the pause, so that many links do not knock together.
milliseconds jittered(milliseconds pause) {
  thread_local std::mt19937 random{std::random_device{}()};
  return milliseconds(std::uniform_int_distribution<long>(pause.count() / 2, pause.count())(random));
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

// The key of the server that a policy lists at this URL; else of its first home.
std::optional<KeyId> listed_key(const policy::Policies& policies, const Follow& follow) {
  const auto* descriptor = policies.newest(follow.domain);
  if (!descriptor) return {};
  std::optional<KeyId> home;
  for (const auto& [name, server] : descriptor->servers) {
    if (without_slash(server.url) == without_slash(follow.from)) return server.key.id();
    if (server.home && !home) home = server.key.id();
  }
  return home;
}

}  // namespace

Link::Link(Follow follow, const Options& options, service::Service& service)
    : follow_(std::move(follow)), options_(options), service_(service) {
  state_.with([&](LinkState& state) {
    state.domain = follow_.domain;
    state.url = follow_.from;
  });
  thread_ = std::thread([this] { run(); });
}

Link::~Link() {
  stop_.stop();
  peer_.with([](const auto& peer) { if (peer) peer->abort(); });
  thread_.join();
}

void Link::run() {
  resume();
  if (const auto reader = service_.ledger().reader()) {
    if (auto kept = reader->note(note_name("broken")); kept && *kept) return broken(std::string(text(**kept)));
  }
  milliseconds pause = first_pause;
  while (!stop_.stopped()) {
    Result<void> outcome;
    try {
      outcome = pull();
    } catch (const std::exception& error) {
      outcome = fail(Code::internal, error.what());
    }
    if (stop_.stopped()) return;
    if (outcome) {
      pause = first_pause;
      state_.with([&](LinkState& state) {
        state.state = "following";
        state.last_error.clear();
        state.position = position_;
      });
      continue;
    }
    if (outcome.error().code == Code::conflict) return broken(outcome.error().message);
    const bool news = state_.with([&](LinkState& state) {
      const bool changed = state.last_error != outcome.error().message;
      state.state = "backing-off";
      state.last_error = outcome.error().message;
      return changed;
    });
    if (news) log_warn("copy of " + follow_.domain + ": " + outcome.error().message);
    if (stop_.wait_for(jittered(pause))) return;
    pause = std::min(longest_pause, pause * 2);
  }
}

// For good, until its owner has explained: what it said before is kept, what it says now is not asked for.
void Link::broken(const std::string& how) {
  log_error("copy of " + follow_.domain + " from " + follow_.from + " is no longer followed: " + how);
  state_.with([&](LinkState& state) {
    state.state = "broken";
    state.last_error = how;
  });
  if (!service_.ledger().put_note(note_name("broken"), to_bytes(view(how)), {}))
    log_error("copy of " + follow_.domain + ": that it is broken could not be written down");
}

// What a position hangs on: which policy versions count here, and what is asked for. Where that has changed, also while
// nobody followed, the feed is walked again from its beginning.
std::string Link::basis() const {
  const auto published = service_.ledger().published();
  std::string all = follow_.select.resolved(service_.default_domain()).text() + ";";
  for (const auto& [domain, chain] : published->policies->chains())
    all += domain + " " + std::to_string(chain.versions.size()) + (chain.forked ? "!" : "") + ";";
  return all;
}

// Whether less than everything comes: by what is asked for, or by what the policy has this server hold.
bool Link::is_selection() const {
  if (!follow_.select.globs.empty()) return true;
  const auto published = service_.ledger().published();
  const auto* descriptor = published->policies->newest(follow_.domain);
  const auto* self = descriptor ? descriptor->server_with_key(options_.key->public_key().id()) : nullptr;
  return self && !self->home && self->select;
}

// position ‖ SHA-256 of its basis
void Link::resume() {
  basis_ = basis();
  const auto reader = service_.ledger().reader();
  if (!reader) return;
  const auto kept = reader->note(note_name("position"));
  if (!kept || !*kept || (*kept)->size() != 40) return;
  if (!equal(View(**kept).subspan(8), crypto::sha256(view(basis_)))) return;
  position_ = read_u64(View(**kept).first(8));
  kept_position_ = **kept;
}

Result<void> Link::keep_position() {
  Bytes position;
  append_u64(position, position_);
  append(position, crypto::sha256(view(basis_)));
  if (position == kept_position_) return {};
  CHECK_OK(service_.ledger().put_note(note_name("position"), position, {}));
  kept_position_ = std::move(position);
  return {};
}

Result<std::shared_ptr<Peer>> Link::connect(std::optional<KeyId> server_key) {
  auto peer = std::make_shared<Peer>(follow_.from, options_.key, options_.name, server_key, options_.timeout);
  peer_.with([&](auto& kept) { kept = peer; });
  if (stop_.stopped()) return fail(Code::unavailable, "stopping");  // nobody would end this peer's calls any more
  return peer;
}

// Before the domain's policy is known, only policies are asked for: their own chain proves them.
Result<void> Link::learn_server_key() {
  TRY(const auto stranger, connect(follow_.server_key));
  auto policies = stranger->policies(follow_.domain);
  peer_.with([](auto& kept) { kept.reset(); });
  if (!policies) return tl::unexpected(policies.error());
  std::vector<service::PeerRecord> records;
  for (auto& piece : *policies) {
    TRY(const auto decoded, evidence::decode(piece.format, piece.bytes));
    if (const auto* issuer = std::get_if<KeyId>(&decoded.issuer())) records.push_back({std::move(piece), *issuer, {}});
  }
  TRY(const auto report, service_.ingest(follow_.domain, std::move(records)));
  if (!service_.ledger().published()->policies->newest(follow_.domain))
    return fail(Code::not_yet, "no policy of " + follow_.domain + " at " + follow_.from + " is signed by its pinned owner" +
                (report.first_refusal.empty() ? "" : ": " + report.first_refusal));
  return {};
}

Result<void> Link::pull() {
  auto peer = peer_.with([](const auto& kept) { return kept; });
  if (!peer) {
    auto listed = listed_key(*service_.ledger().published()->policies, follow_);
    if (!listed && !follow_.server_key) {
      CHECK_OK(learn_server_key());
      listed = listed_key(*service_.ledger().published()->policies, follow_);
    }
    TRY(peer, connect(follow_.server_key ? follow_.server_key : listed));
  }
  if (auto now = basis(); now != basis_) {
    basis_ = std::move(now);
    position_ = 0;
  }
  CHECK_OK(send_own_policies());
  const std::string select = follow_.select.resolved(service_.default_domain()).text();
  const bool quick = state_.with([](const LinkState& state) { return state.state != "following"; });
  TRY(auto feed, peer->feed(follow_.domain, position_, select, quick ? seconds(0) : poll_wait));
  TRY(const bool again, take(std::move(feed)));
  if (again) peer_.with([](auto& kept) { kept.reset(); });  // its key may be another now
  return keep_position();
}

// True: a policy changed, or what a selector chooses, so the feed is to be walked again from its beginning (repeats are free).
Result<bool> Link::take(service::ReceivedFeed feed) {
  if (feed.more && feed.next <= position_)
    return fail(Code::malformed, "feed.2: more waits at " + follow_.from + ", but the position does not move on");
  if (!feed.more && feed.records.empty() && feed.heads.empty() && feed.next == position_) {
    if (stop_.wait_for(first_pause)) return false;  // a peer that answers nothing at once is not asked in a hurry
  }
  bool of_models = false;
  if (!feed.records.empty()) {
    TRY(const auto report, service_.ingest(follow_.domain, std::move(feed.records)));
    of_models = report.of_models;
    if (report.failure) return tl::unexpected(*report.failure);  // ours, not theirs: asked for again
    if (report.refused + report.not_yet > 0)
      log_info("copy of " + follow_.domain + ": " + std::to_string(report.refused) + " records refused, " +
               std::to_string(report.not_yet) + " not yet: " + report.first_refusal);
  }
  auto now = basis();
  // What is said of a model may bring subjects into view of which nothing new was said.
  if (now != basis_ || (of_models && is_selection())) {
    basis_ = std::move(now);
    position_ = 0;
    return true;
  }
  if (!feed.more) CHECK_OK(take_heads(feed.heads));
  position_ = feed.next;
  return false;
}

Result<void> Link::take_heads(const std::vector<service::FeedPage::HomeHead>& heads) {
  const auto peer = peer_.with([](const auto& kept) { return kept; });
  for (const auto& head : heads) {
    auto check = service_.check_head(head.domain, head.note);
    if (!check) {
      log_warn("copy of " + follow_.domain + ": " + check.error().message);
      continue;
    }
    if (check->settled) continue;
    std::optional<std::vector<Digest>> proof;
    // Its own home can prove that its log only grew; a head that came by way of another cannot be proven here.
    if (head.domain == follow_.domain && check->earlier && check->earlier->size > 0 &&
        check->head.head.size > check->earlier->size) {
      // A proof that could not be had proves neither: the head is not taken, and asked for again.
      TRY(proof, peer->consistency(head.domain, check->earlier->size, check->head.head.size));
    }
    CHECK_OK(service_.note_head(*check, proof));
    if (head.domain == follow_.domain)
      state_.with([&](LinkState& state) { state.newest_head = check->head.head.time; });
  }
  return {};
}

// A home's own rules reach the servers it copies from before anything that is judged by them.
Result<void> Link::send_own_policies() {
  const auto published = service_.ledger().published();
  std::string newest;
  for (const auto& home : service_.ledger().options().homes)
    if (const auto* chain = published->policies->chain(home)) newest += home + std::to_string(chain->versions.size());
  if (newest == sent_policies_) return {};
  const auto peer = peer_.with([](const auto& kept) { return kept; });
  for (const auto& home : service_.ledger().options().homes) {
    TRY(const auto records, service_.policy(home, 0));
    std::vector<evidence::Piece> pieces;
    for (const auto& record : records) pieces.push_back({record.format, record.evidence});
    TRY(const auto outcomes, peer->submit(pieces, home));
    for (const auto& outcome : outcomes) {
      if (outcome.again) return {};  // tried again with the next page; what is copied does not wait for it
      if (outcome.result == "refused") log_warn("policy of " + home + " at " + peer->url() + ": " + outcome.reason);
    }
  }
  sent_policies_ = newest;
  return {};
}

}  // namespace cm4it::sync
