// Calls one other server over HTTP, with its key pinned.
#pragma once

#include <atomic>
#include <chrono>

#include "net/http/client.h"
#include "service/feed_wire.h"

namespace cm4it::sync {

class Peer {
 public:
  // `server_key` none: whoever answers is asked for policies alone, which prove themselves.
  // `timeout`: of a call, beyond what it asks the peer to wait.
  Peer(std::string url, crypto::SignerPtr key, std::string name, std::optional<KeyId> server_key,
       std::chrono::milliseconds timeout);

  const std::string& url() const { return url_; }
  void abort() { client_.abort(); }
  // Whether the last call was answered by a server that has to do with the domain, and not refused because it has not.
  bool answered() const { return answered_; }
  // The key of the server that gave the last answer; none over plain http.
  const std::optional<KeyId>& proven_key() const { return proven_key_; }

  Result<service::ReceivedFeed> feed(const std::string& domain, std::uint64_t from, const std::string& select,
                                     std::chrono::seconds wait);
  // Signed descriptors of a domain, oldest first.
  Result<std::vector<evidence::Piece>> policies(const std::string& domain);
  // What became of each piece in `domain`: "received", "provisional", "not-yet", "refused"; with the reason. `again`: a
  // refusal that is no judgement of the piece (a full queue, a quota, a full disk, a home that is none yet), so another try
  // may succeed.
  struct Outcome { std::string result, reason; bool again = false; };
  Result<std::vector<Outcome>> submit(const std::vector<evidence::Piece>& pieces, const std::string& domain);
  Result<Bytes> receipt(const evidence::StatementId& statement, const std::string& domain);
  // Heads of a domain's logs that it knows, and what it says the time is.
  struct KnownHeads { Time time; std::vector<std::string> notes; };
  Result<KnownHeads> heads(const std::string& domain);
  // Shows a home a head that it signed, where it seems to have forgotten it.
  Result<void> show_head(const std::string& domain, const std::string& note);
  // The proof that the log of `domain` grew from one size to the other, made of its tiles.
  Result<std::vector<Digest>> consistency(const std::string& domain, std::uint64_t from, std::uint64_t to);

 private:
  Result<net::Reply> send(const net::ClientRequest& request);
  Result<net::Reply> get(const std::string& path, const std::string& accept, std::chrono::milliseconds timeout);

  const std::string url_;
  const std::chrono::milliseconds timeout_;
  net::HttpClient client_;
  std::atomic<bool> answered_{false};
  std::optional<KeyId> proven_key_;
};

}  // namespace cm4it::sync
