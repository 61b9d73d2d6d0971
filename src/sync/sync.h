// Domains of other servers: copies pulled over their feeds, statements forwarded to their homes. What comes in
// passes the same intake as every submission.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "policy/selector.h"
#include "service/forwarder.h"
#include "service/service.h"

namespace cm4it::sync {

// A domain to copy that the configuration names, beside those of [[copy]] rules.
struct Follow {
  std::string domain, from;
  std::optional<KeyId> server_key;  // of the server at `from`; none: the one its domain's policy lists
  policy::Selectors select;
};

struct Options {
  crypto::SignerPtr key;        // this server's; shown to peers
  std::string name;
  std::vector<Follow> follow;
  std::chrono::milliseconds timeout{20'000};  // of a call, beyond what it asked the peer to wait
  std::chrono::seconds poll{25};              // how long a peer is asked to wait for news
  std::chrono::milliseconds retry{200};       // the first pause after a failed call (sync/backoff.h)
};

struct LinkState {
  std::string domain, url;
  // "following" (all that it sent is here), "backing-off", "broken"; of forwarding: "forwarding", "idle"
  std::string state = "backing-off";
  std::optional<Time> since{};  // of backing-off and broken: since when, as far as it is known
  std::uint64_t position = 0;
  std::optional<Time> newest_head;
  std::string last_error;
  std::size_t pending = 0;
  // Statements whose way to this domain's home ended without a receipt: refused there, or not sent; and the last one's reason.
  std::size_t refused = 0;
  std::string last_refusal;
  std::size_t missed = 0;  // records of the feed that could not be taken, as of the last reading of them
  // Entries of its home's log that have not come yet, as of the last answer; none: no head has told how long that log is.
  std::optional<std::uint64_t> behind{};
};

class Sync : public service::Forwarder {
 public:
  Sync(Options options, service::Service& service);
  ~Sync() override;
  // Ends every thread, within the time of one aborted call; forward() does nothing from then on. The object must live as
  // long as the service that forwards to it.
  void stop();

  void forward(const evidence::StatementId& statement, const std::vector<std::string>& domains) override;
  void not_forwarded(const evidence::StatementId& statement, const std::string& domain, const std::string& why) override;
  std::vector<LinkState> links() const;
  // Every link asks its server now, without waiting any longer.
  void wake();
  // A server with this key has just spoken to us: links that wait for it to come back need not.
  void heard_from(const KeyId& server);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cm4it::sync
