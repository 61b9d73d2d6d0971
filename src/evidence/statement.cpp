#include "evidence/statement.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "crypto/digest.h"
#include "evidence/kinds.h"

namespace cm4it::evidence {
namespace {

template <class T>
using Names = std::initializer_list<std::pair<T, const char*>>;

const Names<Type> types = {{Type::device, "device"}, {Type::gateway, "gateway"}, {Type::service, "service"},
                           {Type::code, "code"},     {Type::server, "server"},   {Type::party, "party"},
                           {Type::model, "model"}};
const Names<Status> statuses = {{Status::planned, "planned"},       {Status::in_stock, "in-stock"},
                                {Status::in_use, "in-use"},         {Status::retired, "retired"},
                                {Status::deprecated, "deprecated"}, {Status::suspended, "suspended"},
                                {Status::lost, "lost"},             {Status::destroyed, "destroyed"},
                                {Status::stolen, "stolen"},         {Status::revoked, "revoked"},
                                {Status::compromised, "compromised"}};

template <class T>
const char* name_of(const Names<T>& names, T value) {
  for (const auto& [known, name] : names)
    if (known == value) return name;
  return "unknown";
}

template <class T>
Result<T> named(const Names<T>& names, const char* what, std::string_view text) {
  for (const auto& [value, name] : names)
    if (text == name) return value;
  std::vector<std::string_view> all;
  for (const auto& [value, name] : names) all.emplace_back(name);
  return none_of(what, text, all);
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

}  // namespace

tl::unexpected<Error> none_of(const char* what, std::string_view text, const std::vector<std::string_view>& known) {
  return fail(Code::malformed, std::string(what) + ": \"" + std::string(text.substr(0, 64)) + "\" is none of " + joined(known));
}

const char* to_string(Kind kind) { return row_of(kind).name; }
Result<Kind> parse_kind(std::string_view text) {
  std::vector<std::string_view> all;
  for (const KindRow& row : kinds) {
    if (text == row.name) return row.kind;
    all.emplace_back(row.name);
  }
  return none_of("kind", text, all);
}
const char* to_string(Type type) { return name_of(types, type); }
Result<Type> parse_type(std::string_view text) { return named(types, "type", text); }
const char* to_string(Status status) { return name_of(statuses, status); }
Result<Status> parse_status(std::string_view text) { return named(statuses, "status", text); }

StatementId statement_id(Format format, const KeyId& issuer, View signed_bytes) {
  const auto octet = static_cast<std::uint8_t>(format);
  return {crypto::sha256({View(&octet, 1), View(issuer.digest), signed_bytes})};
}

bool is_self_compromise(const Statement& statement, const KeyId& issuer) {
  if (statement.subject != SubjectId::key(issuer)) return false;
  const auto* change = std::get_if<StatusChange>(&statement.body);
  return statement.component.hard_revocation || (change && change->status == Status::compromised);
}

std::optional<Digest> compromised_component(const Statement& self_compromise) {
  return self_compromise.kind() == Kind::withdraw ? self_compromise.component.digest : std::nullopt;
}

// RFC 1123 section 2.1, in lowercase.
bool is_domain_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  for (;;) {
    const auto dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == text.npos) return true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace cm4it::evidence
