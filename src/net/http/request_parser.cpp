#include "net/http/request_parser.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <optional>

#include "base/budgets.h"
#include "net/http/request_rules.h"

namespace cm4it::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

// Places in the message, which may move while it grows.
struct Place {
  std::uint32_t begin = 0, size = 0;
  std::string_view in(const char* message) const { return {message + begin, size}; }
};
struct FieldPlace {
  Place name, value;
};

// What is buffered of one message; outlives the parser's own state, and is never cleared as a whole.
struct Parsed {
  char* message = nullptr;  // during feed() only
  std::size_t message_size = 0;
  Place method, target;
  std::size_t fields = 0;
  std::array<FieldPlace, budget::http_header_fields> field;
  std::size_t hosts = 0, lengths = 0;
  bool http_1_0 = false, head_done = false, expects = false, chunked = false;
  std::size_t body_begin = 0, body_size = 0;
  bool failed = false;
  RequestParser::Failure failure;

  void reset() {
    fields = hosts = lengths = 0;
    http_1_0 = head_done = expects = chunked = failed = false;
    body_begin = body_size = 0;
  }
};

class Engine final : public http::basic_parser<true> {
 public:
  Engine(Parsed& parsed, std::size_t max_body) : parsed_(parsed) {
    eager(true);
    header_limit(budget::http_header_bytes);
    body_limit(max_body);
  }

 private:
  void refuse(unsigned status, const char* rule, error_code& ec) {
    parsed_.failed = true;
    parsed_.failure = {status, rule};
    ec = http::error::bad_field;  // any: stops the parser
  }

  // Where a text lies in the message: the parser copies folded values alone, and those are refused before.
  void place(string_view text, Place& place) const {
    place = {};
    if (text.empty()) return;
    place = {static_cast<std::uint32_t>(text.data() - parsed_.message), static_cast<std::uint32_t>(text.size())};
  }

  void on_request_impl(http::verb, string_view method, string_view target, int version,
                       error_code& ec) override {
    place(method, parsed_.method);
    place(target, parsed_.target);
    parsed_.http_1_0 = version == 10;
    if (target.size() > budget::http_target_bytes)
      return refuse(414, "request target: longer than its budget", ec);
    if (target.find('#') != string_view::npos)
      return refuse(400, "request target: a fragment (RFC 9112 section 3.2)", ec);
    std::string_view authority, behind;
    if (split_absolute({target.data(), target.size()}, authority, behind) && !is_authority(authority))
      refuse(400, "request target: a host, and a port at most (RFC 9112 section 3.2.2)", ec);
  }

  void on_field_impl(http::field name, string_view name_text, string_view value, error_code& ec) override {
    if (goes_on(name_text.data(), parsed_.message + parsed_.message_size))
      return refuse(400, "field value: folded over lines (RFC 9112 section 5.2)", ec);
    if (parsed_.head_done) return;  // a trailer field: nothing here uses one
    if (parsed_.fields == parsed_.field.size()) return refuse(431, "fields: more than their budget", ec);
    FieldPlace& field = parsed_.field[parsed_.fields++];
    place(name_text, field.name);
    place(value, field.value);
    switch (name) {
      case http::field::host:
        ++parsed_.hosts;
        if (!is_authority({value.data(), value.size()})) refuse(400, "Host: a host, and a port at most (RFC 9112 section 3.2)", ec);
        break;
      case http::field::content_length: check_length(value, ec); break;
      case http::field::transfer_encoding: check_coding(value, ec); break;
      case http::field::expect:
        if (!equal_ignoring_case({value.data(), value.size()}, "100-continue"))
          return refuse(417, "Expect: only 100-continue is known (RFC 9110 section 10.1.1)", ec);
        parsed_.expects = !parsed_.http_1_0;
        break;
      default: break;
    }
  }

  // RFC 9112 section 6.3, rule 5: a list of lengths is refused, even of equal ones.
  void check_length(string_view value, error_code& ec) {
    bool digits = std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (++parsed_.lengths > 1 || !digits)
      refuse(400, "Content-Length: one decimal number (RFC 9112 section 6.3)", ec);
  }

  // RFC 9112 section 6.1: any other coding would leave it open where the message ends.
  void check_coding(string_view value, error_code& ec) {
    if (parsed_.http_1_0) return refuse(400, "Transfer-Encoding: not in HTTP/1.0 (RFC 9112 section 6.1)", ec);
    if (!equal_ignoring_case({value.data(), value.size()}, "chunked"))
      return refuse(501, "Transfer-Encoding: only chunked is known (RFC 9112 section 6.1)", ec);
    parsed_.chunked = true;
  }

  void on_header_impl(error_code& ec) override {
    parsed_.head_done = true;
    if (parsed_.hosts > 1 || (parsed_.hosts == 0 && !parsed_.http_1_0))
      refuse(400, "Host: exactly one is required (RFC 9112 section 3.2)", ec);
  }

