#include "frontends/ocsp/ocsp.h"

#include <algorithm>

#include "base/budgets.h"
#include "frontends/ocsp/impl.h"

namespace cm4it::ocsp {
namespace {

using crypto::ocsp::Refusal;

constexpr const char* request_type = "application/ocsp-request";
constexpr const char* methods = "GET, HEAD, POST, OPTIONS";

net::Response plain(unsigned status, std::string text) {
  net::Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  response.body = std::move(text);
  return response;
}

net::Response wrong_method() {
  auto answer = plain(405, "method: OCSP is asked with POST, or GET /ocsp/BASE64\n");
  answer.headers.emplace_back("Allow", methods);
  return answer;
}

// RFC 6960 appendix A.1.1: the base64 of the request, percent-encoded, behind the responder's own path. It may have slashes;
// clients leave them as they are or encode them, and some put one more before it.
Result<Bytes> request_in(std::string_view path) {
  path.remove_prefix(std::min(path.size(), std::string_view("/ocsp/").size()));
  while (path.starts_with('/')) path.remove_prefix(1);
  TRY(const auto base64, net::percent_decode(path));
  return from_base64(base64);
}

// An answer that says nothing of any certificate is an answer all the same: clients know its code, not HTTP's.
net::Response refusal(Refusal why) {
  net::Response response;
  response.content_type = "application/ocsp-response";
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  response.body = text(crypto::ocsp::refuse(why));
  return response;
}

}  // namespace

void Ocsp::Impl::handle(const net::Request& request, net::Responder respond) {
  const bool get = request.method == "GET" || request.method == "HEAD";
  if (request.method == "OPTIONS") {
    auto allowed = plain(200, {});
    allowed.headers.emplace_back("Allow", methods);
    net::allow_cross_origin(allowed, methods, "Content-Type");
    return respond(std::move(allowed));
  }
  const bool has_path = request.path.size() > std::string_view("/ocsp/").size();
  if (get ? !has_path : request.method != "POST" || has_path) return respond(wrong_method());
  Bytes asked = to_bytes(request.body);
  if (get) {
    auto decoded = request_in(request.path);
    if (!decoded) return respond(refusal(Refusal::malformed_request));
    asked = std::move(*decoded);
  } else if (const auto type = request.header("Content-Type"); !net::equal_ignoring_case(type.substr(0, type.find(';')), request_type)) {
    return respond(plain(415, std::string("Content-Type: ") + request_type + " expected\n"));
  }
  if (auto kept = ready(asked, get, request.loop); kept.ready) return respond(std::move(kept));
  // A signature takes its time, in a token much of it: that is not for an event loop.
  auto shared = std::make_shared<net::Responder>(std::move(respond));
  const auto caller = service::Caller::of(request.client_key, request.remote);
  const auto accepted = service.sign_in_turn(caller, [self = shared_from_this(), shared, asked = std::move(asked), who = caller.who, get] {
    if (shared->gone()) return;
    const auto outcome = self->answer(asked, who);
    (*shared)(self->http_answer(outcome, get));
  });
  if (!accepted) (*shared)(refusal(Refusal::try_later));
}

Ocsp::Ocsp(service::Service& service, OcspOptions options) : impl_(std::make_shared<Impl>(service, std::move(options))) {
  impl_->start();
}
Ocsp::~Ocsp() { impl_->stop(); }

net::Handler Ocsp::handler() {
  return [impl = impl_](const net::Request& request, net::Responder respond) { impl->handle(request, std::move(respond)); };
}

std::size_t Ocsp::sign_due() { return impl_->sign_due(); }

void Ocsp::replace(std::vector<Authority> authorities) { impl_->replace(std::move(authorities)); }

std::vector<std::pair<std::string, Time>> Ocsp::delegates_until() const {
  std::vector<std::pair<std::string, Time>> all;
  for (const Authority& authority : *impl_->authorities()) all.emplace_back(authority.responder.ca_text(), authority.responder.valid_until());
  return all;
}

Ocsp::Impl::Impl(service::Service& given, OcspOptions options_given) : service(given), options(std::move(options_given)) {
  replace(options.authorities);
}

AuthoritiesPtr Ocsp::Impl::authorities() const {
  return authorities_.with([](const auto& now) { return now; });
}

void Ocsp::Impl::replace(std::vector<Authority> authorities) {
  auto next = std::make_shared<const std::vector<Authority>>(std::move(authorities));
  authorities_.with([&](auto& now) { now = next; });
  known_.with([](auto& known) { known.clear(); });
  replaced_.fetch_add(1);
  watch_.begin(*next, service.now());
}

}  // namespace cm4it::ocsp
