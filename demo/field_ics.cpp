#include "field_ics.h"

#include <boost/json.hpp>

namespace cm4it::demo {
namespace {

namespace json = boost::json;

Result<json::object> parse_object(const std::string& text) {
  boost::system::error_code failed;
  json::value value = json::parse(text, failed);
  if (failed || !value.is_object()) return fail(Code::malformed, "the ICS's answer is no JSON object");
  return std::move(value.get_object());
}

std::string text_of(const json::object& object, const char* name) {
  const auto* found = object.if_contains(name);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

// "from.status: stolen; from.endorsed_by.integrator: …": the rules that were not met.
std::string what_failed(const json::object& answer) {
  std::string why;
  const auto* reasons = answer.if_contains("reasons");
  if (!reasons || !reasons->is_array()) return "no reason given";
  for (const auto& each : reasons->get_array()) {
    if (!each.is_object() || text_of(each.get_object(), "outcome") == "met") continue;
    why += (why.empty() ? "" : "; ") + text_of(each.get_object(), "rule") + ": " + text_of(each.get_object(), "text");
  }
  return why;
}

}  // namespace

Result<net::Reply> FieldIcs::get(const std::string& path, const std::string& accept, int wait_seconds) {
  auto client = idle_.with([](auto& idle) {
    if (idle.empty()) return std::unique_ptr<net::HttpClient>();
    auto last = std::move(idle.back());
    idle.pop_back();
    return last;
  });
  if (!client) {
    net::ClientOptions options;
    options.server_key = key_.id();
    client = std::make_unique<net::HttpClient>(options);
  }
  net::ClientRequest request;
  request.url = url_ + path;
  request.accept = accept;
  request.timeout = std::chrono::seconds(10 + wait_seconds);
  auto reply = client->send(request);
  if (reply) idle_.with([&](auto& idle) { idle.push_back(std::move(client)); });
  if (!reply || reply->status == 200) return reply;
  auto problem = parse_object(reply->body);
  return fail(reply->status == 404 ? Code::not_found : Code::unavailable,
              problem ? text_of(*problem, "detail") : "the ICS answers " + std::to_string(reply->status));
}

Result<Bytes> FieldIcs::token(const KeyId& subject) {
  TRY(const auto reply, get("/v1/subjects/" + subject.text() + "/verdict?domain=" + domain_, "application/cwt"));
  return to_bytes(view(reply.body));
}

Result<MayAnswer> FieldIcs::may(const KeyId& from, const KeyId& to) {
  TRY(const auto reply, get("/v1/may?from=" + from.text() + "&to=" + to.text() + "&domain=" + domain_, "application/json"));
  TRY(const auto answer, parse_object(reply.body));
  MayAnswer result{text_of(answer, "allowed") == "yes", what_failed(answer), Time::never()};
  if (const auto until = text_of(answer, "valid_until"); until != "never") {
    TRY(result.valid_until, from_rfc3339(until));
  }
  return result;
}

Result<Changes> FieldIcs::changes(const std::string& from, int wait_seconds) {
  std::string path = "/v1/changes?domain=" + domain_;
  if (!from.empty()) path += "&from=" + from + "&wait=" + std::to_string(wait_seconds);
  TRY(const auto reply, get(path, "application/json", wait_seconds));
  TRY(const auto answer, parse_object(reply.body));
  Changes changes;
  changes.next = text_of(answer, "next");
  if (const auto* all = answer.if_contains("all")) changes.all = all->is_bool() && all->get_bool();
  if (const auto* subjects = answer.if_contains("subjects"); subjects && subjects->is_array())
    for (const auto& each : subjects->get_array())
      if (each.is_string()) changes.subjects.emplace_back(each.get_string());
  return changes;
}

Result<service::Token> FieldIcs::check(View token, const crypto::PublicKey& proven) const {
  return service::check_token(token, {domain_, key_, proven, system_time(), {}});
}

}  // namespace cm4it::demo
