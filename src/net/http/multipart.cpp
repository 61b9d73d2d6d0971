#include "net/http/multipart.h"

#include "base/budgets.h"
#include "net/http/http.h"

namespace cm4it::net {
namespace {

constexpr std::string_view form_data = "multipart/form-data";

tl::unexpected<Error> bad(const std::string& rule) { return fail(Code::malformed, "body: multipart: " + rule, "RFC 7578"); }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The value of a parameter behind a header field's value, without quotes (RFC 9110 section 5.6.6; no escapes are taken).
std::string_view parameter(std::string_view field, std::string_view name) {
  for (auto at = field.find(';'); at != field.npos; at = field.find(';')) {
    field = trimmed(field.substr(at + 1));
    const auto equals = field.find('=');
    if (equals == field.npos) break;
    if (!equal_ignoring_case(field.substr(0, equals), name)) continue;
    std::string_view value = field.substr(equals + 1);
    if (value.starts_with('"')) return value.substr(1, value.find('"', 1) - 1);
    return trimmed(value.substr(0, value.find(';')));
  }
  return {};
}

// The name in a part's Content-Disposition; empty: it has none.
std::string_view name_of(std::string_view headers) {
  while (!headers.empty()) {
    const auto end = headers.find("\r\n");
    const std::string_view line = headers.substr(0, end);
    headers = end == headers.npos ? std::string_view{} : headers.substr(end + 2);
    const auto colon = line.find(':');
    if (colon != line.npos && equal_ignoring_case(line.substr(0, colon), "Content-Disposition")) return parameter(line, "name");
  }
  return {};
}

}  // namespace

bool is_multipart(std::string_view content_type) {
  return equal_ignoring_case(trimmed(content_type.substr(0, content_type.find(';'))), form_data);
}

// RFC 2046 section 5.1.1: "--" boundary CR LF, headers, an empty line, the octets up to CR LF "--" boundary; "--" ends it.
Result<std::map<std::string, View, std::less<>>> read_multipart(std::string_view content_type, View body) {
  const std::string_view boundary = parameter(content_type, "boundary");
  if (boundary.empty() || boundary.size() > 70) return bad("Content-Type: a boundary of 1 to 70 characters expected");
  const std::string opening = "--" + std::string(boundary), delimiter = "\r\n" + opening;
  std::string_view rest = text(body);
  if (!rest.starts_with(opening)) return bad("it does not begin with its boundary");
  rest.remove_prefix(opening.size());
  std::map<std::string, View, std::less<>> parts;
  while (!rest.starts_with("--")) {
    if (parts.size() == budget::multipart_parts) return fail(Code::too_large, "body: multipart: more than " + std::to_string(budget::multipart_parts) + " parts");
    if (!rest.starts_with("\r\n")) return bad("a line end expected behind a boundary");
    rest.remove_prefix(2);
    const auto headers = rest.find("\r\n\r\n");
    const auto end = headers == rest.npos ? rest.npos : rest.find(delimiter, headers + 2);
    if (end == rest.npos) return bad("it ends inside a part");
    const std::string_view name = name_of(rest.substr(0, headers));
    if (name.empty()) return bad("a part without a name");
    const std::size_t begin = headers + 4;
    if (end < begin) return bad("a part without its empty line");
    if (!parts.emplace(name, view(rest.substr(begin, end - begin))).second) return bad("the part \"" + std::string(name.substr(0, 64)) + "\" twice");
    rest.remove_prefix(end + delimiter.size());
  }
  return parts;
}

}  // namespace cm4it::net
