// Heads that are known: by them a home that was set back learns what it has signed before.
#include <boost/json.hpp>

#include "base/log.h"
#include "frontends/http/impl.h"
#include "frontends/http/views.h"

namespace cm4it::http {

namespace json = boost::json;

Answer get_heads(Door::Impl& door, const Call& call) {
  TRY(const auto notes, door.service.known_heads(call.path[2], call.who));
  json::array heads;
  for (const auto& note : notes) heads.push_back(json::string(note));
  return json_answer(json::serialize(json::object{{"domain", call.path[2]}, {"time", to_rfc3339(door.service.now())}, {"heads", std::move(heads)}}));
}

// Who shows a head that this server's log key signed learns whether its log goes on from it; of anything else nothing is said.
Answer post_head(Door::Impl& door, const Call& call) {
  auto compared = door.service.ledger().compare_own_head(call.path[2], std::string(text(call.body)));
  if (compared) return json_answer(json::serialize(json::object{{"domain", call.path[2]}, {"goes_on", true}}));
  if (compared.error().code != Code::conflict) return fail(Code::not_found, "no head of a log of " + call.path[2] + " that is kept here");
  log_error(compared.error().message);
  return tl::unexpected(std::move(compared).error());
}

}  // namespace cm4it::http
