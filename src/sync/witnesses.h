// Peers are witnesses of what this home has signed. A home whose store and mark were both restored from an old backup learns that from
// peers who saw more of its logs; a home that was down for long learns from them whether its clock is right.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "sync/peer.h"
#include "sync/stop.h"
#include "sync/sync.h"

namespace cm4it::sync {

class Witnesses {
 public:
  // Which peers are asked: the servers in the policies of this home's domains, and those it copies from. A server that is no home asks nobody.
  Witnesses(const Options& options, service::Service& service);
  ~Witnesses();  // a call under way ends at once

  // Asks all at once, each for at most `timeout`. conflict: one knows a head that this store's log does not go on from, so
  // nothing is signed any more (LogView::compare_own_head). A peer that does not answer is no error.
  Result<void> ask(std::chrono::milliseconds timeout = std::chrono::milliseconds(2500));
  // From now on the peers that did not answer are asked again now and then, until they have.
  void keep_asking();
  std::size_t unasked() const { return waiting_.with([](const auto& waiting) { return waiting.size(); }); }

 private:
  struct Witness { std::string url; std::optional<KeyId> key; };
  std::vector<Witness> known() const;
  Result<void> ask_one(const Witness& witness, std::chrono::milliseconds timeout);

  const Options& options_;
  service::Service& service_;
  Guarded<std::vector<Witness>> waiting_;
  Guarded<std::vector<std::shared_ptr<Peer>>> peers_;  // that are being asked
  Stop stop_;
  std::thread thread_;
};

}  // namespace cm4it::sync
