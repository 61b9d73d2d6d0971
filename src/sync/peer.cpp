#include "sync/peer.h"

#include <boost/json.hpp>

#include "base/budgets.h"
#include "net/http/http.h"
#include "net/http/url.h"
#include "tlog/tiles.h"

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

// Of a list of objects the one about `domain`.
const json::object* of_domain(const json::object& item, const char* list, const std::string& domain) {
  const auto* all = item.if_contains(list);
  if (!all || !all->is_array()) return nullptr;
  for (const auto& one : all->as_array())
    if (one.is_object() && text_at(one.as_object(), "domain") == domain) return &one.as_object();
  return nullptr;
}

Peer::Outcome outcome_of(const json::object& item, const std::string& domain) {
  Peer::Outcome outcome;
  outcome.result = text_at(item, "result");
  // It may be stored for another domain that it names, and not be taken for this one.
  const auto* not_taken = of_domain(item, "not_taken", domain);
  if (outcome.result == "received" && !of_domain(item, "received", domain)) outcome.result = "provisional";
  const auto* problem = (not_taken ? *not_taken : item).if_contains("error");
  if (!problem || !problem->is_object()) return outcome;
  outcome.reason = text_at(problem->as_object(), "detail");
  const auto title = text_at(problem->as_object(), "title");
  if (not_taken) outcome.result = title == to_string(Code::not_yet) ? "not-yet" : "refused";
  for (const auto code : {Code::unavailable, Code::internal, Code::misdirected}) outcome.again |= title == to_string(code);
  return outcome;
}

}  // namespace

Peer::Peer(std::string url, crypto::SignerPtr key, std::string name, std::optional<KeyId> server_key,
           std::chrono::milliseconds timeout)
    : url_(net::without_slash(std::move(url))), timeout_(timeout), client_(client_options(std::move(key), std::move(name), server_key)) {}

Result<net::Reply> Peer::send(const net::ClientRequest& request) {
  answered_ = false;
  proven_key_.reset();
  TRY(auto reply, client_.send(request));
  if (reply.server_key) proven_key_ = reply.server_key->id();
  answered_ = reply.status != 403 && reply.status != 404 && reply.status != 421;
  return reply;
}

Result<net::Reply> Peer::get(const std::string& path, const std::string& accept, std::chrono::milliseconds timeout) {
  net::ClientRequest request;
  request.url = url_ + path;
  request.accept = accept;
  request.timeout = timeout;
  TRY(auto reply, send(request));
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
  for (const auto& piece : pieces) append(body, evidence::leaf_bytes(piece.format, piece.bytes));
  request.content_type = "application/cbor-seq";
  request.body = text(body);
  request.timeout = timeout_;
  TRY(const auto reply, send(request));
  boost::system::error_code error;
  const auto value = json::parse(reply.body, error);
  if (error || !value.is_object()) return fail(Code::unavailable, url_ + "/v1/evidence: " + problem_text(reply));
  const auto* items = value.as_object().if_contains("items");
  if (!items || !items->is_array() || items->as_array().size() != pieces.size())
    return fail(Code::unavailable, url_ + "/v1/evidence: " + problem_text(reply));
  std::vector<Outcome> outcomes;
  for (const auto& item : items->as_array()) outcomes.push_back(item.is_object() ? outcome_of(item.as_object(), domain) : Outcome{});
  return outcomes;
}

Result<Bytes> Peer::receipt(const evidence::StatementId& statement, const std::string& domain) {
  TRY(const auto reply, get("/v1/evidence/" + statement.text() + "/receipt?domain=" + net::percent_encode(domain),
                            "application/cose", timeout_));
  return to_bytes(view(reply.body));
}

Result<Peer::KnownHeads> Peer::heads(const std::string& domain) {
  TRY(const auto reply, get("/v1/domains/" + net::percent_encode(domain) + "/heads", "application/json", timeout_));
  boost::system::error_code error;
  const auto value = json::parse(reply.body, error);
  const auto* notes = !error && value.is_object() ? value.as_object().if_contains("heads") : nullptr;
  if (!notes || !notes->is_array() || notes->as_array().size() > budget::known_heads) return fail(Code::malformed, url_ + ": no list of heads");
  KnownHeads known;
  TRY(known.time, from_rfc3339(text_at(value.as_object(), "time")));
  for (const auto& note : notes->as_array())
    if (note.is_string()) known.notes.emplace_back(note.as_string());
  return known;
}

Result<void> Peer::show_head(const std::string& domain, const std::string& note) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = url_ + "/v1/domains/" + net::percent_encode(domain) + "/heads";
  request.content_type = "text/plain";
  request.body = note;
  request.timeout = timeout_;
  CHECK_OK(send(request));
  return {};
}

Result<std::vector<Digest>> Peer::consistency(const std::string& domain, std::uint64_t from, std::uint64_t to) {
  const auto nodes = tlog::nodes_of_tiles(to, [&](const tlog::TilePath& path) -> Result<Bytes> {
    TRY(const auto reply, get("/log/" + domain + "/" + tlog::format_tile_path(path), "", timeout_));
    return to_bytes(view(reply.body));
  });
  return tlog::consistency_path(from, to, nodes);
}

}  // namespace cm4it::sync
