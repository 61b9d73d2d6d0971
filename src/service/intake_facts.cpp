#include "service/intake_facts.h"

#include <algorithm>

#include "base/text.h"

namespace cm4it::service {
namespace {

using evidence::Statement;
using evidence::SubjectId;

}  // namespace

bool is_policy(const evidence::Decoded& decoded) {
  return !decoded.statements().empty() && decoded.statements()[0].kind() == Kind::policy;
}

Result<std::optional<ledger::Appended>> find_known(const evidence::StatementId& id, const std::vector<std::string>& taken_in,
                                                   const std::vector<std::string>& domains, const IntakeContext& context) {
  const std::optional<ledger::Appended> none;
  const auto& reader = context.reader;
  TRY(const auto stored, reader.record(id));
  if (!stored || stored->position == 0) return none;
  TRY(auto placements, reader.placements(id));
  for (const auto& domain : taken_in)
    if (contains(context.server.homes, domain) &&
        std::none_of(placements.begin(), placements.end(), [&](const Placement& placement) { return placement.domain == domain; }))
      return none;
  for (const auto& domain : domains) {
    TRY(const auto refused, reader.note(ledger::refusal_note(id, domain)));
    if (refused) return none;
  }
  return ledger::Appended{id, false, std::move(placements)};
}

Result<std::optional<ledger::Appended>> find_repeated(const evidence::Decoded& decoded, const std::vector<std::string>& domains,
                                                      const policy::IssuerKeys& issuer, const IntakeContext& context) {
  const auto& named = decoded.issuer().key;
  for (const KeyId& candidate : named ? std::vector{*named} : issuer.named) {
    const auto id = evidence::statement_id(decoded.format(), candidate, decoded.signed_bytes());
    TRY(const auto record, context.reader.record(id));
    if (!record || record->position == 0) continue;  // one that is set aside: that it came again keeps it longer
    if (equal(record->evidence, decoded.bytes())) return find_known(id, domains, domains, context);
  }
  return std::optional<ledger::Appended>{};
}

void add_listening_homes(const evidence::Decoded& decoded, const policy::Policies& policies, const std::vector<std::string>& homes,
                         std::vector<std::string>& domains) {
  const auto& issuer = decoded.issuer().key;
  const auto& statements = decoded.statements();
  if (!issuer || statements.empty() || !is_self_compromise(statements[0], *issuer)) return;
  for (const auto& home : homes)
    if (!contains(domains, home) && policies.plays_a_role(home, *issuer)) domains.push_back(home);
}

Result<void> may_still_speak(const ledger::Reader& reader, const std::vector<Statement>& statements, const KeyId& issuer) {
  for (const Statement& statement : statements) {
    if (statement.kind() == evidence::Kind::withdraw || statement.subject == SubjectId::key(issuer)) continue;
    TRY(auto said, reader.compromises_of(issuer));
    if (said.empty() && statement.signing_component) {
      TRY(said, reader.compromises_of(issuer, statement.signing_component));
    }
    if (said.empty()) return {};
    return fail(Code::not_permitted, "issuer: " + issuer.text() + " says of itself that it is compromised (statement " + said[0].statement.id.text() +
                "): nothing that it says since counts", "sign with another key");
  }
  return {};
}

Result<void> find_subject(const ledger::Reader& reader, const evidence::Decoded& decoded, policy::Context& in) {
  const Statement& statement = decoded.statements()[0];
  const auto& issuer = decoded.issuer().key;
  if (!issuer || statement.subject != SubjectId::key(*issuer)) return {};
  TRY(const auto stored, reader.count(statement.subject, 1));
  in.subject_is_stored = stored > 0;
  return {};
}

Result<void> describe_target(const ledger::Reader& reader, const ledger::Record& target, const SubjectId& subject, policy::Context& in) {
  TRY(const auto statements, evidence::statements_of_stored(target.format, target.evidence, target.issuer, target.id));
  in.target_issuer = target.issuer;
  for (const Statement& statement : statements)
    if (statement.subject == subject) in.target_kinds.push_back(statement.kind());
  if (!statements.empty()) in.target_domains = statements[0].domains;
  if (!in.target_domains.empty()) return {};
  if (!target.submission_domain.empty()) in.target_domains.push_back(target.submission_domain);
  TRY(const auto receipts, reader.receipts(target.id));
  for (const auto& [domain, cose] : receipts)
    if (!contains(in.target_domains, domain)) in.target_domains.push_back(domain);
  return {};
}

}  // namespace cm4it::service
