#include "sync/own_policies.h"

#include "base/log.h"
#include "service/access.h"
#include "service/feed.h"

namespace cm4it::sync {

void OwnPolicies::forget() {
  sent_.clear();
  tried_.clear();
  problem_.clear();
  pause_.reset();
}

Result<void> OwnPolicies::send(Peer& peer) {
  const auto policies = service_.access().policies();
  const auto& homes = service_.access().homes();
  std::string newest;
  for (const auto& home : homes)
    if (const auto* chain = policies->chain(home)) newest += home + std::to_string(chain->versions.size());
  if (newest == sent_) return {};
  if (newest != tried_) pause_.reset();
  if (!pause_.over()) return {};
  std::string problem;
  for (const auto& home : homes) {
    TRY(const auto records, service_.feed().policy(home, 0));
    std::vector<evidence::Piece> pieces;
    for (const auto& record : records) pieces.push_back({record.format, record.evidence});
    TRY(const auto outcomes, peer.submit(pieces, home));
    for (const auto& outcome : outcomes)
      if (outcome.result != "received" && outcome.result != "provisional")
        problem = "policy of " + home + " is not taken by " + peer.url() + ": " + outcome.reason;
  }
  if (problem.empty()) {
    sent_ = newest;
    problem_.clear();
    pause_.reset();
    return {};
  }
  if (problem != problem_) log_warn(problem);
  problem_ = std::move(problem);
  tried_ = std::move(newest);
  pause_.begin();
  return {};
}

}  // namespace cm4it::sync
