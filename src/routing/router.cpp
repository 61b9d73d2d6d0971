#include "routing/router.h"

#include <algorithm>

#include "base/text.h"

namespace cm4it::routing {
namespace {

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

bool matches(const std::vector<std::string_view>& pattern, const std::vector<std::string>& path) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == "**") return path.size() > i;
    if (i >= path.size() || (pattern[i] != "*" && pattern[i] != path[i])) return false;
  }
  return pattern.size() == path.size();
}

bool answers(const Route& route, std::string_view method) { return method == route.method || (method == "HEAD" && route.method == "GET"); }

// Every door's callers are made here: the key that the connection proved, and where it comes from.
service::Caller caller_of(const net::Request& request) { return service::Caller::from(request.client_key, request.remote); }

}  // namespace

Router::Router(std::vector<Route> routes, Manner manner) : manner_(std::move(manner)) {
  for (Route& route : routes) {
    auto pattern = split(route.pattern);
    entries_.push_back({std::move(route), std::move(pattern)});
  }
}

Result<Call> Router::parse_call(const net::Request& request) const {
  Call call;
  const auto segments = split(request.path);
  call.path.reserve(segments.size());
  for (const auto segment : segments) {
    TRY(auto decoded, net::percent_decode(segment));
    call.path.push_back(std::move(decoded));
  }
  if (manner_.parameters != Manner::Parameters::ignored) {
    TRY(call.query, net::Query::parse(request.query));
  }
  call.caller = caller_of(request);
  call.who = call.caller.who;
  call.accept = request.header("Accept");
  call.content_type = request.header("Content-Type");
  call.if_none_match = request.header("If-None-Match");
  call.request = &request;
  return call;
}

Result<void> Router::check_query(const Route& route, const Call& call) const {
  if (manner_.parameters != Manner::Parameters::known) return {};
  for (const auto& [name, value] : call.query.all())
    if (!contains(route.query, name))
      return fail(Code::malformed, "query: unknown parameter \"" + name.substr(0, 64) + "\"",
                  route.query.empty() ? "this call takes none" : "known: " + joined(route.query));
  return {};
}

Router::Known Router::known_at(const net::Request& request, const std::vector<std::string>& path) const {
  const bool of_all = request.path == "*" && request.method == "OPTIONS";
  Known known;
  std::vector<std::string_view> methods;
  const auto add = [&](std::string_view method) {
    if (!contains(methods, method)) methods.push_back(method);
  };
  for (const Entry& entry : entries_) {
    if (!entry.route.listed || (!of_all && !matches(entry.pattern, path))) continue;
    add(entry.route.method);
    if (entry.route.method == "GET") add("HEAD");
    if (of_all) continue;
    if (!entry.route.accepts.empty()) known.accepts = entry.route.accepts;
    known.preflight = known.preflight && entry.route.preflight;
  }
  if (methods.empty()) return known;
  if (known.preflight) add("OPTIONS");
  known.allow = joined(methods);
  return known;
}

net::Response Router::options(const Known& known) const {
  net::Response response;
  response.status = manner_.options_status;
  response.headers.emplace_back("Allow", known.allow);
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  net::allow_cross_origin(response, known.allow, std::string(manner_.request_fields));
  if (!known.accepts.empty()) response.headers.emplace_back("Accept", known.accepts);  // RFC 9110 section 12.5.1: in answers, too
  return response;
}

net::Response Router::wrong_method(const net::Request& request, const Known& known) const {
  auto response = manner_.problem({Code::unsupported, "method: this resource knows " + known.allow, ""}, request, 405);
  response.headers.emplace_back("Allow", known.allow);
  return response;
}

net::Response Router::wrong_method(const net::Request& request, const Call& call) const {
  return wrong_method(request, known_at(request, call.path));
}

void Router::handle(const net::Request& request, net::Responder respond) const {
  const auto call = parse_call(request);
  if (!call) return respond(manner_.problem(call.error(), request, 0));
  for (const Entry& entry : entries_) {
    if (!answers(entry.route, request.method) || !matches(entry.pattern, call->path)) continue;
    if (const auto right = check_query(entry.route, *call); !right) return respond(manner_.problem(right.error(), request, 0));
    return entry.route.handle(*call, std::move(respond));
  }
  const Known known = known_at(request, call->path);
  if (known.allow.empty()) return respond(manner_.problem(manner_.nothing_here(request), request, 0));
  respond(request.method == "OPTIONS" && known.preflight ? options(known) : wrong_method(request, known));
}

}  // namespace cm4it::routing
