// What gateways and sensors ask of the infield ICS. Its key is known to them beforehand; nobody else is asked or believed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "net/http/client.h"
#include "service/token.h"

namespace cm4it::demo {

struct MayAnswer {
  bool allowed = false;
  std::string why;   // not; for people
  Time valid_until;  // then ask again
};

struct Changes {
  std::vector<std::string> subjects;  // whose verdict may have changed
  bool all = false;                   // or anybody's
  std::string next;                   // where to go on
};

class FieldIcs {
 public:
  FieldIcs(std::string url, crypto::PublicKey key, std::string domain)
      : url_(std::move(url)), key_(std::move(key)), domain_(std::move(domain)) {}

  // The verdict token of a key. not_found: this ICS does not know it.
  Result<Bytes> token(const KeyId& subject);
  // May `from` open a conversation with `to`?
  Result<MayAnswer> may(const KeyId& from, const KeyId& to);
  // Waits up to `wait_seconds` for a change after `from`; empty: the present position, at once.
  Result<Changes> changes(const std::string& from, int wait_seconds);

  // Does this token, shown by the other side, say that the key it has proven is admitted? Asks nobody.
  Result<service::Token> check(View token, const crypto::PublicKey& proven) const;

 private:
  Result<net::Reply> get(const std::string& path, const std::string& accept, int wait_seconds = 0);

  const std::string url_;
  const crypto::PublicKey key_;
  const std::string domain_;
  Guarded<std::vector<std::unique_ptr<net::HttpClient>>> idle_;  // connections, for the next call of any thread
};

}  // namespace cm4it::demo
