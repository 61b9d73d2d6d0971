#include "frontends/ocsp/ocsp.h"

#include <algorithm>

#include "base/budgets.h"
#include "frontends/ocsp/impl.h"
#include "service/queues.h"

namespace cm4it::ocsp {
namespace {

using crypto::ocsp::Refusal;

constexpr const char* request_type = "application/ocsp-request";

net::Response plain(unsigned status, std::string text) {
  net::Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  response.body = std::move(text);
  return response;
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

// The responder is one resource, whatever follows its path.
std::vector<routing::Route> routes(Ocsp::Impl& ocsp) {
  const auto respond_to = [&ocsp](const routing::Call& call, net::Responder respond) { ocsp.respond_to(call, std::move(respond)); };
  return {{"GET", "/ocsp", respond_to}, {"GET", "/ocsp/**", respond_to}, {"POST", "/ocsp", respond_to}, {"POST", "/ocsp/**", respond_to}};
}

routing::Manner manner() {
  routing::Manner manner;
  manner.parameters = routing::Manner::Parameters::ignored;
  manner.options_status = 200;
  manner.request_fields = "Content-Type";
  manner.problem = [](const Error& error, const net::Request&, unsigned status) {
    if (status == 405) return plain(405, error.message + "; OCSP is asked with POST, or GET /ocsp/BASE64\n");
    return error.code == Code::not_found ? plain(404, error.message + "\n") : refusal(Refusal::malformed_request);
  };
  manner.nothing_here = [](const net::Request&) { return Error{Code::not_found, "path: nothing here", ""}; };
  return manner;
}

}  // namespace

void Ocsp::Impl::respond_to(const routing::Call& call, net::Responder respond) {
  const net::Request& request = *call.request;
  const bool get = request.method != "POST", has_path = request.path.size() > std::string_view("/ocsp/").size();
  if (get != has_path) return respond(router.wrong_method(request, call));
  Bytes der = to_bytes(request.body);
  if (get) {
    auto decoded = request_in(request.path);
    if (!decoded) return respond(refusal(Refusal::malformed_request));
    der = std::move(*decoded);
  } else if (const std::string_view type = call.content_type; !net::equal_ignoring_case(type.substr(0, type.find(';')), request_type)) {
    return respond(plain(415, std::string("Content-Type: ") + request_type + " expected\n"));
  }
  if (auto cached = ready(der, get, request.loop); cached.ready) return respond(std::move(cached));
  // Signing takes time, in a token much of it, so it is not done on an event loop.
  auto shared = std::make_shared<net::Responder>(std::move(respond));
  const auto accepted = service.queues().sign_in_turn(call.caller, [self = shared_from_this(), shared, der = std::move(der), who = call.who, get] {
    if (shared->gone()) return;
    const auto outcome = self->answer(der, who);
    (*shared)(self->http_answer(outcome, get));
  });
  if (!accepted) (*shared)(refusal(Refusal::try_later));
}

Ocsp::Ocsp(service::Service& service, OcspOptions options) : impl_(std::make_shared<Impl>(service, std::move(options))) {
  impl_->start();
}
Ocsp::~Ocsp() { impl_->stop(); }

net::Handler Ocsp::handler() {
  return [impl = impl_](const net::Request& request, net::Responder respond) { impl->router.handle(request, std::move(respond)); };
}

std::size_t Ocsp::sign_due() { return impl_->sign_due(); }

void Ocsp::replace(std::vector<Authority> authorities) { impl_->replace(std::move(authorities)); }

std::vector<std::pair<std::string, Time>> Ocsp::delegates_until() const {
  std::vector<std::pair<std::string, Time>> all;
  for (const Authority& authority : *impl_->authorities()) all.emplace_back(authority.responder.ca_text(), authority.responder.valid_until());
  return all;
}

Ocsp::Impl::Impl(service::Service& given, OcspOptions options_given)
    : service(given), options(std::move(options_given)), router(routes(*this), manner()) {
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
