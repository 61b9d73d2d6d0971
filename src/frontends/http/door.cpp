#include "frontends/http/door.h"

#include <algorithm>
#include <boost/json.hpp>
#include <sstream>

#include "base/budgets.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "frontends/http/impl.h"
#include "frontends/http/views.h"
#include "ledger/brief.h"

namespace cm4it::http {
namespace {

using Now = Answer (*)(Door::Impl&, const Call&);
using Later = void (*)(Door::Impl&, const Call&, net::Responder);

struct Route {
  std::string_view method;
  std::vector<std::string_view> pattern;  // "*" any segment, "**" any rest
  std::vector<std::string_view> query;    // the parameters it knows
  Now now = nullptr;
  Later later = nullptr;
};

const std::vector<Route>& routes() {
  static const std::vector<Route> table = {
      {"POST", {"v1", "evidence"}, {"domain"}, nullptr, post_evidence},
      {"GET", {"v1", "subjects"},
       {"q", "type", "maker", "model", "status", "holder", "issuer", "domain", "limit", "cursor"}, nullptr, search_subjects},
      {"GET", {"v1", "subjects", "*"}, {"domain"}, get_subject, nullptr},
      {"GET", {"v1", "subjects", "*", "history"}, {"domain"}, get_history, nullptr},
      {"GET", {"v1", "subjects", "*", "verdict"}, {"domain", "at", "nonce"}, nullptr, get_verdict},
      {"GET", {"v1", "may"}, {"from", "to", "domain"}, get_may, nullptr},
      {"GET", {"v1", "evidence", "*"}, {}, get_evidence, nullptr},
      {"GET", {"v1", "evidence", "*", "receipt"}, {"domain"}, get_receipt, nullptr},
      {"GET", {"v1", "keys", "*"}, {}, get_key, nullptr},
      {"GET", {"v1", "domains"}, {}, get_domains, nullptr},
      {"GET", {"v1", "domains", "*", "policy"}, {"version", "all"}, get_policy, nullptr},
      {"GET", {"v1", "domains", "*", "heads"}, {}, get_heads, nullptr},
      {"POST", {"v1", "domains", "*", "heads"}, {}, nullptr, post_head},
      {"GET", {"v1", "feed"}, {"domain", "from", "select", "wait"}, nullptr, get_feed},
      {"GET", {"v1", "changes"}, {"domain", "from", "wait"}, nullptr, get_changes},
      {"GET", {"v1", "peers"}, {}, get_peers, nullptr},
      {"GET", {"healthz"}, {}, get_health, nullptr},
      {"GET", {"readyz"}, {}, get_ready, nullptr},
      {"GET", {"metrics"}, {}, get_metrics, nullptr},
      {"GET", {"log", "*", "checkpoint"}, {}, get_checkpoint, nullptr},
      {"GET", {"log", "*", "**"}, {}, get_tile, nullptr},
  };
  return table;
}

bool matches(const std::vector<std::string_view>& pattern, const std::vector<std::string>& path) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == "**") return path.size() > i;
    if (i >= path.size() || (pattern[i] != "*" && pattern[i] != path[i])) return false;
  }
  return pattern.size() == path.size();
}

Result<std::vector<std::string>> segments(std::string_view path) {
  std::vector<std::string> list;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    TRY(auto segment, net::percent_decode(path.substr(0, end)));
    list.push_back(std::move(segment));
    path.remove_prefix(end);
  }
  return list;
}

Result<Call> take_apart(const net::Request& request) {
  Call call;
  TRY(call.path, segments(request.path));
  TRY(call.query, net::Query::parse(request.query));
  call.caller = service::Caller::of(request.client_key, request.remote);
  call.who = call.caller.who;
  call.accept = request.header("Accept");
  call.content_type = request.header("Content-Type");
  call.if_none_match = request.header("If-None-Match");
  call.request = &request;
  return call;
}

Result<void> known_query(const Route& route, const Call& call) {
  for (const auto& [name, value] : call.query.all())
    if (std::find(route.query.begin(), route.query.end(), name) == route.query.end())
      return fail(Code::malformed, "query: unknown parameter \"" + name.substr(0, 64) + "\"",
                  route.query.empty() ? "this call takes none" : "known: " + joined(route.query));
  return {};
}

net::Response with_status(unsigned status, const std::string& allow) {
  net::Response response;
  response.status = status;
  response.headers.emplace_back("Allow", allow);
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  if (status == 204) net::allow_cross_origin(response, allow, "Accept, Content-Type, If-None-Match");
  if (status == 405) {
    response = json_answer(boost::json::serialize(problem_json(
        {Code::unsupported, "method: this resource knows " + allow, ""}, 405)), 405);
    response.content_type = "application/problem+json";
    response.headers.emplace_back("Allow", allow);
  }
  return response;
}

}  // namespace

