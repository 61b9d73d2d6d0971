#include "sync/peer.h"

#include <boost/json.hpp>

#include "ledger/tiles.h"
#include "net/http.h"

namespace cm4it::sync {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

net::ClientOptions client_options(crypto::SignerPtr key, std::string name, std::optional<KeyId> server_key) {
  net::ClientOptions options;
  options.key = std::move(key);
  options.name = std::move(name);
  options.server_key = server_key;
  return options;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

// The detail of a problem+json answer, or its status.
std::string problem_text(const net::Reply& reply) {
  boost::system::error_code error;
  const auto value = json::parse(reply.body, error);
  if (!error && value.is_object())
    if (const auto* detail = value.as_object().if_contains("detail"); detail && detail->is_string())
      return std::string(detail->as_string());
  return "HTTP status " + std::to_string(reply.status);
}

std::string text_at(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

}  // namespace

Peer::Peer(std::string url, crypto::SignerPtr key, std::string name, std::optional<KeyId> server_key,
           std::chrono::milliseconds timeout)
    : url_(without_slash(std::move(url))), timeout_(timeout), client_(client_options(std::move(key), std::move(name), server_key)) {}

Result<net::Reply> Peer::get(const std::string& path, const std::string& accept, std::chrono::milliseconds timeout) {
  net::ClientRequest request;
  request.url = url_ + path;
  request.accept = accept;
  request.timeout = timeout;
  TRY(auto reply, client_.send(request));
  if (reply.status != 200)
    return fail(reply.status == 404 ? Code::not_found : Code::unavailable, url_ + path.substr(0, path.find('?')) + ": " + problem_text(reply));
  return reply;
}

Result<service::ReceivedFeed> Peer::feed(const std::string& domain, std::uint64_t from, const std::string& select,
                                         seconds wait) {
  std::string path = "/v1/feed?domain=" + net::percent_encode(domain) + "&from=" + std::to_string(from) +
                     "&wait=" + std::to_string(wait.count());
  if (select != "{}") path += "&select=" + net::percent_encode(select);
  TRY(const auto reply, get(path, service::feed_media_type, wait + timeout_));
  TRY(auto feed, service::decode_feed(view(reply.body)));
  if (feed.domain != domain) return fail(Code::malformed, "feed.1: another domain than the one asked for");
  return feed;
}

Result<std::vector<evidence::Piece>> Peer::policies(const std::string& domain) {
  TRY(const auto reply, get("/v1/domains/" + net::percent_encode(domain) + "/policy?all=1", "application/cbor-seq", timeout_));
  return evidence::split("application/cbor-seq", view(reply.body));
}

Result<std::vector<Peer::Outcome>> Peer::submit(const std::vector<evidence::Piece>& pieces, const std::string& domain) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = url_ + "/v1/evidence?domain=" + net::percent_encode(domain);
  Bytes body;
  const bool manifest = pieces.at(0).format == evidence::Format::manifest;
  for (const auto& piece : pieces) append(body, piece.bytes);
  request.content_type = manifest ? "application/jose+json" : "application/cbor-seq";
  request.body = text(body);
  request.timeout = timeout_;
  TRY(const auto reply, client_.send(request));
  boost::system::error_code error;
  const auto value = json::parse(reply.body, error);
  if (error || !value.is_object()) return fail(Code::unavailable, url_ + "/v1/evidence: " + problem_text(reply));
  const auto* items = value.as_object().if_contains("items");
  if (!items || !items->is_array() || items->as_array().size() != pieces.size())
    return fail(Code::unavailable, url_ + "/v1/evidence: " + problem_text(reply));
  std::vector<Outcome> outcomes;
  for (const auto& item : items->as_array()) {
    Outcome outcome;
    if (item.is_object()) {
      outcome.result = text_at(item.as_object(), "result");
      if (const auto* problem = item.as_object().if_contains("error"); problem && problem->is_object()) {
        outcome.reason = text_at(problem->as_object(), "detail");
        const auto title = text_at(problem->as_object(), "title");
        outcome.again = title == to_string(Code::unavailable) || title == to_string(Code::internal);
      }
    }
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

Result<Bytes> Peer::receipt(const evidence::StatementId& statement, const std::string& domain) {
  TRY(const auto reply, get("/v1/evidence/" + statement.text() + "/receipt?domain=" + net::percent_encode(domain),
                            "application/cose", timeout_));
  return to_bytes(view(reply.body));
}

Result<std::vector<Digest>> Peer::consistency(const std::string& domain, std::uint64_t from, std::uint64_t to) {
  const auto nodes = ledger::nodes_of_tiles(to, [&](const ledger::TilePath& path) -> Result<Bytes> {
    TRY(const auto reply, get("/log/" + domain + "/" + ledger::format_tile_path(path), "", timeout_));
    return to_bytes(view(reply.body));
  });
  return ledger::consistency_path(from, to, nodes);
}

}  // namespace cm4it::sync
