#include "sync/link.h"

#include <algorithm>
#include <future>
#include <random>

#include "base/cbor.h"
#include "base/log.h"
#include "crypto/digest.h"

namespace cm4it::sync {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

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

Bytes encode_leaves(const std::map<KeyId, Leaves>& all) {
  CborWriter out;
  out.array(all.size());
  for (const auto& [log, leaves] : all) out.array(2).bytes(log.digest).bytes(leaves.encode());
  return out.take();
}

Result<std::map<KeyId, Leaves>> decode_leaves(View bytes) {
  std::map<KeyId, Leaves> all;
  CborReader reader(bytes);
  TRY(const auto count, reader.array());
  for (std::size_t i = 0; i < count; ++i) {
    TRY(const auto items, reader.array());
    TRY(const View log, reader.bytes());
    if (items != 2 || log.size() != 32) return fail(Code::malformed, "leaves: [log, leaves] expected");
    KeyId id;
    std::copy(log.begin(), log.end(), id.digest.begin());
    TRY(const View leaves, reader.bytes());
    TRY(all[id], Leaves::decode(leaves));
  }
  return all;
}

}  // namespace

Link::Link(Follow follow, const Options& options, service::Service& service)
    : follow_(std::move(follow)), options_(options), service_(service), own_policies_(service) {
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
    hurried_ = !outcome;
    if (outcome) {
      pause = first_pause;
      show_success();
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

// The feed is followed; whether all of it is here is another question.
void Link::show_success() {
  const bool news = state_.with([&](LinkState& state) {
    const auto before = state.last_error;
    state.state = missing_.empty() ? "following" : "backing-off";
    state.last_error = missing_.empty() ? own_policies_.problem() : missing_;
    state.position = position_;
    return !missing_.empty() && state.last_error != before;
  });
  if (news) log_warn("copy of " + follow_.domain + ": " + missing_);
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

// Whether every leaf of the domain's log should come: nothing is left out by a selector, or by rights to read.
bool Link::is_whole() const {
  if (is_selection()) return false;
  const auto published = service_.ledger().published();
  for (const auto kind : {evidence::Kind::identity, evidence::Kind::endorse, evidence::Kind::status, evidence::Kind::transfer,
                          evidence::Kind::assign, evidence::Kind::withdraw})
    if (!service_.may_read(*published->policies, follow_.domain, kind, {}, options_.key->public_key().id())) return false;
  return true;
}

// By the key that it proved, not by its address.
bool Link::is_home(const Peer& peer) const {
  const auto published = service_.ledger().published();
  const auto* descriptor = published->policies->newest(follow_.domain);
  const auto* server = descriptor && peer.proven_key() ? descriptor->server_with_key(*peer.proven_key()) : nullptr;
  return server && server->home;
}

// position ‖ SHA-256 of its basis; and beside it [* [log, Leaves]]
void Link::resume() {
  basis_ = basis();
  const auto reader = service_.ledger().reader();
  if (!reader) return;
  const auto kept = reader->note(note_name("position"));
  if (!kept || !*kept || (*kept)->size() != 40) return;
  if (!equal(View(**kept).subspan(8), crypto::sha256(view(basis_)))) return;
  position_ = read_u64(View(**kept).first(8));
  kept_position_ = **kept;
  const auto leaves = reader->note(note_name("leaves"));
  if (leaves && *leaves)
    if (auto known = decode_leaves(**leaves)) leaves_ = std::move(*known);  // else they are found missing, and fetched
}

Result<void> Link::keep_note(const char* what, Bytes value, Bytes& kept) {
  if (value == kept) return {};
  CHECK_OK(service_.ledger().put_note(note_name(what), value, {}));
  kept = std::move(value);
  return {};
}

// If we crash between the two, leaves are known beyond the position, and come again: repeats are free.
Result<void> Link::keep_position() {
  if (!leaves_.empty()) CHECK_OK(keep_note("leaves", encode_leaves(leaves_), kept_leaves_));
  Bytes position;
  append_u64(position, std::min(position_, not_yet_from_.value_or(position_)));
  append(position, crypto::sha256(view(basis_)));
  return keep_note("position", std::move(position), kept_position_);
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
  go_back();
  CHECK_OK(own_policies_.send(*peer));
  if (!hurried_) show_success();  // whether they were taken
  const std::string select = follow_.select.resolved(service_.default_domain()).text();
  TRY(auto feed, peer->feed(follow_.domain, position_, select, patience()));
  TRY(const bool again, take(std::move(feed)));
  if (again) peer_.with([](auto& kept) { kept.reset(); });  // its key may be another now
  return keep_position();
}

// Where the feed has to be walked again: from its beginning, or from what could not be taken the last time.
void Link::go_back() {
  if (auto now = basis(); now != basis_) {
    basis_ = std::move(now);
    position_ = 0;
    not_yet_from_.reset();
    not_yet_pause_.reset();
  }
  if (!missing_.empty() && !fetching_again_ && missing_pause_.over()) {
    fetching_again_ = true;
    position_ = 0;
    leaves_.clear();
  }
  if (not_yet_from_ && not_yet_pause_.over()) {
    position_ = std::min(position_, *not_yet_from_);
    not_yet_from_.reset();
  }
}

// How long to wait for news: no longer than until something is to be tried again.
std::chrono::seconds Link::patience() const {
  if (hurried_) return seconds(0);
  auto until = Pause::Clock::now() + options_.poll;
  if (!missing_.empty() && !fetching_again_) until = std::min(until, missing_pause_.until());
  if (not_yet_from_) until = std::min(until, not_yet_pause_.until());
  if (!own_policies_.problem().empty()) until = std::min(until, own_policies_.next_try());
  const auto wait = std::chrono::ceil<seconds>(until - Pause::Clock::now());
  return std::clamp(wait, seconds(0), options_.poll);
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
    if (is_whole())
      for (const auto& leaf : report.leaves)
        if (leaf.domain == follow_.domain) leaves_[leaf.log].take(leaf.index, leaf.hash);
    if (report.not_yet > 0 && !not_yet_from_) {
      not_yet_from_ = position_;
      not_yet_pause_.begin();
    }
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

// What a head says is true whoever brings it; that everything up to it is here is another matter. Only a home of the
// domain asked for is believed in that; of a whole copy nobody is: its leaves must give the head's root.
Result<void> Link::take_heads(const std::vector<service::FeedPage::HomeHead>& heads) {
  const auto peer = peer_.with([](const auto& kept) { return kept; });
  const bool whole = is_whole(), by_home = is_home(*peer);
  bool complete = false;
  std::string missing;
  for (const auto& head : heads) {
    auto check = service_.check_head(head.domain, head.note);
    if (!check) {
      log_warn("copy of " + follow_.domain + ": " + check.error().message);
      continue;
    }
    const auto& log = check->head.head;
    bool counts = by_home;
    if (whole && head.domain == follow_.domain) {
      const Leaves& held = leaves_[check->head.log];
      const auto answer = held.give(log);
      counts = answer == Leaves::Answer::yes;
      complete |= counts;
      if (answer == Leaves::Answer::no)
        missing = "the leaves held do not give the root of " + log.origin + ": its head covers " + std::to_string(log.size) +
                  ", held are the first " + std::to_string(held.size()) + "; all is fetched again";
    }
    if (!counts) CHECK_OK(service_.compare_head(*check));
    else if (!check->settled) CHECK_OK(note_head(*check, *peer));
  }
  if (complete || !whole) {
    missing_pause_.reset();
    missing_.clear();
    fetching_again_ = false;
  } else if (!missing.empty()) {
    if (missing_.empty() || fetching_again_) missing_pause_.begin();
    missing_ = std::move(missing);
    fetching_again_ = false;
  }
  return {};
}

Result<void> Link::note_head(const service::Service::HeadCheck& check, Peer& peer) {
  const std::string& domain = check.head.domain;
  const ledger::Head& head = check.head.head;
  std::optional<std::vector<Digest>> proof;
  // Its own home can prove that its log only grew; a head that came by way of another cannot be proven here.
  if (domain == follow_.domain && is_home(peer) && check.earlier && check.earlier->size > 0 && head.size > check.earlier->size) {
    // A proof that could not be had proves neither: the head is not taken, and asked for again.
    TRY(proof, peer.consistency(domain, check.earlier->size, head.size));
  }
  CHECK_OK(service_.note_head(check, proof));
  if (domain == follow_.domain) state_.with([&](LinkState& state) { state.newest_head = head.time; });
  return {};
}

}  // namespace cm4it::sync