  // The body stays where it came; chunks are moved up to the end of those before them.
  std::size_t keep(string_view data) {
    auto begin = static_cast<std::size_t>(data.data() - parsed_.message);
    if (parsed_.body_size == 0) parsed_.body_begin = begin;
    std::size_t end = parsed_.body_begin + parsed_.body_size;
    if (end != begin) std::memmove(parsed_.message + end, data.data(), data.size());
    parsed_.body_size += data.size();
    return data.size();
  }
  std::size_t on_body_impl(string_view data, error_code&) override { return keep(data); }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view data, error_code&) override { return keep(data); }

  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  void on_finish_impl(error_code&) override {}

  Parsed& parsed_;
};

constexpr std::size_t last_chunk_bytes = 5;

}  // namespace

struct RequestParser::Impl {
  explicit Impl(std::size_t most) : max_body(most) { engine.emplace(parsed, max_body); }

  const std::size_t max_body;
  Parsed parsed;
  std::optional<Engine> engine;
  std::size_t consumed = 0;
  std::array<Field, budget::http_header_fields> fields;  // what Request::fields shows
};

RequestParser::RequestParser(std::size_t max_body) : impl_(std::make_unique<Impl>(max_body)) {}
RequestParser::~RequestParser() = default;

void RequestParser::reset() {
  impl_->parsed.reset();
  impl_->engine.emplace(impl_->parsed, impl_->max_body);
  impl_->consumed = 0;
}

RequestParser::State RequestParser::feed(char* message, std::size_t size) {
  Parsed& parsed = impl_->parsed;
  parsed.message = message;
  parsed.message_size = size;
  // What is left of chunks ends with "0" CR LF CR LF; of less than that the library's parser, asked again, asserts the contrary.
  if (parsed.chunked && parsed.head_done && size - impl_->consumed < last_chunk_bytes) return State::incomplete;
  error_code ec;
  impl_->consumed += impl_->engine->put({message + impl_->consumed, size - impl_->consumed}, ec);
  if (parsed.failed) return State::failed;
  if (ec && ec != http::error::need_more) {
    parsed.failure = explain(ec, impl_->consumed > 0, {message, size});
    return State::failed;
  }
  if (impl_->engine->is_done()) return State::complete;
  // The parser bounds what it looks at in one call; these bound the whole.
  if (impl_->consumed == 0 && size > budget::http_target_bytes + 64) {
    parsed.failure = {414, "request target: longer than its budget"};
    return State::failed;
  }
  if (!parsed.head_done ? size > budget::http_header_bytes
                        : parsed.chunked && size - impl_->consumed > budget::http_header_bytes) {
    parsed.failure = {431, "fields: longer than their budget"};
    return State::failed;
  }
  if (parsed.chunked && size > 2 * impl_->max_body + budget::http_header_bytes) {
    parsed.failure = {413, "body: its chunks are longer than their budget"};
    return State::failed;
  }
  return State::incomplete;
}

bool RequestParser::take_expectation() {
  bool expected = impl_->parsed.head_done && impl_->parsed.expects;
  if (expected) impl_->parsed.expects = false;
  return expected;
}

std::size_t RequestParser::expected_size() const {
  const Parsed& parsed = impl_->parsed;
  if (!parsed.head_done || parsed.chunked || parsed.body_size == 0) return 0;
  const auto length = impl_->engine->content_length();
  return length && *length <= impl_->max_body ? parsed.body_begin + static_cast<std::size_t>(*length) : 0;
}

std::size_t RequestParser::size() const { return impl_->consumed; }

// RFC 9112 section 3.2: origin-form, absolute-form (whose authority was checked, and is not looked at) and asterisk-form.
// Another target becomes an empty path, which no handler serves.
static std::string_view path_and_query(std::string_view target) {
  std::string_view authority, behind;
  if (split_absolute(target, authority, behind)) return behind.starts_with('/') ? behind : std::string_view("/");
  return target.starts_with('/') || target == "*" ? target : std::string_view{};
}

void RequestParser::fill(Request& request, const char* message) {
  const Parsed& parsed = impl_->parsed;
  request.method = parsed.method.in(message);
  request.target = parsed.target.in(message);
  std::string_view whole = path_and_query(request.target);
  std::size_t mark = whole.find('?');
  request.path = whole.substr(0, mark);
  request.query = mark == std::string_view::npos ? std::string_view{} : whole.substr(mark + 1);
  for (std::size_t i = 0; i < parsed.fields; ++i)
    impl_->fields[i] = {parsed.field[i].name.in(message), parsed.field[i].value.in(message)};
  request.fields = {impl_->fields.data(), parsed.fields};
  request.body = view(std::string_view{message + parsed.body_begin, parsed.body_size});
}

bool RequestParser::keep_alive() const { return impl_->engine->keep_alive(); }
bool RequestParser::http_1_0() const { return impl_->parsed.http_1_0; }
const RequestParser::Failure& RequestParser::failure() const { return impl_->parsed.failure; }

}  // namespace cm4it::net
