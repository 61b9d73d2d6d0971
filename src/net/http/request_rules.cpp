#include "net/http/request_rules.h"

#include <arpa/inet.h>

#include <boost/beast/http/error.hpp>
#include <charconv>
#include <cstring>
#include <string>

#include "net/http/http.h"

namespace cm4it::net {
namespace {

namespace http = boost::beast::http;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// RFC 3986 section 3.2.2: *( unreserved / pct-encoded / sub-delims ), without the comma.
bool is_registered_name(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) continue;
    if (c == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2])) continue;
    if (c == '\0' || !std::strchr("-._~!$&'()*+;=", c)) return false;
  }
  return !text.empty();
}

// A zone (RFC 6874: "%25eth0") says which of the client's own interfaces it means: nothing here asks.
bool is_ipv6(std::string_view text) {
  const auto zone = text.find('%');
  if (zone != text.npos && !is_registered_name(text.substr(zone + 1))) return false;
  in6_addr ignored;
  return inet_pton(AF_INET6, std::string(text.substr(0, zone)).c_str(), &ignored) == 1;
}

// RFC 3986 section 3.2.3: *DIGIT.
bool is_port(std::string_view text) {
  if (text.empty()) return true;
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port <= 65535;
}

// HTTP-version = "HTTP/" DIGIT "." DIGIT (RFC 9112 section 2.3), behind the second space of the request line.
bool has_version(std::string_view message) {
  std::string_view line = message.substr(0, message.find("\r\n"));
  for (int i = 0; i < 2; ++i) line.remove_prefix(std::min(line.find(' '), line.size() - 1) + 1);
  return line.size() == 8 && line.starts_with("HTTP/") && is_digit(line[5]) && line[6] == '.' && is_digit(line[7]);
}

}  // namespace

bool is_authority(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos || !is_ipv6(text.substr(1, end - 1))) return false;
    text.remove_prefix(end + 1);
    return text.empty() || (text.front() == ':' && is_port(text.substr(1)));
  }
  const auto colon = text.find(':');
  return is_registered_name(text.substr(0, colon)) && (colon == text.npos || is_port(text.substr(colon + 1)));
}

bool split_absolute(std::string_view target, std::string_view& authority, std::string_view& behind) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    authority = target.substr(0, target.find_first_of("/?"));
    behind = target.substr(authority.size());
    return true;
  }
  return false;
}

bool goes_on(const char* at, const char* end) {
  const void* line_end = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
  if (!line_end) return false;
  const char* next = static_cast<const char*>(line_end) + 1;
  return next < end && (*next == ' ' || *next == '\t');
}

RequestParser::Failure explain(const boost::system::error_code& ec, bool head_started, std::string_view message) {
  if (ec == http::error::header_limit && !head_started) return {414, "request target: longer than its budget"};
  if (ec == http::error::header_limit) return {431, "fields: longer than their budget"};
  if (ec == http::error::body_limit) return {413, "body: longer than its budget"};
  if (ec == http::error::bad_version && has_version(message)) return {505, "request line: HTTP/1.0 or HTTP/1.1 is spoken here"};
  if (ec == http::error::bad_version)
    return {400, "request line: method, target and HTTP/1.1, with one space between them (RFC 9112 section 3)"};
  if (ec == http::error::bad_method) return {400, "request line: the method is a token (RFC 9110 section 9.1)"};
  if (ec == http::error::bad_target) return {400, "request line: bad request target (RFC 9112 section 3)"};
  if (ec == http::error::bad_content_length || ec == http::error::multiple_content_length)
    return {400, "Content-Length: one decimal number, and no Transfer-Encoding (RFC 9112 section 6.3)"};
  if (ec == http::error::bad_transfer_encoding)
    return {400, "Transfer-Encoding: once, and no Content-Length (RFC 9112 section 6.3)"};
  if (ec == http::error::bad_chunk || ec == http::error::bad_chunk_extension)
    return {400, "chunk: bad size or extension (RFC 9112 section 7.1)"};
  if (ec == http::error::bad_line_ending) return {400, "line: must end with CR LF (RFC 9112 section 2.2)"};
  return {400, "field: bad name or value (RFC 9112 section 5)"};
}

}  // namespace cm4it::net
