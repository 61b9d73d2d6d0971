// Finds the handler of a request, and answers where there is none: for every front end that speaks HTTP.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "routing/call.h"

namespace cm4it::routing {

// A method of some resources, and who answers it.
struct Route {
  std::string_view method;   // GET answers HEAD as well (RFC 9110 section 9.3.2): the server leaves the content out
  std::string_view pattern;  // of decoded segments: "*" any one; as the last, "**" one or more. "/log/*/**"
  std::function<void(const Call&, net::Responder)> handle;
  std::vector<std::string_view> query{};  // the parameters it knows; others are refused where Manner::parameters says so
  std::string_view accepts{};             // media type of its content, told in answers to OPTIONS
  bool listed = true;     // in Allow; false: it only tells better than "not found" what is wrong
  bool preflight = true;  // false: the resource does not answer OPTIONS
};

// How a front end answers requests that none of its routes answers.
struct Manner {
  enum class Parameters {
    ignored,  // the query is not looked at
    any,      // it must be one; names that nobody knows are ignored
    known     // malformed: a name that the route does not know
  } parameters = Parameters::known;
  unsigned options_status = 204;       // of answers to OPTIONS
  std::string_view request_fields{};   // that pages of other origins may send (Fetch standard, CORS protocol)
  // An error as this door's clients expect it. Status 0: the one that the error's code stands for.
  std::function<net::Response(const Error&, const net::Request&, unsigned status)> problem;
  // The answer for a path at which there is nothing.
  std::function<Error(const net::Request&)> nothing_here;
};

// Immutable: any thread.
class Router {
 public:
  Router(std::vector<Route> routes, Manner manner);

  // Has the route of the request's method and path answer. Else answers: OPTIONS with Allow and the fields of the CORS protocol
  // ("*": of all routes together, RFC 9110 section 9.3.7), 405 with Allow where other methods are known, what is not here, and
  // malformed: a path or query with bad escapes, or a parameter that is not known.
  void handle(const net::Request& request, net::Responder respond) const;
  // 405 (RFC 9110 section 15.5.6), for routes that refuse more than their pattern can say.
  net::Response wrong_method(const net::Request& request, const Call& call) const;

 private:
  struct Entry {
    Route route;
    std::vector<std::string_view> pattern;
  };
  struct Known {  // what the routes of one path say of it
    std::string allow, accepts;
    bool preflight = true;
  };
  Known known_at(const net::Request& request, const std::vector<std::string>& path) const;
  Result<Call> parse_call(const net::Request& request) const;
  Result<void> check_query(const Route& route, const Call& call) const;
  net::Response options(const Known& known) const;
  net::Response wrong_method(const net::Request& request, const Known& known) const;

  std::vector<Entry> entries_;
  const Manner manner_;
};

}  // namespace cm4it::routing
