// Calls of the HTTP API (docs/http-api.md) of one server: parsed answers, or the error the server gave.
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evidence/evidence.h"
#include "net/http/client.h"

namespace cm4it::ics {

// "/v1/subjects/key%3A…?domain=…": segments and values are percent-encoded; values that are empty are left out.
std::string target(const std::vector<std::string>& segments,
                   const std::vector<std::pair<std::string, std::string>>& query = {});

// What became of one piece of evidence.
struct Submitted {
  enum class Outcome { received, provisional, not_yet, refused } outcome = Outcome::refused;
  std::string statement;
  bool is_new = false;
  struct Place { std::string domain; std::uint64_t index = 0; std::string time; };
  std::vector<Place> received;
  std::vector<std::string> forwarded_to;
  std::vector<std::pair<std::string, std::string>> not_taken;  // domains it names where it will not be received, and why
  std::vector<std::string> warnings;
  Error error{Code::internal, "", ""};

  bool entered() const { return outcome == Outcome::received || outcome == Outcome::provisional; }
  // "received by acme.example (leaf 17) 2026-…; forwarded to plant7.example"
  std::string text() const;
};

class Api {
 public:
  using Send = std::function<Result<net::Reply>(const net::ClientRequest&)>;
  Api(std::string url, Send send) : url_(std::move(url)), send_(std::move(send)) {}

  const std::string& url() const { return url_; }
  // Any answer but 2xx is the error that its problem+json describes.
  Result<net::Reply> get(const std::string& target, const std::string& accept = {}) const;
  Result<boost::json::object> get_json(const std::string& target) const;
  // One item for each piece, in their order. Many pieces go in several requests; `progress(done)` is called after each,
  // once its pieces are durable.
  Result<std::vector<Submitted>> submit(const std::vector<evidence::Piece>& pieces, const std::string& domain,
                                        const std::function<void(std::size_t done)>& progress = {}) const;
  // Every signed version of a domain's policy, oldest first, as it came: nothing verified.
  Result<std::vector<Bytes>> policies(const std::string& domain) const;

 private:
  Result<std::vector<Submitted>> submit_batch(const std::vector<evidence::Piece>& pieces, std::size_t begin,
                                              std::size_t end, const std::string& domain) const;
  std::string url_;
  Send send_;
};

}  // namespace cm4it::ics
