#include "net/http/http.h"

#include <algorithm>
#include <boost/beast/http/status.hpp>

#include "base/budgets.h"
#include "base/text.h"
#include "net/http/response_writer.h"

namespace cm4it::net {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lowercase(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// pct-encoded = "%" HEXDIG HEXDIG; everything else stands for itself.
Result<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return fail(Code::malformed,
                  "percent-encoding: '%' needs two hexadecimal digits, at offset " + std::to_string(i),
                  "RFC 3986 section 2.1");
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

class SinkExchange final : public Exchange {
 public:
  explicit SinkExchange(std::function<void(Response)> sink) : sink_(std::move(sink)) {}
  void answer(std::shared_ptr<Exchange>, Response&& response) override {
    if (response.on_loop) response.on_loop(0);
    sink_(std::move(response));
  }
  bool gone() const override { return false; }

 private:
  std::function<void(Response)> sink_;
};

void append_field_text(std::string& to, std::string_view text) {
  for (char c : text) to.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c);
}

void append_field(std::string& to, std::string_view name, std::string_view value) {
  append_field_text(to, name);
  to.append(": ");
  append_field_text(to, value);
  to.append("\r\n");
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lowercase(x) == lowercase(y); });
}

Body Request::take_body() const {
  if (!message || body.empty()) return Body(std::string(text(body)));
  const auto begin = static_cast<std::size_t>(text(body).data() - message->data());
  return Body(std::exchange(*message, {}), begin, body.size());
}

std::string_view Request::header(std::string_view name) const {
  for (const Field& field : fields)
    if (equal_ignoring_case(field.name, name)) return field.value;
  return {};
}

std::string_view reason_phrase(unsigned status) {
  auto reason = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return {reason.data(), reason.size()};
}

// RFC 9110 section 8.6: none in 1xx and 204; a 304's would have to be that of the 200.
bool has_content(unsigned status) { return status >= 200 && status != 204 && status != 304; }

void append_head(std::string& to, const Response& response, std::string_view date_line,
                 std::string_view connection_line) {
  to.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  to.append(reason_phrase(response.status)).append("\r\n");
  to.append(date_line).append(connection_line);
  if (!response.content_type.empty()) append_field(to, "Content-Type", response.content_type);
  if (has_content(response.status)) append_field(to, "Content-Length", std::to_string(response.content ? response.content->size() : response.body.size()));
  for (const auto& [name, value] : response.headers) append_field(to, name, value);
  to.append("\r\n");
}

// RFC 9457. `rule` is our own text: nothing in it needs escaping.
Response problem(unsigned status, std::string_view rule) {
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = R"({"title":")" + std::string(reason_phrase(status)) + R"(","status":)" +
                  std::to_string(status) + R"(,"detail":")" + std::string(rule) + "\"}\n";
  return response;
}

std::shared_ptr<const std::string> serialize(const Response& response) {
  if (response.ready) return response.ready;
  std::string bytes;
  bytes.reserve(256 + response.body.size());
  append_head(bytes, response);
  if (has_content(response.status)) bytes.append(response.body);
  return std::make_shared<const std::string>(std::move(bytes));
}

void allow_cross_origin(Response& options, std::string methods, std::string fields) {
  options.headers.emplace_back("Access-Control-Allow-Methods", std::move(methods));
  options.headers.emplace_back("Access-Control-Allow-Headers", std::move(fields));
  options.headers.emplace_back("Access-Control-Max-Age", "86400");  // seconds
}

Responder Responder::to(std::function<void(Response)> sink) {
  return Responder(std::make_shared<SinkExchange>(std::move(sink)));
}

Responder& Responder::operator=(Responder&& other) noexcept {
  std::swap(exchange_, other.exchange_);  // what we held is answered when `other` goes
  return *this;
}

Responder::~Responder() {
  if (!exchange_) return;
  try {
    Response failed;
    failed.status = 500;
    (*this)(std::move(failed));
  } catch (...) {  // no memory even for that: the connection's time-outs will end it
  }
}

void Responder::operator()(Response response) {
  if (!exchange_) return;
  Exchange* exchange = exchange_.get();
  exchange->answer(std::move(exchange_), std::move(response));
}

Result<std::string> percent_decode(std::string_view text) { return decode(text, false); }

std::string percent_encode(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string encoded;
  for (char c : text) {
    bool alphanumeric = (c >= '0' && c <= '9') || (lowercase(c) >= 'a' && lowercase(c) <= 'z');
    if (alphanumeric || c == '-' || c == '.' || c == '_' || c == '~') {
      encoded.push_back(c);
    } else {
      auto byte = static_cast<unsigned char>(c);
      encoded.push_back('%');
      encoded.push_back(digits[byte >> 4]);
      encoded.push_back(digits[byte & 15]);
    }
  }
  return encoded;
}

Result<Query> Query::parse(std::string_view text) {
  Query query;
  if (text.empty()) return query;
  for (bool more = true; more;) {
    if (query.pairs_.size() == budget::http_query_parameters)
      return fail(Code::too_large,
                  "query: more than " + std::to_string(budget::http_query_parameters) + " parameters");
    std::size_t end = text.find('&');
    std::string_view pair = text.substr(0, end);
    more = end != std::string_view::npos;
    if (more) text.remove_prefix(end + 1);

    if (pair.empty()) continue;  // a trailing '&', or two: nothing stands there (as forms are read, WHATWG URL section 5.1)
    std::size_t equals = pair.find('=');
    auto name = decode(pair.substr(0, equals), true);
    if (!name) return within("query, a parameter's name", std::move(name).error());
    if (name->empty()) return fail(Code::malformed, "query: a parameter without a name");
    if (query.has(*name)) return fail(Code::malformed, "query: parameter '" + *name + "' is given twice");
    auto value =
        decode(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), true);
    if (!value) return within("query, parameter '" + *name + "'", std::move(value).error());
    query.pairs_.emplace_back(std::move(*name), std::move(*value));
  }
  return query;
}

std::optional<std::string_view> Query::get(std::string_view name) const {
  for (const auto& [key, value] : pairs_)
    if (key == name) return value;
  return std::nullopt;
}

}  // namespace cm4it::net