net::Response json_answer(const std::string& body, unsigned status) {
  net::Response response;
  response.status = status;
  response.content_type = "application/json";
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  response.body = body + "\n";
  return response;
}

net::Response bytes_answer(View body, std::string content_type) {
  net::Response response;
  response.content_type = std::move(content_type);
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  response.body = text(body);
  return response;
}

net::Response problem(const Error& error) {
  const unsigned status = status_of(error.code);
  net::Response response = json_answer(boost::json::serialize(problem_json(error, status)), status);
  response.content_type = "application/problem+json";
  if (error.code == Code::unavailable) response.headers.emplace_back("Retry-After", "1");
  return response;
}

net::Response revalidated(net::Response response, const Call& call) {
  const Digest digest = crypto::sha256(view(response.body));
  const std::string tag = "\"" + to_hex(View(digest).first(12)) + "\"";
  response.headers.emplace_back("ETag", tag);
  if (call.if_none_match.find(tag) != std::string::npos || call.if_none_match == "*") {
    response.status = 304;
    response.body.clear();
    response.content_type.clear();
  }
  return response;
}

void answer_in_parts(Door::Impl& door, const service::Caller& caller, const std::shared_ptr<net::Responder>& respond, std::function<bool()> make) {
  // The door may close before: who makes the answer holds what is left of it.
  const auto accepted = door.service.read_in_parts(caller, [self = door.shared_from_this(), respond, make = std::move(make)] {
    return !respond->gone() && make();
  });
  if (!accepted) (*respond)(problem(accepted.error()));
}

void answer_in_turn(Door::Impl& door, const service::Caller& caller, const std::shared_ptr<net::Responder>& respond, std::function<void()> make) {
  answer_in_parts(door, caller, respond, [make = std::move(make)] {
    make();
    return false;
  });
}

net::Response Door::Impl::problem_of(const Call& call, const Error& error) {
  if (error.code != Code::ambiguous) return problem(error);
  const unsigned status = status_of(error.code);
  auto shown = problem_json(error, status);
  boost::json::array candidates;
  std::istringstream ids(error.detail);
  for (std::string id; ids >> id;) {
    boost::json::object candidate{{"subject", id}};
    const auto subject = evidence::SubjectId::parse(id);
    const auto looked = subject ? service.look_up(*subject, call.get("domain"), call.who) : tl::unexpected(subject.error());
    if (looked && looked->known) candidate = summary_json(*looked);
    candidate.erase("verdict");
    candidates.push_back(std::move(candidate));
  }
  shown["candidates"] = std::move(candidates);
  net::Response response = json_answer(boost::json::serialize(shown), status);
  response.content_type = "application/problem+json";
  return response;
}

void Door::Impl::answer(Answer (*route)(Impl&, const Call&), const Call& call, net::Responder respond) {
  {
    ledger::Brief brief(budget::brief_records);
    auto made = route(*this, call);
    auto response = made ? std::move(*made) : problem_of(call, made.error());
    if (!brief.exceeded()) return respond(std::move(response));
  }
  auto shared = std::make_shared<net::Responder>(std::move(respond));
  answer_in_turn(*this, call.caller, shared, [this, route, later = call.detached(), shared] {
    auto made = route(*this, later);
    (*shared)(made ? std::move(*made) : problem_of(later, made.error()));
  });
}

void Door::Impl::handle(const net::Request& request, net::Responder respond) {
  if (auto ready = cached(request)) {
    net::Response response;
    response.ready = std::move(ready);
    return respond(std::move(response));
  }
  auto call = take_apart(request);
  if (!call) return respond(problem(call.error()));
  std::string allow;
  for (const Route& route : routes()) {
    if (!matches(route.pattern, call->path)) continue;
    allow += (allow.empty() ? "" : ", ") + std::string(route.method == "GET" ? "GET, HEAD" : route.method);
    if (request.method != route.method && !(request.method == "HEAD" && route.method == "GET")) continue;
    if (auto known = known_query(route, *call); !known) return respond(problem(known.error()));
    if (route.later) return route.later(*this, *call, std::move(respond));
    return answer(route.now, *call, std::move(respond));
  }
  // RFC 9110 section 9.3.7: "*" asks of the server as a whole.
  if (request.path == "*" && request.method == "OPTIONS") allow = "GET, HEAD, POST";
  if (allow.empty()) return respond(problem({Code::not_found, "path: nothing here", "docs/http-api.md lists the calls"}));
  respond(with_status(request.method == "OPTIONS" ? 204 : 405, allow + ", OPTIONS"));
}

Door::Door(service::Service& service, DoorOptions options)
    : impl_(std::make_shared<Impl>(service, std::move(options))) {}
Door::~Door() { impl_->polls.stop(); }

net::Handler Door::handler() {
  return [impl = impl_](const net::Request& request, net::Responder respond) {
    impl->handle(request, std::move(respond));
  };
}

}  // namespace cm4it::http
