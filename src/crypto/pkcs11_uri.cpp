#include "crypto/pkcs11_uri.h"

#include <algorithm>
#include <cctype>
#include <iterator>

#include "base/budgets.h"
#include "base/text.h"

namespace cm4it::crypto {
namespace {

constexpr std::string_view scheme = "pkcs11:";
constexpr const char* rule = "RFC 7512 section 2.3";

// What can be compared with a token, a slot, a library or an object here.
constexpr std::string_view attributes[] = {"token",
                                      "manufacturer",
                                      "serial",
                                      "model",
                                      "slot-id",
                                      "slot-description",
                                      "slot-manufacturer",
                                      "library-description",
                                      "object",
                                      "library-manufacturer",
                                      "library-version",
                                      "type",
                                      "id"};

bool is_unreserved(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("-._~").find(c) != std::string_view::npos;
}

// pk11-res-avail, and what path and query have beside it.
bool may_stand(char c, bool query) {
  return is_unreserved(c) || std::string_view(":[]@!$'()*+,=").find(c) != std::string_view::npos ||
         std::string_view(query ? "/?|" : "&").find(c) != std::string_view::npos;
}

tl::unexpected<Error> malformed(const std::string& what) { return fail(Code::malformed, "pkcs11 URI: " + what, rule); }

// *( pk11-pchar ) or *( pk11-qchar ), pct-encoded octets decoded.
Result<std::string> decoded(const std::string& name, std::string_view value, bool query) {
  std::string result;
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value[at] != '%') {
      if (!may_stand(value[at], query)) return malformed(name + ": a character that must be percent-encoded");
      result.push_back(value[at]);
      continue;
    }
    const auto octet = from_hex(value.substr(at + 1, std::min<std::size_t>(2, value.size() - at - 1)));
    if (!octet || octet->size() != 1) return malformed(name + ": '%' without two hex digits");
    result.push_back(static_cast<char>((*octet)[0]));
    at += 2;
  }
  if (name != "id" && !is_clean_text(result)) return malformed(name + ": not UTF-8 text");
  return result;
}

struct Attribute {
  std::string name, value;
};

// pk11-pattr: name "=" value. Names are lowercase letters, digits and "-" (vendors' also "_").
Result<Attribute> read_attribute(std::string_view part, bool query) {
  const auto equals = part.find('=');
  if (equals == part.npos || equals == 0) return malformed("name=value expected");
  Attribute attribute{std::string(part.substr(0, equals)), {}};
  const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'; };
  if (!std::all_of(attribute.name.begin(), attribute.name.end(), fits))
    return malformed("an attribute's name has letters, digits and '-'");
  TRY(attribute.value, decoded(attribute.name, part.substr(equals + 1), query));
  return attribute;
}

// Parts between separators; none of an empty text.
template <class F>
Result<void> each_part(std::string_view text, char separator, F&& take) {
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    CHECK_OK(take(text.substr(0, end)));
    if (end + 1 == text.size()) return malformed("nothing after the last separator");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 10 && text.find_first_not_of("0123456789") == text.npos;
}

Result<void> check_path_value(const Attribute& attribute) {
  const std::string_view value = attribute.value;
  if (attribute.name == "type" && value != "private" && value != "public")
    return fail(Code::unsupported, "pkcs11 URI: type: \"" + attribute.value + "\" is no key pair; leave type out");
  if (attribute.name == "slot-id" && !is_number(value)) return malformed("slot-id: digits expected");
  const auto dot = std::min(value.find('.'), value.size());
  if (attribute.name == "library-version" &&
      (!is_number(value.substr(0, dot)) || (dot < value.size() && !is_number(value.substr(dot + 1)))))
    return malformed("library-version: 1 or 1.23 expected");
  return {};
}

// "file:/run/pin", "file:///run/pin", or the path alone.
Result<std::string> file_of(std::string value) {
  if (value.starts_with("file:")) value.erase(0, 5);
  if (value.starts_with("//")) {
    if (!value.starts_with("///")) return malformed("pin-source: a file of this machine expected, file:/path");
    while (value.starts_with("//")) value.erase(0, 1);  // an empty host, and slashes too many
  }
  if (value.empty() || value[0] == '|' || (value.find(':') != value.npos && value.find(':') < value.find('/')))
    return fail(Code::unsupported, "pkcs11 URI: pin-source: only files are read, pin-source=file:/path");
  return value;
}

