// Sends this home's policies to a peer before any statement that is judged by them.
#pragma once

#include "service/service.h"
#include "sync/pause.h"
#include "sync/peer.h"

namespace cm4it::sync {

class OwnPolicies {
 public:
  explicit OwnPolicies(service::Service& service) : service_(service) {}

  // Sends the versions of our own policies where they are new to this peer, or were not taken and it is time to try again.
  // Errors: that the peer could not be asked. A policy that it does not take delays nothing else.
  Result<void> send(Peer& peer);
  void forget();  // from now on the link talks to another peer
  // Why the peer does not take them; empty: it has them.
  const std::string& problem() const { return problem_; }
  Pause::Clock::time_point next_try() const { return pause_.until(); }  // where there is a problem

 private:
  service::Service& service_;
  std::string sent_;    // the versions that the peer has
  std::string tried_;   // those that it did not take
  std::string problem_;
  Pause pause_{std::chrono::milliseconds(500), std::chrono::minutes(5)};
};

}  // namespace cm4it::sync
