#include "service/feed_rights.h"

#include "base/text.h"
#include "service/read_access.h"

namespace cm4it::service {

Result<bool> FeedRights::may_be_read(const ledger::Record& record, const std::vector<std::pair<std::string, Bytes>>& receipts) {
  TRY(const auto statements, evidence::statements_of_stored(record.format, record.evidence, record.issuer, record.id));
  for (const evidence::Statement& statement : statements) {
    std::vector<std::string> domains = statement.domains;
    if (domains.empty() && !record.submission_domain.empty()) domains.push_back(record.submission_domain);
    if (domains.empty() || is_self_compromise(statement, record.issuer))
      for (const auto& [domain, cose] : receipts) domains.push_back(domain);
    TRY(bool shown, reads(domain_, statement));
    if (shown && !domains.empty() && !contains(domains, domain_)) {
      shown = false;
      for (const auto& domain : domains) {
        TRY(const bool there, reads(domain, statement));
        shown |= there;
      }
    }
    if (!shown) return false;
  }
  return true;
}

Result<bool> FeedRights::reads(const std::string& domain, const evidence::Statement& statement) {
  // An asker who may read a kind without being holder or subject may read all statements of it; so this is checked once a page.
  auto& open = open_[{domain, statement.kind()}];
  if (!open) open = access_.may_read(reader_.policies(), domain, statement.kind(), {}, who_);
  if (*open || !who_) return *open;
  TRY(const bool could, access_.could_read(reader_, domain, statement.kind(), statement.subject, who_));
  if (!could) return false;
  TRY(const auto facts, reader_.facts(statement.subject));
  return ReadAccess(access_, reader_.policies(), facts, domain, who_).reads(domain, statement.kind());
}

}  // namespace cm4it::service
