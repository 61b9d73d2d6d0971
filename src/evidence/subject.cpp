#include "evidence/subject.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "evidence/statement.h"

namespace cm4it::evidence {
namespace {

Result<Digest> lowercase_digest(std::string_view digits, std::string_view kind) {
  Digest digest;
  if (digest_from_lowercase_hex(digits, digest)) return digest;
  if (std::any_of(digits.begin(), digits.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
    return fail(Code::malformed, std::string(kind) + " id: hex digits are lowercase");
  return fail(Code::malformed, std::string(kind) + " id: expected 64 lowercase hex digits");
}

}  // namespace

Result<SubjectId> SubjectId::model_of(std::string_view domain, std::string_view name) {
  if (!is_domain_name(domain)) return fail(Code::malformed, "model id: \"" + std::string(domain) + "\" is no domain name");
  if (name.empty()) return fail(Code::malformed, "model id: the model's name is empty");
  if (name.size() > budget::text_field)
    return fail(Code::too_large, "model id: a name of more than " + std::to_string(budget::text_field) + " octets");
  if (!is_clean_text(name)) return fail(Code::malformed, "model id: the name is not clean UTF-8 text");
  SubjectId subject;
  subject.kind = SubjectKind::model;
  subject.model = std::string(domain) + "/" + std::string(name);
  subject.digest = crypto::sha256(view(subject.text()));
  return subject;
}

std::string SubjectId::model_text(std::string_view domain, std::string_view name) {
  return "model:" + std::string(domain) + "/" + std::string(name);
}

Result<SubjectId> SubjectId::parse(std::string_view text) {
  const auto colon = text.find(':');
  const auto kind = text.substr(0, colon);
  const auto rest = colon == text.npos ? std::string_view{} : text.substr(colon + 1);
  if (kind == "key" || kind == "code") {
    TRY(const Digest digest, lowercase_digest(rest, kind));
    return SubjectId{kind == "key" ? SubjectKind::key : SubjectKind::code, digest, {}};
  }
  if (kind == "model") {
    const auto slash = rest.find('/');
    if (slash == rest.npos) return fail(Code::malformed, "model id: expected model:DOMAIN/NAME");
    return model_of(rest.substr(0, slash), rest.substr(slash + 1));
  }
  return fail(Code::malformed, "subject: expected key:HEX64, code:HEX64 or model:DOMAIN/NAME");
}

std::string SubjectId::text() const {
  switch (kind) {
    case SubjectKind::key: return "key:" + to_hex(digest);
    case SubjectKind::code: return "code:" + to_hex(digest);
    case SubjectKind::model: return "model:" + model;
  }
  return {};
}

bool is_proved_name(std::string_view text) {
  static constexpr std::string_view spaces[] = {"key:", "code:", "model:", "fpr:", "keyid:", "x509:", "x509-issued:", "x509-ca:", "x509-ski:", "method1:"};
  const auto begins = [text](std::string_view space) { return lowercase(text.substr(0, space.size())) == space; };
  return std::any_of(std::begin(spaces), std::end(spaces), begins);
}

std::array<std::uint8_t, 33> SubjectId::row() const {
  std::array<std::uint8_t, 33> row{};
  row[0] = static_cast<std::uint8_t>(kind);
  std::copy(digest.begin(), digest.end(), row.begin() + 1);
  return row;
}

}  // namespace cm4it::evidence
