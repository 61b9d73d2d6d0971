// Requests, as a connection feeds them: it makes no difference in which parts they come, nor that the buffer moves, and
// every part of a request lies within what was read.
#include <memory>

#include "base/budgets.h"
#include "fuzz/fuzz.h"
#include "net/http/http.h"
#include "net/http/request_parser.h"

using namespace cm4it;
using namespace cm4it::net;
using namespace cm4it::fuzz;

namespace {

constexpr std::size_t max_body = 1024;

struct Seen {
  RequestParser::State state = RequestParser::State::incomplete;
  std::string text;  // all of the request
  bool operator==(const Seen&) const = default;
};

bool within(std::string_view part, const char* message, std::size_t size) {
  return part.empty() || (part.data() >= message && part.data() + part.size() <= message + size);
}

void add(std::string& to, std::string_view part) { to += std::to_string(part.size()) + ":" + std::string(part) + "\n"; }

Seen seen_of(RequestParser& parser, RequestParser::State state, const char* message, std::size_t size) {
  Seen seen{state, {}};
  if (state == RequestParser::State::failed) {
    const auto& failure = parser.failure();
    require(failure.status >= 400 && failure.status < 600 && failure.rule[0] != 0, "a refusal names its rule");
    return seen;
  }
  if (state != RequestParser::State::complete) return seen;
  require(parser.size() <= size, "no more is taken than there is");
  Request request;
  parser.fill(request, message);
  require(!request.method.empty() && request.body.size() <= max_body, "budgets hold");
  for (const auto part : {request.method, request.target, request.path, request.query, text(request.body)}) {
    require(part == "/" || within(part, message, size), "parts lie in the message");
    add(seen.text, part);
  }
  for (const auto& field : request.fields) {
    require(within(field.name, message, size) && within(field.value, message, size), "fields lie in the message");
    require(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos, "a field is one line");
    add(seen.text, field.name);
    add(seen.text, field.value);
  }
  seen.text += std::to_string(parser.size()) + (parser.keep_alive() ? "k" : "c") + (parser.http_1_0() ? "0" : "1");
  return seen;
}

// Fed `step` octets at a time, each time in another buffer.
Seen parse(View input, std::size_t step) {
  RequestParser parser(max_body);
  auto state = RequestParser::State::incomplete;
  std::string message;
  while (state == RequestParser::State::incomplete && message.size() < input.size()) {
    auto moved = std::make_unique<std::string>(message + std::string(text(input.subspan(
        message.size(), std::min(step, input.size() - message.size())))));
    message = std::move(*moved);
    message.reserve(message.size() + 1 + message.size() % 3);
    state = parser.feed(message.data(), message.size());
  }
  return seen_of(parser, state, message.data(), message.size());
}

void check_query(std::string_view input) {
  if (const auto decoded = percent_decode(input)) {
    const auto again = percent_decode(percent_encode(*decoded));
    require(again && *again == *decoded, "percent-encoding is undone by decoding");
  }
  if (const auto query = Query::parse(input))
    for (const auto& [name, value] : query->all())
      require(!name.empty() && query->get(name) == value, "each parameter is found by its name");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const View input(data + 1, size - 1);
  const Seen whole = parse(input, input.size() + 1);
  const Seen parts = parse(input, 1 + data[0]);
  // A refusal may come earlier or later, but what one way takes the other does not take otherwise.
  if (whole.state == RequestParser::State::complete || parts.state == RequestParser::State::complete)
    require(whole == parts, "the same request, however it comes");
  check_query(text(input));
  return 0;
}
