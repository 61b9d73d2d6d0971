#include "service/walk_facts.h"

#include <algorithm>

#include "base/text.h"

namespace cm4it::service {
namespace {

using evidence::Statement;
using evidence::SubjectId;

}  // namespace

void add_listening_homes(const evidence::Decoded& decoded, const policy::Policies& policies, const std::vector<std::string>& homes,
                         std::vector<std::string>& domains) {
  const auto* issuer = std::get_if<KeyId>(&decoded.issuer());
  const auto& statements = decoded.statements();
  if (!issuer || statements.empty() || !is_self_compromise(statements[0], *issuer)) return;
  for (const auto& home : homes)
    if (!contains(domains, home) && policies.plays_a_role(home, *issuer)) domains.push_back(home);
}

Result<void> may_still_speak(const ledger::Reader& reader, const std::vector<Statement>& statements, const KeyId& issuer) {
  for (const Statement& statement : statements) {
    if (statement.kind() == evidence::Kind::withdraw || statement.subject == SubjectId::key(issuer)) continue;
    TRY(auto said, reader.compromises_of(issuer));
    if (said.empty() && statement.signed_by_part) {
      TRY(said, reader.compromises_of(issuer, statement.signed_by_part));
    }
    if (said.empty()) return {};
    return fail(Code::not_permitted, "issuer: " + issuer.text() + " says of itself that it is compromised (statement " + said[0].statement.id.text() +
                "): nothing that it says since counts", "sign with another key");
  }
  return {};
}

Result<void> find_subject(const ledger::Reader& reader, const evidence::Decoded& decoded, policy::Context& in) {
  const Statement& statement = decoded.statements()[0];
  const auto* issuer = std::get_if<KeyId>(&decoded.issuer());
  if (!issuer || statement.subject != SubjectId::key(*issuer)) return {};
  TRY(const auto kept, reader.count(statement.subject, 1));
  in.subject_is_kept = kept > 0;
  return {};
}

Result<std::vector<std::string>> domains_of_kept(const ledger::Reader& reader, const ledger::Record& record) {
  TRY(const auto statements, evidence::statements_of_kept(record.format, record.evidence, record.issuer, record.id));
  std::vector<std::string> domains = statements.empty() ? std::vector<std::string>{} : statements[0].domains;
  if (!domains.empty()) return domains;
  if (!record.made_in.empty()) domains.push_back(record.made_in);
  TRY(const auto receipts, reader.receipts(record.id));
  for (const auto& [domain, cose] : receipts)
    if (!contains(domains, domain)) domains.push_back(domain);
  return domains;
}

}  // namespace cm4it::service
