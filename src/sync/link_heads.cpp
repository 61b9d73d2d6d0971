// Heads that come with a feed: which of them make this copy fresh, and which show that a home contradicted itself.
#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "service/access.h"
#include "service/log_view.h"
#include "sync/link.h"

namespace cm4it::sync {

// Whether the feed is only a part of the domain: because a selector was asked for, or because the policy lets this server hold only a part.
bool Link::is_selection() const {
  if (!follow_.select.everything()) return true;
  const auto policies = service_.access().policies();
  const auto* descriptor = policies->newest(follow_.domain);
  const auto* self = descriptor ? descriptor->server_with_key(options_.key->public_key().id()) : nullptr;
  return self && !self->home && self->select;
}

// Whether every leaf of the domain's log should come: nothing is left out by a selector, or by rights to read.
bool Link::is_whole() const {
  if (is_selection()) return false;
  const auto policies = service_.access().policies();
  for (const auto kind : {evidence::Kind::identity, evidence::Kind::endorse, evidence::Kind::status, evidence::Kind::transfer,
                          evidence::Kind::assign, evidence::Kind::withdraw})
    if (!service_.access().may_read(*policies, follow_.domain, kind, {}, options_.key->public_key().id())) return false;
  return true;
}

// The peer is identified by the key that it proved, not by its address.
bool Link::is_home(const Peer& peer) const {
  const auto policies = service_.access().policies();
  const auto* descriptor = policies->newest(follow_.domain);
  const auto* server = descriptor && peer.proven_key() ? descriptor->server_with_key(*peer.proven_key()) : nullptr;
  return server && server->home;
}

// What a head says is true whoever brings it; that everything up to it is here is another matter. Only a home of the
// domain asked for is believed in that; of a whole copy nobody is: its leaves must give the head's root.
Result<void> Link::take_heads(const std::vector<service::FeedPage::HomeHead>& heads) {
  const auto peer = peer_.with([](const auto& current) { return current; });
  if (!peer) return fail(Code::unavailable, "asked anew");  // wake()
  const bool whole = is_whole(), by_home = is_home(*peer);
  bool complete = false;
  std::string missing;
  set_back_.clear();
  for (const auto& head : heads) {
    if (service_.access().is_home(head.domain)) {
      if (auto own = service_.logs().compare_own_head(head.domain, head.note); !own && own.error().code == Code::conflict)
        log_error(own.error().message);
      continue;
    }
    if (!is_of_feed(head.domain)) continue;  // of those it is no witness
    auto check = service_.logs().check_head(head.domain, head.note);
    if (!check) {
      log_warn("copy of " + follow_.domain + ": " + check.error().message);
      continue;
    }
    const auto& log = check->head.head;
    if (head.domain == follow_.domain && by_home) tell_set_back(*check, *peer);
    bool counts = by_home && missed_ == 0;
    if (head.domain == follow_.domain) log_size_ = reached_ = log.size;  // what no record came of was not asked for
    if (whole && head.domain == follow_.domain) {
      const Leaves& held = leaves_[check->head.log];
      const auto answer = held.proves(log);
      counts = answer == Leaves::Answer::yes;
      complete |= counts;
      if (answer == Leaves::Answer::no) reached_ = std::min(held.size(), log.size);
      if (answer == Leaves::Answer::no)
        missing = "the leaves held do not give the root of " + log.origin + ": its head covers " + std::to_string(log.size) +
                  ", held are the first " + std::to_string(held.size()) + "; all is fetched again";
    }
    if (!counts) CHECK_OK(compare_head(*check, *peer));
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

bool Link::is_of_feed(const std::string& domain) const {
  if (domain == follow_.domain) return true;
  const auto policies = service_.access().policies();
  const auto* descriptor = policies->newest(follow_.domain);
  const auto referenced = descriptor ? descriptor->referenced() : std::vector<std::string>{};
  return contains(referenced, domain);
}

// A home that came back from a backup, and has not signed anything yet: it is shown what it signed before.
void Link::tell_set_back(const service::LogView::HeadCheck& check, Peer& peer) {
  const auto& head = check.head.head;
  if (!check.earlier || check.earlier->size <= head.size) return;
  set_back_ = "the log of " + head.origin + " ends after " + std::to_string(head.size) + " entries, and a head of " +
              std::to_string(check.earlier->size) + " is known here: that home was set back";
  if (auto shown = peer.show_head(check.head.domain, check.earlier_note); !shown) log_info("copy of " + follow_.domain + ": " + shown.error().message);
}

Result<void> Link::note_head(const service::LogView::HeadCheck& check, Peer& peer) {
  // A proof that could not be had proves neither: the head is not taken, and asked for again.
  TRY(const auto proof, proof_from(check.earlier, check, peer));
  CHECK_OK(service_.logs().note_head(check, proof));
  if (check.head.domain == follow_.domain) state_.with([&](LinkState& state) { state.newest_head = check.head.head.time; });
  return {};
}

// A home that was set back, and whose log has outgrown what is known here, shows heads of other sizes than those: that they are of
// two histories only a proof tells. Where none is to be had, the head is compared without.
Result<void> Link::compare_head(const service::LogView::HeadCheck& check, Peer& peer) {
  const auto from_earlier = proof_from(check.earlier, check, peer), from_compared = proof_from(check.compared, check, peer);
  return service_.logs().compare_head(check, from_earlier.value_or(Proof{}), from_compared.value_or(Proof{}));
}

// That the log of the domain followed goes on from an earlier head. Its own home alone can prove it; none: there is nothing to
// prove, or the head came by way of another.
Result<Link::Proof> Link::proof_from(const std::optional<tlog::Head>& earlier, const service::LogView::HeadCheck& check, Peer& peer) const {
  const std::string& domain = check.head.domain;
  const tlog::Head& head = check.head.head;
  if (domain != follow_.domain || !is_home(peer) || !earlier || earlier->size == 0 || head.size <= earlier->size) return Proof{};
  TRY(auto proof, peer.consistency(domain, earlier->size, head.size));
  return Proof{std::move(proof)};
}

}  // namespace cm4it::sync
