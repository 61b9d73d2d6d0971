// The heads that are known here. From them a home whose store was restored from a backup learns what it has signed before.
#include <boost/json.hpp>

#include "base/budgets.h"
#include "base/log.h"
#include "frontends/http/impl.h"
#include "frontends/http/views.h"
#include "service/log_view.h"

namespace cm4it::http {

namespace json = boost::json;

Answer get_heads(Door::Impl& door, const Call& call) {
  TRY(const auto notes, door.service.logs().known_heads(call.path[2], call.who));
  json::array heads;
  for (const auto& note : notes) heads.push_back(json::string(note));
  return json_answer(json::serialize(json::object{{"domain", call.path[2]}, {"time", to_rfc3339(door.service.now())}, {"heads", std::move(heads)}}));
}

namespace {

Answer compare_head(Door::Impl& door, const std::string& domain, const std::string& note) {
  auto compared = door.service.logs().compare_own_head(domain, note);
  if (compared) return json_answer(json::serialize(json::object{{"domain", domain}, {"goes_on", true}}));
  if (compared.error().code != Code::conflict) return fail(Code::not_found, "no head of a log of " + domain + " that is kept here");
  log_error(compared.error().message);
  return tl::unexpected(std::move(compared).error());
}

}  // namespace

// Whoever shows a head that this server's log key signed is told whether the log goes on from it; about any other head nothing is told.
void post_head(Door::Impl& door, const Call& call, net::Responder respond) {
  if (call.request->body.size() > budget::brief_body) return respond(problem({Code::too_large, "body: longer than a signed head is", ""}));
  auto shared = std::make_shared<net::Responder>(std::move(respond));
  answer_in_turn(door, call.caller, shared, [&door, shared, domain = call.path[2], note = std::string(text(call.request->body))] {
    auto made = compare_head(door, domain, note);
    (*shared)(made ? std::move(*made) : problem(made.error()));
  });
}

}  // namespace cm4it::http
