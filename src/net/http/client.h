// The HTTP client: blocking, one call at a time, connections kept for the next call (libcurl).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/budgets.h"
#include "crypto/signer.h"

namespace cm4it::net {

struct ClientOptions {
  crypto::SignerPtr key;            // shown to servers as client certificate; null: none
  std::string name = "cm4it";       // that certificate's name
  std::optional<KeyId> server_key;  // over https only this key is spoken to; none: any, see Reply
  std::chrono::milliseconds connect_timeout{5000};
  std::size_t max_body = 2 * budget::feed_bytes + budget::crl_bytes;  // of an answer: a page of a feed ends after what fills it
};

struct ClientRequest {
  std::string method = "GET";
  std::string url;  // http:// or https://
  std::string content_type;
  std::string_view body;
  std::string accept;
  std::vector<std::pair<std::string, std::string>> headers;
  std::chrono::milliseconds timeout{30'000};  // of the whole call; a long poll needs more than its wait
};

struct Reply {
  unsigned status = 0;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // What the server proved at the handshake (https only). Where no key was pinned, whether to
  // trust it is the caller's decision.
  std::optional<crypto::PublicKey> server_key;

  // The first of that name, in any case; empty if absent.
  std::string_view header(std::string_view name) const;
};

// Follows no redirects and uses no proxy. For one thread at a time, but for abort().
class HttpClient {
 public:
  explicit HttpClient(ClientOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any status is a Reply. Errors: unavailable (url and cause: no connection, time out, aborted),
  // not_permitted (another key than the pinned one; nothing was sent), too_large (the answer),
  // malformed (the url), unsupported (our key, or the server's, is of a kind TLS here cannot use).
  Result<Reply> send(const ClientRequest& request);
  Result<Reply> get(const std::string& url, const std::string& accept = {});

  // From any thread: the call under way and all later ones end at once with `unavailable`.
  void abort();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cm4it::net