std::string encoded(std::string_view value) {
  std::string result;
  for (const char c : value)
    if (is_unreserved(c)) result.push_back(c);
    else result += "%" + to_hex(view(std::string_view(&c, 1)));
  return result;
}

}  // namespace

const std::string* Pkcs11Uri::find(std::string_view attribute) const {
  const auto at = path.find(attribute);
  return at == path.end() ? nullptr : &at->second;
}

Result<Pkcs11Uri> Pkcs11Uri::parse(std::string_view text) {
  if (text.size() > budget::key_uri_bytes)
    return fail(Code::too_large, "pkcs11 URI: more than " + std::to_string(budget::key_uri_bytes) + " octets");
  if (!text.starts_with(scheme)) return malformed("\"pkcs11:\" expected");
  text.remove_prefix(scheme.size());
  const auto question = text.find('?');
  Pkcs11Uri uri;
  CHECK_OK(each_part(text.substr(0, question), ';', [&](std::string_view part) -> Result<void> {
    TRY(auto attribute, read_attribute(part, false));
    // Section 2.5: what is not recognized in the path matches nothing.
    if (!contains(attributes, attribute.name))
      return fail(Code::unsupported, "pkcs11 URI: " + attribute.name + ": not an attribute that is understood here", rule);
    CHECK_OK(check_path_value(attribute));
    if (!uri.path.emplace(attribute.name, std::move(attribute.value)).second) return malformed(attribute.name + ": given twice");
    return {};
  }));
  if (question == text.npos) return uri;
  CHECK_OK(each_part(text.substr(question + 1), '&', [&](std::string_view part) -> Result<void> {
    TRY(auto attribute, read_attribute(part, true));
    if (attribute.name == "pin-value")
      return fail(Code::unsupported, "pkcs11 URI: pin-value: a PIN here would be seen by whoever sees the URI",
                  "pin-source=file:/path");
    std::string* to = attribute.name == "pin-source"    ? &uri.pin_source
                      : attribute.name == "module-path" ? &uri.module_path
                      : attribute.name == "module-name" ? &uri.module_name
                                                        : nullptr;
    if (!to) return {};  // section 2.5: what is not recognized in the query is ignored
    if (!to->empty()) return malformed(attribute.name + ": given twice");
    if (attribute.value.empty()) return malformed(attribute.name + ": empty; leave it out");
    *to = std::move(attribute.value);
    return {};
  }));
  if (!uri.pin_source.empty()) {
    TRY(uri.pin_source, file_of(std::move(uri.pin_source)));
  }
  if (!uri.module_path.empty() && uri.module_path[0] != '/')
    return malformed("module-path: from the root on; which library is loaded must not depend on the working directory");
  if (uri.module_name.find('/') != uri.module_name.npos) return malformed("module-name: no path; module-path=/… has one");
  if (!uri.module_path.empty() && !uri.module_name.empty()) return malformed("module-path, module-name: one of both");
  return uri;
}

std::string Pkcs11Uri::text() const {
  std::string result(scheme);
  for (const auto& [name, value] : path) result += (result.size() > scheme.size() ? ";" : "") + name + "=" + encoded(value);
  char before = '?';
  const auto add = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    result += before + (name + ("=" + encoded(value)));
    before = '&';
  };
  add("module-name", module_name);
  add("module-path", module_path);
  add("pin-source", pin_source);
  return result;
}

std::string Pkcs11Uri::token_text() const {
  for (const char* name : {"token", "serial", "model", "manufacturer", "slot-id", "slot-description"})
    if (const auto* value = find(name))
      return std::string("token ") + (name == std::string_view("token") ? "" : name + std::string(" ")) + "\"" + *value + "\"";
  return "token";
}

std::string Pkcs11Uri::key_text() const {
  if (const auto* label = find("object")) return token_text() + ", key \"" + *label + "\"";
  if (const auto* id = find("id")) return token_text() + ", key of id " + to_hex(view(*id));
  return token_text();
}

}  // namespace cm4it::crypto
