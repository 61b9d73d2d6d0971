#include "frontends/hkp/impl.h"
#include "service/queues.h"

#include "base/budgets.h"
#include "base/read_budget.h"

namespace cm4it::hkp {
namespace {

bool is_v2(std::string_view path) { return path.starts_with("/pks/v2/") || path == "/pks/v2"; }

// Whether a GET is answered by searching user ids.
bool has_words(const Call& call) {
  if (!is_v2(call.request->path)) {
    const auto search = parse_search(call.query.get("search").value_or(""), false);
    return search && search->alias.empty();
  }
  return call.path.size() > 3 && (call.path[2] == "index" || (call.path[2] == "certs" && call.path[3] == "by-identity"));
}

// Legacy clients know few codes: gpg has messages for 404, 413 and 501. Those of v2 expect 422 for what is malformed.
unsigned status_of(Code code, bool v2) {
  switch (code) {
    case Code::malformed: return v2 ? 422 : 400;
    case Code::too_large: return 413;
    case Code::unsupported: return 501;
    case Code::bad_signature: return 422;
    case Code::not_permitted: return 403;
    case Code::not_found: return 404;
    case Code::ambiguous:
    case Code::conflict:
    case Code::not_yet: return 422;
    case Code::misdirected: return 421;
    case Code::unavailable: return 503;
    case Code::internal: return 500;
  }
  return 500;
}

std::vector<routing::Route> routes(Hkp::Impl& hkp) {
  const auto page = [](const Call&, net::Responder respond) { respond(plain(200, front_page(), "text/html; charset=utf-8")); };
  const auto lookup = [&hkp](const Call& call, net::Responder respond) { hkp.respond_to_lookup(call, std::move(respond)); };
  const auto as = [&hkp](void (*handle)(Hkp::Impl&, const Call&, net::Responder)) {
    return [&hkp, handle](const Call& call, net::Responder respond) { handle(hkp, call, std::move(respond)); };
  };
  return {
      {.method = "GET", .pattern = "/", .handle = page, .preflight = false},  // for people
      {"GET", "/pks/lookup", lookup},
      {"POST", "/pks/add", as(submit)},
      {"POST", "/pks/hashquery", as(hash_query)},
      {.method = "POST", .pattern = "/pks/v2/certs", .handle = as(v2_submit), .accepts = "application/pgp-keys"},
      {"GET", "/pks/v2/certs/**", lookup},
      {"GET", "/pks/v2/index", lookup},
      {"GET", "/pks/v2/index/**", lookup},
      {"GET", "/pks/v2/prefixlog", as(prefix_log)},
      {"GET", "/pks/v2/prefixlog/**", as(prefix_log)},
      // Certificates may not be browsed, and this server does not verify mail addresses (canonical).
      {.method = "GET", .pattern = "/pks/v2/certs", .handle = lookup, .listed = false},
      {.method = "GET", .pattern = "/pks/v2/canonical", .handle = lookup, .listed = false},
      {.method = "GET", .pattern = "/pks/v2/canonical/**", .handle = lookup, .listed = false},
  };
}

// Errors are plain text: gpg shows none of them, people read them.
routing::Manner manner() {
  routing::Manner manner;
  manner.parameters = routing::Manner::Parameters::any;
  manner.options_status = 200;
  manner.request_fields = "Content-Type, Accept, Accept-Language";
  manner.problem = [](const Error& error, const net::Request& request, unsigned status) { return error_answer(error, is_v2(request.path), status); };
  manner.nothing_here = [](const net::Request& request) {
    if (!Hkp::serves(request.path)) return Error{Code::not_found, "path: nothing here", ""};
    return Error{Code::unsupported, is_v2(request.path) ? "path: no such category" : "path: no such call", "docs/openpgp.md lists them"};
  };
  return manner;
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

net::Response error_answer(const Error& error, bool v2, unsigned status) {
  if (status == 0) status = status_of(error.code, v2);
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
  router.handle(request, std::move(respond));
}

// A look-up by a key's fingerprint or id is mostly quick. A search by words, or a certificate that many have signed, may read hundreds of
// subjects, so it runs on the threads for long reads.
void Hkp::Impl::respond_to_lookup(const Call& call, net::Responder respond) {
  const bool v2 = is_v2(call.request->path);
  std::string target(call.request->target);
  const auto answer = [v2](Impl& hkp, const Call& asked, const std::string& of) {
    auto made = v2 ? v2_get(hkp, asked, of) : lookup(hkp, asked, of);
    return made ? std::move(*made) : error_answer(made.error(), v2);
  };
  if (!has_words(call)) {
    ReadBudget brief(budget::brief_records);
    auto made = answer(*this, call, target);
    if (!brief.exceeded()) return respond(std::move(made));
  }
  auto shared = std::make_shared<net::Responder>(std::move(respond));
  const auto accepted = service.queues().read_in_turn(call.caller, [self = shared_from_this(), shared, answer, later = call.detached(), of = std::move(target)] {
    if (!shared->gone()) (*shared)(answer(*self, later, of));
  });
  if (!accepted) (*shared)(error_answer(accepted.error(), v2));
}

Hkp::Impl::Impl(service::Service& given, HkpOptions options_given)
    : service(given), certificates(given.certificates()), index(given.certificates(), given.access()), options(std::move(options_given)), router(routes(*this), manner()) {}

Hkp::Hkp(service::Service& service, HkpOptions options) : impl_(std::make_shared<Impl>(service, std::move(options))) {}

net::Handler Hkp::handler() {
  return [impl = impl_](const net::Request& request, net::Responder respond) { impl->handle(request, std::move(respond)); };
}

}  // namespace cm4it::hkp
