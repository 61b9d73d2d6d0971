#include "policy/descriptor_edit.h"

#include <algorithm>

#include "base/text.h"
#include "policy/toml_reader.h"

namespace cm4it::policy {
namespace {

struct Span { std::size_t begin = 0, end = 0; };

// toml++ counts lines and characters from 1.
std::size_t offset_of(std::string_view text, const toml::source_position& position) {
  std::size_t at = 0;
  for (std::uint32_t line = 1; line < position.line; ++line) {
    const auto end = text.find('\n', at);
    if (end == text.npos) return text.size();
    at = end + 1;
  }
  for (std::uint32_t column = 1; column < position.column && at < text.size(); ++column) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
  }
  return at;
}

Span span_of(std::string_view text, const toml::node& node) {
  return {offset_of(text, node.source().begin), offset_of(text, node.source().end)};
}

std::size_t line_begin(std::string_view text, std::size_t at) {
  const auto newline = at == 0 ? text.npos : text.rfind('\n', at - 1);
  return newline == text.npos ? 0 : newline + 1;
}

std::size_t line_end(std::string_view text, std::size_t at) {
  const auto newline = text.find('\n', at);
  return newline == text.npos ? text.size() : newline + 1;
}

std::string replaced(const std::string& text, const Span& span, const std::string& with) {
  return text.substr(0, span.begin) + with + text.substr(span.end);
}

std::string with_line_end(std::string text) {
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

// `line` becomes the last of [section], or the first after its header, or a section of its own at the end.
std::string with_line(const std::string& text, const toml::table& document, const char* section, const std::string& line) {
  const auto* table = document[section].as_table();
  if (!table) return with_line_end(text) + "\n[" + section + "]\n" + line + "\n";
  std::size_t at = line_end(text, span_of(text, *table).begin);
  for (const auto& [name, value] : *table) at = std::max(at, line_end(text, span_of(text, value).end));
  return with_line_end(text.substr(0, at)) + line + "\n" + text.substr(at);
}

std::string entry_text(const Descriptor& descriptor, const RoleEntry& entry) {
  if (const auto* reference = std::get_if<RoleReference>(&entry.who))
    return "{ domain = " + toml_quoted(reference->domain) + ", role = " + toml_quoted(reference->role) + " }";
  const auto& id = std::get<KeyId>(entry.who);
  std::string name = id.text();
  for (const auto& [known, key] : descriptor.keys)
    if (key.id() == id) name = known;
  const bool usual = entry.formats == std::set{evidence::native_format};
  if (!entry.until && usual) return toml_quoted(name);
  std::string text = "{ key = " + toml_quoted(name);
  if (entry.until) text += ", until = " + to_rfc3339(*entry.until);
  if (!usual) text += ", formats = [" + joined(entry.formats, ", ", [](Format format) { return toml_quoted(evidence::to_string(format)); }) + "]";
  return text + " }";
}

std::string list_text(const Descriptor& descriptor, const std::vector<RoleEntry>& entries) {
  return "[" + joined(entries, ", ", [&](const RoleEntry& entry) { return entry_text(descriptor, entry); }) + "]";
}

// Names may have dots, which would make tables of them.
std::string bare_key(const std::string& name) { return name.find('.') == name.npos ? name : toml_quoted(name); }

std::string key_text(const crypto::PublicKey& key) { return toml_quoted(to_base64(key.spki())); }

std::string server_text(const Server& server) {
  std::string text = bare_key(server.name) + " = { key = " + key_text(server.key);
  if (server.log) text += ", log = " + key_text(*server.log);
  text += ", url = " + toml_quoted(server.url);
  if (server.home) text += ", home = true";
  if (server.select) text += ", select = " + server.select->text();
  return text + " }";
}

std::string copy_text(const CopyRule& rule) {
  return "domain = " + toml_quoted(rule.domain) + "\nowner  = " + toml_quoted(rule.owner.text()) + "\nfrom   = " + toml_quoted(rule.from) +
         "\nselect = " + rule.select.text() + "\n";
}

// From the header of the table to the last of its values, whole lines.
Span lines_of(std::string_view text, const toml::table& table) {
  Span span{line_begin(text, span_of(text, table).begin), line_end(text, span_of(text, table).begin)};
  for (const auto& [name, value] : table) span.end = std::max(span.end, line_end(text, span_of(text, value).end));
  return span;
}

}  // namespace

Result<DescriptorEdit> DescriptorEdit::start(std::string text) {
  TRY(auto descriptor, parse_descriptor(text, Homes::several));  // an edit may be what strikes one
  return DescriptorEdit(std::move(text), std::move(descriptor));
}

Result<void> DescriptorEdit::become(std::string text) {
  TRY(descriptor_, parse_descriptor(text));
  text_ = std::move(text);
  return {};
}

Result<void> DescriptorEdit::set_version(std::uint64_t version) {
  TRY(const auto document, parse_toml(text_));
  return become(replaced(text_, span_of(text_, *document.get("version")), std::to_string(version)));
}

Result<void> DescriptorEdit::set_owner(const std::string& name) {
  TRY(const auto document, parse_toml(text_));
  return become(replaced(text_, span_of(text_, *document.get("owner")), toml_quoted(name)));
}

Result<std::string> DescriptorEdit::add_key(const std::string& wanted, const crypto::PublicKey& key) {
  for (const auto& [name, known] : descriptor_.keys)
    if (known == key) return name;
  std::string name = wanted;
  for (int number = 2; descriptor_.keys.contains(name); ++number) name = wanted + "-" + std::to_string(number);
  TRY(const auto document, parse_toml(text_));
  CHECK_OK(become(with_line(text_, document, "keys", bare_key(name) + " = " + key_text(key))));
  return name;
}

Result<void> DescriptorEdit::set_role(const std::string& role, const std::vector<RoleEntry>& entries) {
  TRY(const auto document, parse_toml(text_));
  const std::string list = list_text(descriptor_, entries);
  if (const auto* known = document["roles"][role].node())
    return become(replaced(text_, span_of(text_, *known), list));
  return become(with_line(text_, document, "roles", bare_key(role) + " = " + list));
}

Result<void> DescriptorEdit::add_server(const Server& server) {
  if (descriptor_.servers.contains(server.name))
    return fail(Code::conflict, "servers." + server.name + ": the name is taken", "take another name, or remove that server first");
  TRY(const auto document, parse_toml(text_));
  return become(with_line(text_, document, "servers", server_text(server)));
}

Result<void> DescriptorEdit::remove_server(const std::string& name) {
  TRY(const auto document, parse_toml(text_));
  const auto* server = document["servers"][name].as_table();
  if (!server) return fail(Code::not_found, "servers." + name + ": no such server");
  const auto span = server->is_inline() ? span_of(text_, *server) : lines_of(text_, *server);
  return become(replaced(text_, {line_begin(text_, span.begin), line_end(text_, span.end ? span.end - 1 : 0)}, ""));
}

Result<void> DescriptorEdit::set_copy(const CopyRule& rule) {
  TRY(const auto document, parse_toml(text_));
  if (const auto* rules = document["copy"].as_array())
    for (const auto& known : *rules)
      if (const auto* table = known.as_table(); table && table->get("domain")->value_or(std::string()) == rule.domain) {
        auto span = lines_of(text_, *table);
        span.begin = line_end(text_, span.begin);  // its header stays
        return become(replaced(text_, span, copy_text(rule)));
      }
  return become(with_line_end(text_) + "\n[[copy]]\n" + copy_text(rule));
}

Result<void> DescriptorEdit::add_permit(const Permit& permit) {
  return become(with_line_end(text_) + "\n[[permit]]\nfrom = " + permit.from.text() + "\nto   = " + permit.to.text() + "\n");
}

Result<void> DescriptorEdit::remove_permit(std::size_t number) {
  if (number >= descriptor_.permits.size()) return fail(Code::not_found, "permit: there are " + std::to_string(descriptor_.permits.size()));
  TRY(const auto document, parse_toml(text_));
  const auto* table = document["permit"][number].as_table();
  if (!table || table->is_inline()) return fail(Code::unsupported, "permit: written in one list, which is not edited here", "edit the text");
  return become(replaced(text_, lines_of(text_, *table), ""));
}

}  // namespace cm4it::policy
