#include "apps/ics/api.h"

#include "apps/ics/candidates.h"
#include "apps/ics/json.h"
#include "base/text.h"
#include "net/http/http.h"

namespace cm4it::ics {
namespace {

constexpr std::size_t batch_items = 500;
constexpr std::size_t batch_bytes = 4 * 1024 * 1024;

constexpr Code every_code[] = {Code::malformed, Code::too_large, Code::unsupported, Code::bad_signature,
                               Code::not_permitted, Code::not_found, Code::ambiguous, Code::conflict,
                               Code::not_yet, Code::misdirected, Code::unavailable, Code::internal};

Code code_of(std::string_view title, unsigned status) {
  for (const Code code : every_code)
    if (title == to_string(code)) return code;
  if (status == 404) return Code::not_found;
  return status >= 500 ? Code::unavailable : Code::malformed;
}

Error error_of(const json::object& problem, unsigned status) {
  Error error{code_of(text_at(problem, "title"), status), text_at(problem, "detail"), text_at(problem, "hint")};
  if (error.message.empty()) error.message = "the server answered " + std::to_string(status);
  if (const auto home = text_at(problem, "home"); !home.empty()) error.detail = "ask its home: --server " + home;
  if (const auto& candidates = array_at(problem, "candidates"); !candidates.empty()) error.detail = candidates_text(candidates);
  return error;
}

Result<json::object> parse(const net::Reply& reply, const std::string& url) {
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = 16;
  auto value = json::parse(reply.body, failed, {}, options);
  if (failed || !value.is_object())
    return fail(Code::malformed, url + ": the answer is no JSON object (status " + std::to_string(reply.status) + ")",
                "is this an ICS?");
  return std::move(value.get_object());
}

tl::unexpected<Error> problem(const net::Reply& reply, const std::string& url) {
  auto parsed = parse(reply, url);
  return tl::unexpected(parsed ? error_of(*parsed, reply.status)
                               : Error{code_of("", reply.status), url + ": status " + std::to_string(reply.status), ""});
}

Submitted submitted(const json::object& item) {
  using Outcome = Submitted::Outcome;
  Submitted result;
  const auto outcome = text_at(item, "result");
  result.outcome = outcome == "received"      ? Outcome::received
                   : outcome == "provisional" ? Outcome::provisional
                   : outcome == "not-yet"     ? Outcome::not_yet
                                              : Outcome::refused;
  result.statement = text_at(item, "statement");
  result.is_new = flag_at(item, "new");
  for (const auto& place : array_at(item, "received"))
    if (place.is_object()) {
      const auto& at = place.get_object();
      result.received.push_back({text_at(at, "domain"), number_at(at, "index"), text_at(at, "time")});
    }
  result.forwarded_to = texts_at(item, "forwarded_to");
  for (const auto& one : array_at(item, "not_taken"))
    if (one.is_object())
      result.not_taken.emplace_back(text_at(one.get_object(), "domain"), error_of(object_at(one.get_object(), "error"), 422).message);
  result.warnings = texts_at(item, "warnings");
  if (item.if_contains("error")) result.error = error_of(object_at(item, "error"), 422);
  return result;
}

// Policies and statements of one batch stay together.
std::size_t end_of_batch(const std::vector<evidence::Piece>& pieces, std::size_t begin) {
  std::size_t end = begin, bytes = 0;
  while (end < pieces.size() && end - begin < batch_items) {
    bytes += pieces[end].bytes.size();
    if (end > begin && bytes > batch_bytes) break;
    ++end;
  }
  return end;
}

}  // namespace

std::string target(const std::vector<std::string>& segments,
                   const std::vector<std::pair<std::string, std::string>>& query) {
  std::string text;
  for (const auto& segment : segments) text += "/" + net::percent_encode(segment);
  char separator = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    text += separator + name + "=" + net::percent_encode(value);
    separator = '&';
  }
  return text;
}

std::string Submitted::text() const {
  if (outcome == Outcome::refused) return "refused: " + error.message;
  if (outcome == Outcome::not_yet) return "not taken: " + error.message;
  std::string list = received.empty() ? "provisional" : "received by " + joined(received, ", ", [](const auto& place) {
    return place.domain + " (leaf " + std::to_string(place.index) + ") " + place.time;
  });
  if (!forwarded_to.empty()) list += "; forwarded to " + joined(forwarded_to);
  for (const auto& [domain, why] : not_taken) list += "; not taken in " + domain + ": " + why;
  return is_new ? list : list + "; already known";
}

Result<net::Reply> Api::get(const std::string& target, const std::string& accept) const {
  net::ClientRequest request;
  request.url = url_ + target;
  request.accept = accept;
  TRY(auto reply, send_(request));
  if (reply.status < 200 || reply.status > 299) return problem(reply, url_);
  return reply;
}

Result<json::object> Api::get_json(const std::string& target) const {
  TRY(const auto reply, get(target, "application/json"));
  return parse(reply, url_);
}

Result<std::vector<Submitted>> Api::submit(const std::vector<evidence::Piece>& pieces, const std::string& domain,
                                           const std::function<void(std::size_t)>& progress) const {
  std::vector<Submitted> all;
  for (std::size_t begin = 0; begin < pieces.size();) {
    const std::size_t end = end_of_batch(pieces, begin);
    TRY(auto items, submit_batch(pieces, begin, end, domain));
    std::move(items.begin(), items.end(), std::back_inserter(all));
    begin = end;
    if (progress) progress(end);
  }
  return all;
}

Result<std::vector<Submitted>> Api::submit_batch(const std::vector<evidence::Piece>& pieces, std::size_t begin,
                                                 std::size_t end, const std::string& domain) const {
  Bytes body;
  for (std::size_t i = begin; i < end; ++i) append(body, evidence::leaf_bytes(pieces[i].format, pieces[i].bytes));
  net::ClientRequest request;
  request.method = "POST";
  request.url = url_ + target({"v1", "evidence"}, {{"domain", domain}});
  request.content_type = "application/cbor-seq";
  request.accept = "application/json";
  request.body = text(body);
  request.timeout = std::chrono::seconds(120);
  TRY(const auto reply, send_(request));
  auto answer = parse(reply, url_);
  if (!answer || !answer->contains("items")) return problem(reply, url_);
  std::vector<Submitted> items;
  for (const auto& item : array_at(*answer, "items"))
    if (item.is_object()) items.push_back(submitted(item.get_object()));
  if (items.size() != end - begin)
    return fail(Code::malformed, url_ + ": " + std::to_string(items.size()) + " items in the answer to " +
                std::to_string(end - begin) + " pieces of evidence");
  return items;
}

Result<std::vector<Bytes>> Api::policies(const std::string& domain) const {
  TRY(const auto reply, get(target({"v1", "domains", domain, "policy"}, {{"all", "1"}}), "application/cbor-seq"));
  TRY(auto pieces, evidence::split("application/cbor-seq", view(reply.body)));
  std::vector<Bytes> policies;
  for (auto& piece : pieces) policies.push_back(std::move(piece.bytes));
  return policies;
}

}  // namespace cm4it::ics
