#include "frontends/hkp/impl.h"

#include <algorithm>
#include <map>

#include "base/budgets.h"
#include "ledger/brief.h"

namespace cm4it::hkp {
namespace {

Result<Call> take_apart(const net::Request& request) {
  Call call;
  std::string_view path = request.path.substr(std::string_view("/pks").size());
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    TRY(auto segment, net::percent_decode(path.substr(0, end)));
    call.path.push_back(std::move(segment));
    path.remove_prefix(end);
  }
  TRY(call.query, net::Query::parse(request.query));
  call.caller = service::Caller::of(request.client_key, request.remote);
  call.who = call.caller.who;
  call.content_type = request.header("Content-Type");
  call.request = &request;
  return call;
}

net::Response options_of(const Call& call, bool v2) {
  auto answer = plain(200, "");
  const auto allow = [&](const char* methods) {
    answer.headers.emplace_back("Allow", methods);
    net::allow_cross_origin(answer, methods, "Content-Type, Accept, Accept-Language");
  };
  const std::string first = call.path.size() > (v2 ? 1 : 0) ? call.path[v2 ? 1 : 0] : "";
  if (v2 && first == "certs" && call.path.size() == 2) {
    allow("POST, OPTIONS");
    answer.headers.emplace_back("Accept", "application/pgp-keys");
  } else if (v2 && (first == "certs" || first == "index" || first == "prefixlog")) {
    allow("GET, HEAD, OPTIONS");
  } else if (!v2 && first == "lookup") {
    allow("GET, HEAD, OPTIONS");
  } else if (!v2 && (first == "add" || first == "hashquery")) {
    allow("POST, OPTIONS");
  } else {
    return error_answer({Code::unsupported, "path: no such category", "docs/openpgp.md lists them"}, v2);
  }
  return answer;
}

// Whether a GET is answered by searching user ids.
bool has_words(const Call& call, bool v2) {
  if (!v2) {
    const auto search = parse_search(call.query.get("search").value_or(""), false);
    return search && search->alias.empty();
  }
  return call.path.size() > 2 && (call.path[1] == "index" || (call.path[1] == "certs" && call.path[2] == "by-identity"));
}

// RFC 9110 section 15.5.6.
net::Response wrong_method(const char* allow) {
  auto answer = plain(405, std::string("method: this resource knows ") + allow + "\n");
  answer.headers.emplace_back("Allow", allow);
  return answer;
}

}  // namespace

net::Response plain(unsigned status, std::string body, std::string content_type) {
  net::Response response;
  response.status = status;
  response.content_type = std::move(content_type);
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  response.body = std::move(body);
  return response;
}

// Legacy clients know few codes: gpg has messages for 404, 413 and 501. Those of v2 expect 422 for what is malformed.
net::Response error_answer(const Error& error, bool v2) {
  unsigned status = 500;
  switch (error.code) {
    case Code::malformed: status = v2 ? 422 : 400; break;
    case Code::too_large: status = 413; break;
    case Code::unsupported: status = 501; break;
    case Code::bad_signature: status = 422; break;
    case Code::not_permitted: status = 403; break;
    case Code::not_found: status = 404; break;
    case Code::ambiguous:
    case Code::conflict:
    case Code::not_yet: status = 422; break;
    case Code::misdirected: status = 421; break;
    case Code::unavailable: status = 503; break;
    case Code::internal: status = 500; break;
  }
  auto response = plain(status, error.message + (error.detail.empty() ? "\n" : "\n" + error.detail + "\n"));
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

void Hkp::Impl::handle(const net::Request& request, net::Responder respond) {
  if (auto ready = cached(request)) {
    net::Response response;
    response.ready = std::move(ready);
    return respond(std::move(response));
  }
  const bool get = request.method == "GET" || request.method == "HEAD", post = request.method == "POST";
  if (request.path == "/") return respond(get ? plain(200, front_page(), "text/html; charset=utf-8") : wrong_method("GET, HEAD"));
  if (!serves(request.path)) return respond(plain(404, "path: nothing here\n"));
  const bool v2 = request.path.starts_with("/pks/v2/") || request.path == "/pks/v2";
  const auto call = take_apart(request);
  if (!call) return respond(error_answer(call.error(), v2));
  if (request.method == "OPTIONS") return respond(options_of(*call, v2));
  const std::string& first = call->path.at(0);
  if (v2 && post && call->path.size() == 2 && call->path[1] == "certs") return v2_submit(*this, *call, std::move(respond));
  if (!v2 && first == "add" && call->path.size() == 1)
    return post ? submit(*this, *call, std::move(respond)) : respond(wrong_method("POST, OPTIONS"));
  if (!v2 && first == "hashquery" && call->path.size() == 1)
    return post ? hash_query(*this, *call, std::move(respond)) : respond(wrong_method("POST, OPTIONS"));
  if (!v2 && !(first == "lookup" && call->path.size() == 1))
    return respond(error_answer({Code::unsupported, "path: no such call", "docs/openpgp.md lists them"}, v2));
  if (!get) return respond(wrong_method("GET, HEAD, OPTIONS"));
  if (v2 && call->path.size() > 1 && call->path[1] == "prefixlog") return prefix_log(*this, *call, std::move(respond));
  look(*call, std::string(request.target), v2, std::move(respond));
}

// What is asked for by the name of a key is mostly there at once. Words, and certificates that many have signed, may open hundreds of subjects: that is a reading for the
// threads that make long ones.
void Hkp::Impl::look(const Call& call, std::string target, bool v2, net::Responder respond) {
  const auto answer = [v2](Impl& hkp, const Call& asked, const std::string& of) {
    auto made = v2 ? v2_get(hkp, asked, of) : lookup(hkp, asked, of);
    return made ? std::move(*made) : error_answer(made.error(), v2);
  };
  if (!has_words(call, v2)) {
    ledger::Brief brief(budget::brief_records);
    auto made = answer(*this, call, target);
    if (!brief.exceeded()) return respond(std::move(made));
  }
  auto shared = std::make_shared<net::Responder>(std::move(respond));
  Call kept = call;
  kept.request = nullptr;
  const auto accepted = service.read_in_turn(call.caller, [self = shared_from_this(), shared, answer, kept = std::move(kept), of = std::move(target)] {
    if (!shared->gone()) (*shared)(answer(*self, kept, of));
  });
  if (!accepted) (*shared)(error_answer(accepted.error(), v2));
}

Hkp::Hkp(service::Service& service, HkpOptions options) : impl_(std::make_shared<Impl>(service, std::move(options))) {}

net::Handler Hkp::handler() {
  return [impl = impl_](const net::Request& request, net::Responder respond) { impl->handle(request, std::move(respond)); };
}

}  // namespace cm4it::hkp
