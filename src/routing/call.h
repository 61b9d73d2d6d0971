// One parsed request to a front end that speaks HTTP.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/http/http.h"
#include "service/caller.h"

namespace cm4it::routing {

// Copies what the request lends, so that it may outlive the handler.
struct Call {
  std::vector<std::string> path;  // decoded segments: of "/v1/a%2Fb" "v1" and "a/b"
  net::Query query;
  service::Principal who;  // caller.who
  service::Caller caller;
  std::string accept, content_type, if_none_match;
  const net::Request* request = nullptr;  // only while the handler runs, on the event loop

  // For work that goes on after the handler has returned.
  Call detached() const {
    Call copy = *this;
    copy.request = nullptr;
    return copy;
  }
  std::string get(std::string_view name) const { return std::string(query.get(name).value_or("")); }
};

}  // namespace cm4it::routing
