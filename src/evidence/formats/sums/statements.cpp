// The statements in a list of files, however it is signed.
#include "base/budgets.h"
#include "evidence/formats/sums/piece.h"
#include "evidence/formats/sums/text.h"

namespace cm4it::evidence::sums {
namespace {

std::string first_names(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) {
    if (all.size() + name.size() + 2 > budget::note_field) break;
    all += (all.empty() ? "" : ", ") + name;
  }
  return all;
}

}  // namespace

Bytes with_crlf(View text) {
  Bytes all;
  all.reserve(text.size() + text.size() / 32);
  std::uint8_t before = 0;
  for (const std::uint8_t octet : text) {
    if (octet == '\n' && before != '\r') all.push_back('\r');
    all.push_back(before = octet);
  }
  return all;
}

Result<std::vector<Statement>> statements_of(View text, const ListClaims& claims, const KeyId& issuer, const SubjectId* about) {
  TRY(auto files, read_text(text));
  Statement common;
  common.format = Format::sums;
  common.issuer = issuer;
  common.issued_at = claims.signed_at;
  common.expires = claims.expires;
  common.domains = claims.domains;
  common.credentials = claims.credentials;
  common.signing_component = claims.signing_component;
  std::vector<Statement> statements;
  for (File& file : files) {
    const SubjectId subject = SubjectId::code(file.digest);
    if (about && *about != subject) continue;
    Identity own = claims.common;
    own.name = std::move(file.name);
    if (own.version.empty()) own.version = std::move(file.version);
    if (!file.also.empty()) own.attributes["also"] = first_names(file.also);
    common.subject = subject;
    common.body = std::move(own);
    statements.push_back(common);
  }
  return statements;
}

}  // namespace cm4it::evidence::sums
