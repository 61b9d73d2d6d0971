// Gives out statements, receipts and policies as they were received.

#include "base/text.h"
#include "service/feed.h"
#include "service/read_access.h"

namespace cm4it::service {
namespace {

Result<bool> readable(const Access& access, const ledger::Reader& reader, const ledger::Record& record,
                      const Principal& who) {
  TRY(const auto statements,
      evidence::statements_of_stored(record.format, record.evidence, record.issuer, record.id));
  TRY(const auto receipts, reader.receipts(record.id));
  for (const auto& statement : statements) {
    std::vector<std::string> domains = statement.domains;
    if (domains.empty() && !record.submission_domain.empty()) domains.push_back(record.submission_domain);
    for (const auto& [domain, cose] : receipts) domains.push_back(domain);
    std::vector<std::string> possible;
    for (auto& own : access.own_domains(reader.published())) {
      TRY(const bool could, access.could_read(reader, own, statement.kind(), statement.subject, who));
      if (could) possible.push_back(std::move(own));
    }
    if (possible.empty()) continue;
    TRY(const auto facts, reader.facts(statement.subject));
    for (const auto& own : possible)
      if (ReadAccess(access, reader.policies(), facts, own, who).statement(statement.kind(), domains)) return true;
  }
  return false;
}

tl::unexpected<Error> no_evidence(const StatementId& id) {
  return fail(Code::not_found, "no statement " + id.text() + " is kept here");
}

}  // namespace

Result<ledger::Record> Feed::evidence(const StatementId& id, const Principal& who) const {
  TRY(const auto reader, ledger_.reader());
  TRY(auto record, reader.record(id));
  if (!record) return no_evidence(id);
  const auto sound = integrity_.check(reader, *record);
  if (!sound) {  // what it says of whom cannot be trusted: whoever may read everything is told
    for (const auto& own : access_.own_domains(reader.published()))
      if (access_.reads_entries(own, who)) return tl::unexpected(sound.error());
    return no_evidence(id);
  }
  TRY(const bool shown, readable(access_, reader, *record, who));
  if (!shown) return no_evidence(id);
  return std::move(*record);
}

Result<Bytes> Feed::receipt(const StatementId& id, std::string_view domain, const Principal& who) const {
  CHECK_OK(evidence(id, who));
  TRY(const auto reader, ledger_.reader());
  TRY(auto receipts, reader.receipts(id));
  for (auto& [where, cose] : receipts)
    if (domain.empty() || where == domain) return std::move(cose);
  return fail(Code::not_found, "no home has received this statement yet" +
              (domain.empty() ? std::string() : " in " + std::string(domain)), "ask again later");
}

Result<Feed::PolicyVersions> Feed::policy_versions(std::string_view domain_name, std::uint64_t version) const {
  const std::string domain = access_.domain_or_default(domain_name);
  TRY(const auto reader, ledger_.reader());
  if (!evidence::is_domain_name(domain)) return fail(Code::not_found, "no policy of " + domain.substr(0, 253) + " is kept here");
  TRY(const auto descriptors, reader.descriptors(domain));
  PolicyVersions versions;
  for (const auto& [number, id] : descriptors)
    if (version == 0 || number == version) versions.all.push_back(id);
  if (versions.all.empty()) return fail(Code::not_found, "no policy of " + domain + " is kept here");
  const auto* chain = reader.policies().chain(domain);
  if (chain && !chain->versions.empty() && contains(versions.all, chain->versions.back().statement))
    versions.counted = chain->versions.back().statement;
  return versions;
}

Result<std::vector<ledger::Record>> Feed::policy(std::string_view domain, std::uint64_t version) const {
  TRY(const auto versions, policy_versions(domain, version));
  std::vector<ledger::Record> records;
  for (const auto& id : versions.all) {
    TRY(auto record, stored_record(id));
    records.push_back(std::move(record));
  }
  return records;
}

Result<ledger::Record> Feed::stored_record(const StatementId& id) const {
  TRY(const auto reader, ledger_.reader());
  TRY(auto record, reader.record(id));
  if (!record) return no_evidence(id);
  CHECK_OK(integrity_.check(reader, *record));
  return std::move(*record);
}

}  // namespace cm4it::service
