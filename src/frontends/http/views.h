// Views → JSON (docs/http-api.md). Pure.
#pragma once

#include <boost/json/fwd.hpp>

#include "frontends/http/door.h"
#include "service/service.h"

namespace cm4it::http {

boost::json::object summary_json(const service::SubjectView& looked);
boost::json::object verdict_json(const policy::Verdict& verdict);
boost::json::object history_json(const service::SubjectView& looked);
boost::json::object may_json(const evidence::SubjectId& from, const evidence::SubjectId& to, const service::Verdicts::MayAnswer& answer);
boost::json::object submission_json(const std::vector<service::ItemResult>& results);
boost::json::object domain_json(const service::DomainView& view);
boost::json::object peer_json(const PeerState& peer);

// RFC 9457; `hint` is what to do next.
boost::json::object problem_json(const Error& error, unsigned status);
unsigned status_of(Code code);

}  // namespace cm4it::http
