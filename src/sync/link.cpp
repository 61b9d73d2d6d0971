#include "sync/link.h"

#include <algorithm>
#include <future>
#include <random>

#include "base/log.h"
#include "net/http/url.h"
#include "service/access.h"
#include "service/intake.h"
#include "service/link_store.h"
#include "service/log_view.h"

namespace cm4it::sync {
namespace {

constexpr std::size_t most_logged_errors = 16;  // errors, until there is an answer

using std::chrono::milliseconds;
using std::chrono::seconds;

}  // namespace

Link::Link(Follow follow, const Options& options, service::Service& service)
    : follow_(std::move(follow)), options_(options), service_(service), store_(service.link_store(follow_.domain, follow_.from)), where_(follow_, options.key->public_key().id()), own_policies_(service) {
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
  // That a home has two histories concerns the domain, not one address: following it from another address does not settle which is right.
  if (const auto broken = store_.broken()) return show_broken(*broken);
  for (const auto& one : follow_.select.any_of)
    if (const auto why = policy::never_matches(one); !why.empty())
      log_warn("copy of " + follow_.domain + ": nothing can ever match " + one.text() + ": " + why);
  Backoff backoff(options_.retry);
  while (!stop_.stopped()) {
    Result<void> outcome;
    try {
      outcome = pull();
    } catch (const std::exception& error) {
      outcome = fail(Code::internal, error.what());
    }
    if (stop_.stopped()) return;
    poll_immediately_ = !outcome;
    away_ = !outcome;  // a wake between here and the pause cuts the pause short
    if (outcome) {
      backoff.reset();
      show_success();
      continue;
    }
    if (outcome.error().code == Code::conflict) return broken(outcome.error().message);
    failed(outcome.error());
    if (!reached() && turn_elsewhere()) continue;
    if (stop_.wait_for(backoff.next())) return;
  }
}

// Each error is logged once until there is an answer: several addresses fail in turn.
void Link::failed(const Error& error) {
  state_.with([&](LinkState& state) {
    if (!state.since) state.since = service_.now();
    state.state = "backing-off";
    state.last_error = error.message;
  });
  if (logged_errors_.size() < most_logged_errors && logged_errors_.insert(error.message).second) log_warn("copy of " + follow_.domain + ": " + error.message);
}

// Whether a server answered that has to do with the domain: then another address is not tried.
bool Link::reached() const {
  return peer_.with([](const auto& peer) { return peer && peer->answered(); });
}

// True: there is another address, which is to be tried at once.
bool Link::turn_elsewhere() {
  const auto before = where_.url();
  const bool at_once = where_.turn(*service_.access().policies());
  if (where_.url() == before) return false;
  peer_.with([](auto& peer) { peer.reset(); });
  own_policies_.forget();
  return at_once;
}

// The call under way may wait on a dead connection: it is aborted, and the next call uses a new connection.
void Link::wake() {
  peer_.with([](auto& peer) {
    if (peer) peer->abort();
    peer.reset();
  });
  stop_.wake();
}

void Link::heard_from(const KeyId& server) {
  if (away_ && server_key_.with([&](const auto& key) { return key == server; })) stop_.wake();
}

// The feed is being followed; whether all of it has arrived is a separate question.
void Link::show_success() {
  bool again = false;
  logged_errors_.clear();
  if (where_.answered()) log_info("copy of " + follow_.domain + ": followed from " + where_.url() + " now");
  const bool news = state_.with([&](LinkState& state) {
    const auto before = state.last_error;
    const bool was_off = state.state == "backing-off" && !before.empty();
    std::string wrong = missing_.empty() ? set_back_ : missing_;
    if (wrong.empty() && missed_ > 0)
      wrong = std::to_string(missed_) + (missed_ == 1 ? " record that a home has received is" : " records that a home has received are") +
              " missing here, and asked for again: " + missed_why_;
    state.url = where_.url();
    state.state = wrong.empty() ? "following" : "backing-off";
    if (wrong.empty()) state.since.reset();
    else if (!state.since) state.since = service_.now();
    state.last_error = wrong.empty() ? own_policies_.problem() : wrong;
    state.position = position_;
    state.missed = missed_;
    state.behind = behind();
    again = was_off && wrong.empty();
    return !wrong.empty() && state.last_error != before;
  });
  if (news) log_warn("copy of " + follow_.domain + ": " + state().last_error);
  if (again) log_info("copy of " + follow_.domain + " from " + where_.url() + ": following again");
}

Result<std::shared_ptr<Peer>> Link::connect(std::optional<KeyId> server_key) {
  auto peer = std::make_shared<Peer>(where_.url(), options_.key, options_.name, server_key, options_.timeout);
  peer_.with([&](auto& current) { current = peer; });
  server_key_.with([&](auto& current) { current = server_key; });
  if (stop_.stopped()) return fail(Code::unavailable, "stopping");  // nobody would end this peer's calls any more
  return peer;
}

// Before the domain's policy is known, only policies are asked for: their own chain proves them.
Result<void> Link::learn_server_key() {
  TRY(const auto stranger, connect(follow_.server_key));
  auto policies = stranger->policies(follow_.domain);
  peer_.with([](auto& current) { current.reset(); });
  if (!policies) return tl::unexpected(policies.error());
  std::vector<service::PeerRecord> records;
  for (auto& piece : *policies) {
    TRY(const auto decoded, evidence::decode(piece.format, piece.bytes));
    if (const auto& issuer = decoded.issuer().key) records.push_back({std::move(piece), *issuer, {}});
  }
  TRY(const auto report, service_.intake().ingest(follow_.domain, std::move(records)));
  if (!service_.access().policies()->newest(follow_.domain))
    return fail(Code::not_yet, "no policy of " + follow_.domain + " at " + where_.url() + " is signed by its pinned owner" +
                (report.first_refusal.empty() ? "" : ": " + report.first_refusal));
  return {};
}

Result<void> Link::pull() {
  auto peer = peer_.with([](const auto& current) { return current; });
  if (!peer) {
    if (!where_.key(*service_.access().policies())) CHECK_OK(learn_server_key());
    TRY(peer, connect(where_.key(*service_.access().policies())));
  }
  rewind_cursor();
  CHECK_OK(own_policies_.send(*peer));
  if (!poll_immediately_) show_success();  // whether they were taken
  const std::string select = follow_.select.resolved(service_.default_domain()).text();
  TRY(auto feed, peer->feed(follow_.domain, position_, select, poll_timeout()));
  TRY(const bool again, take(std::move(feed)));
  if (again) peer_.with([](auto& current) { current.reset(); });  // its key may be another now
  return keep_position();
}

// Where the feed has to be read again: from its beginning, or from what could not be taken the last time.
void Link::rewind_cursor() {
  if (auto now = cursor_scope(); now != cursor_scope_) {
    cursor_scope_ = std::move(now);
    position_ = 0;
    not_yet_from_.reset();
    not_yet_pause_.reset();
    missed_from_.reset();
    missed_again_.reset();
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
  if (missed_from_ && missed_again_.over()) {
    position_ = std::min(position_, *missed_from_);
    missed_from_.reset();
    missed_ = 0;
  }
}

// However many records are missed, only the position of the first one and one growing pause are remembered.
void Link::note_missed(const service::IngestReport& report) {
  if (report.missed == 0) return;
  if (!missed_from_) {
    missed_from_ = position_;
    missed_again_.begin();
  }
  missed_ += report.missed;
  missed_why_ = report.first_missed;
}

// If records were missed, the feed has now been read again from the first of them, and none was missed this time.
void Link::end_reached() {
  if (missed_from_) return;
  missed_ = 0;
  missed_again_.reset();
}

// While there is more of the feed, the heads at its end do not tell yet how much: its home is asked. Any error: not told.
void Link::learn_log_size() {
  if (std::exchange(asked_size_, true)) return;
  const auto peer = peer_.with([](const auto& current) { return current; });
  const auto known = peer ? peer->heads(follow_.domain) : tl::unexpected(Error{Code::unavailable, "asked anew"});
  if (!known) return;
  for (const auto& note : known->notes)
    if (const auto check = service_.logs().check_head(follow_.domain, note)) log_size_ = std::max(log_size_, check->head.head.size);
}

std::optional<std::uint64_t> Link::behind() const {
  if (log_size_ == 0) return {};
  return std::max<std::uint64_t>(log_size_ - std::min(reached_, log_size_), missed_);
}

// How long to wait for news: no longer than until something is to be tried again.
std::chrono::seconds Link::poll_timeout() const {
  if (poll_immediately_) return seconds(0);
  auto until = Pause::Clock::now() + options_.poll;
  if (!missing_.empty() && !fetching_again_) until = std::min(until, missing_pause_.until());
  if (not_yet_from_) until = std::min(until, not_yet_pause_.until());
  if (missed_from_) until = std::min(until, missed_again_.until());
  if (!own_policies_.problem().empty()) until = std::min(until, own_policies_.next_try());
  const auto wait = std::chrono::ceil<seconds>(until - Pause::Clock::now());
  return std::clamp(wait, seconds(0), options_.poll);
}

// True: a policy changed, or what a selector chooses, so the feed is to be read again from its beginning (repeats are free).
Result<bool> Link::take(service::ReceivedFeed feed) {
  if (feed.more && feed.next <= position_)
    return fail(Code::malformed, "feed.2: more waits at " + follow_.from + ", but the position does not move on");
  if (!feed.more && feed.records.empty() && feed.heads.empty() && feed.next == position_) {
    if (stop_.wait_for(Backoff::first)) return false;  // a peer that answers nothing at once is not asked in a hurry
  }
  bool of_models = false;
  if (!feed.records.empty()) {
    TRY(const auto report, service_.intake().ingest(follow_.domain, std::move(feed.records)));
    of_models = report.of_models;
    for (const auto& leaf : report.leaves)
      if (leaf.domain == follow_.domain) reached_ = std::max(reached_, leaf.index + 1);
    if (is_whole())
      for (const auto& leaf : report.leaves)
        if (leaf.domain == follow_.domain) leaves_[leaf.log].take(leaf.index, leaf.hash);
    if (report.not_yet > 0 && !not_yet_from_) {
      not_yet_from_ = position_;
      not_yet_pause_.begin();
    }
    note_missed(report);
    if (report.failure) return tl::unexpected(*report.failure);  // ours, not theirs: asked for again
    if (report.refused + report.not_yet > 0)
      log_info("copy of " + follow_.domain + ": " + std::to_string(report.refused) + " records refused, " +
               std::to_string(report.not_yet) + " not yet: " + report.first_refusal);
  }
  auto now = cursor_scope();
  // What is said of a model may bring subjects into view of which nothing new was said.
  if (now != cursor_scope_ || (of_models && is_selection())) {
    cursor_scope_ = std::move(now);
    position_ = 0;
    return true;
  }
  if (feed.more) {
    learn_log_size();
  } else {
    asked_size_ = false;
    end_reached();
    CHECK_OK(take_heads(feed.heads));
  }
  position_ = feed.next;
  return false;
}

}  // namespace cm4it::sync
