#include "frontends/http/door.h"

#include <boost/json.hpp>
#include <sstream>

#include "base/budgets.h"
#include "base/read_budget.h"
#include "crypto/digest.h"
#include "frontends/http/impl.h"
#include "frontends/http/views.h"
#include "service/queues.h"
#include "service/verdicts.h"

namespace cm4it::http {
namespace {

// A read that is short in most cases: it is answered at once, else queued as a long one.
std::function<void(const Call&, net::Responder)> at_once(Door::Impl& door, Answer (*route)(Door::Impl&, const Call&)) {
  return [&door, route](const Call& call, net::Responder respond) { door.answer(route, call, std::move(respond)); };
}

std::function<void(const Call&, net::Responder)> later(Door::Impl& door, void (*route)(Door::Impl&, const Call&, net::Responder)) {
  return [&door, route](const Call& call, net::Responder respond) { route(door, call, std::move(respond)); };
}

std::vector<routing::Route> routes(Door::Impl& door) {
  return {
      {"POST", "/v1/evidence", later(door, post_evidence), {"domain"}},
      {"GET", "/v1/subjects", later(door, search_subjects), {"q", "type", "maker", "model", "status", "holder", "issuer", "domain", "limit", "cursor"}},
      {"GET", "/v1/subjects/*", at_once(door, get_subject), {"domain"}},
      {"GET", "/v1/subjects/*/history", at_once(door, get_history), {"domain"}},
      {"GET", "/v1/subjects/*/verdict", later(door, get_verdict), {"domain", "at", "nonce"}},
      {"GET", "/v1/may", at_once(door, get_may), {"from", "to", "domain"}},
      {"GET", "/v1/evidence/*", at_once(door, get_evidence)},
      {"GET", "/v1/evidence/*/receipt", at_once(door, get_receipt), {"domain"}},
      {"GET", "/v1/keys/*", at_once(door, get_key)},
      {"GET", "/v1/domains", at_once(door, get_domains)},
      {"GET", "/v1/domains/*/policy", at_once(door, get_policy), {"version", "all"}},
      {"GET", "/v1/domains/*/heads", at_once(door, get_heads)},
      {"POST", "/v1/domains/*/heads", later(door, post_head)},
      {"GET", "/v1/feed", later(door, get_feed), {"domain", "from", "select", "wait"}},
      {"GET", "/v1/changes", later(door, get_changes), {"domain", "from", "wait"}},
      {"GET", "/v1/peers", at_once(door, get_peers)},
      {"GET", "/healthz", at_once(door, get_health)},
      {"GET", "/readyz", at_once(door, get_ready)},
      {"GET", "/metrics", at_once(door, get_metrics)},
      {"GET", "/log/*/checkpoint", at_once(door, get_checkpoint)},
      {"GET", "/log/*/**", at_once(door, get_tile)},
  };
}

routing::Manner manner() {
  routing::Manner manner;
  manner.request_fields = "Accept, Content-Type, If-None-Match";
  manner.problem = [](const Error& error, const net::Request&, unsigned status) { return problem(error, status); };
  manner.nothing_here = [](const net::Request&) { return Error{Code::not_found, "path: nothing here", "docs/http-api.md lists the calls"}; };
  return manner;
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

net::Response problem(const Error& error, unsigned status) {
  if (status == 0) status = status_of(error.code);
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
  // The front end may be closed before the answer is made, so the answer's maker shares ownership of it.
  const auto accepted = door.service.queues().read_in_parts(caller, [self = door.shared_from_this(), respond, make = std::move(make)] {
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
    const auto looked = subject ? service.verdicts().look_up(*subject, call.get("domain"), call.who) : tl::unexpected(subject.error());
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
    ReadBudget brief(budget::brief_records);
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
  router.handle(request, std::move(respond));
}

Door::Impl::Impl(service::Service& given, DoorOptions options_given)
    : service(given), options(std::move(options_given)), census(std::make_shared<Census>(given)), polls(given), router(routes(*this), manner()) {}

Door::Door(service::Service& service, DoorOptions options)
    : impl_(std::make_shared<Impl>(service, std::move(options))) {}
Door::~Door() { impl_->polls.stop(); }

net::Handler Door::handler() {
  return [impl = impl_](const net::Request& request, net::Responder respond) {
    impl->handle(request, std::move(respond));
  };
}

}  // namespace cm4it::http
