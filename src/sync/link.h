// Copies one domain from one server: a thread that reads its feed, and retries for ever.
#pragma once

#include <atomic>
#include <set>
#include <thread>

#include "base/guarded.h"
#include "service/link_store.h"
#include "service/log_view.h"
#include "sync/backoff.h"
#include "sync/leaves.h"
#include "sync/own_policies.h"
#include "sync/stop.h"
#include "sync/sync.h"
#include "sync/whereabouts.h"

namespace cm4it::sync {

class Link {
 public:
  Link(Follow follow, const Options& options, service::Service& service);
  ~Link();

  const Follow& follow() const { return follow_; }
  void wake();  // asks now, over a new connection
  void heard_from(const KeyId& server);
  LinkState state() const { return state_.with([](const LinkState& state) { return state; }); }

 private:
  void run();
  Result<void> pull();
  Result<void> learn_server_key();
  Result<bool> take(service::ReceivedFeed feed);
  void rewind_cursor();
  void note_missed(const service::IngestReport& report);
  void end_reached();
  bool is_of_feed(const std::string& domain) const;
  void tell_set_back(const service::LogView::HeadCheck& check, Peer& peer);
  std::chrono::seconds poll_timeout() const;
  Result<void> take_heads(const std::vector<service::FeedPage::HomeHead>& heads);
  Result<void> note_head(const service::LogView::HeadCheck& check, Peer& peer);
  Result<void> compare_head(const service::LogView::HeadCheck& check, Peer& peer);
  using Proof = std::optional<std::vector<Digest>>;
  Result<Proof> proof_from(const std::optional<tlog::Head>& earlier, const service::LogView::HeadCheck& check, Peer& peer) const;
  void learn_log_size();
  std::optional<std::uint64_t> behind() const;
  void show_success();
  void failed(const Error& error);
  bool reached() const;
  bool turn_elsewhere();
  void broken(const std::string& how);
  void show_broken(const service::LinkStore::Broken& broken);
  std::string cursor_scope() const;
  bool is_selection() const;
  bool is_whole() const;
  bool is_home(const Peer& peer) const;
  void resume();
  Result<void> keep_position();
  Result<std::shared_ptr<Peer>> connect(std::optional<KeyId> server_key);

  // Constant after construction.
  const Follow follow_;
  const Options& options_;
  service::Service& service_;

  // The link's thread only.
  service::LinkStore store_;
  Whereabouts where_;
  std::set<std::string> logged_errors_;  // since the last answer, so that each is logged once
  std::uint64_t position_ = 0;
  std::string cursor_scope_;  // what position_ depends on
  bool poll_immediately_ = true;  // do not wait for news: there was no answer yet, or none that could be taken
  OwnPolicies own_policies_;
  // Where the first record is that could not be taken yet: the feed is read from there again.
  std::optional<std::uint64_t> not_yet_from_;
  Pause not_yet_pause_{std::chrono::seconds(1), std::chrono::hours(1)};
  // The same of records that were refused though a home has received them: where the first is, what the first refusal was, and
  // how many there were since the feed was last read from there to its end without one. While there are any, heads make
  // nothing fresh.
  std::optional<std::uint64_t> missed_from_;
  Pause missed_again_{std::chrono::seconds(1), std::chrono::minutes(10)};
  std::string missed_why_;
  std::size_t missed_ = 0;
  std::string set_back_;  // the home's log seems to be shorter than a head that is known here: how
  // Of the home's log: how many leaves it has, by the newest head heard of, and up to where they have come; 0: no head was.
  std::uint64_t log_size_ = 0, reached_ = 0;
  bool asked_size_ = false;  // in this reading of the feed
  // Of a whole copy: the leaves of each log of the domain, and what is missing of them.
  std::map<KeyId, Leaves> leaves_;
  std::string missing_;
  bool fetching_again_ = false;
  Pause missing_pause_{std::chrono::milliseconds(200), std::chrono::hours(1)};

  Guarded<std::shared_ptr<Peer>> peer_;
  Guarded<std::optional<KeyId>> server_key_;  // of that peer
  std::atomic<bool> away_{false};             // its last call failed
  Guarded<LinkState> state_;
  Stop stop_;
  std::thread thread_;
};

}  // namespace cm4it::sync
