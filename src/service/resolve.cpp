// Names → subjects, as the asker may see them, by what counts.
#include <algorithm>
#include <map>

#include "evidence/names.h"
#include "policy/temporal_rules.h"
#include "service/resolve.h"
#include "service/verdicts.h"

namespace cm4it::service {
namespace {

// Of natively signed identities only each issuer's newest counts for names; several certificates of one issuer count side by side.
std::map<KeyId, const policy::Judgement*> newest_native(const policy::Verdict& verdict) {
  std::map<KeyId, const policy::Judgement*> newest;
  for (const auto& judgement : verdict.judgements) {
    const auto& statement = judgement.fact->statement;
    if (!judgement.counts || statement.kind() != Kind::identity || !statement.is_native()) continue;
    auto& latest = newest[statement.issuer];
    if (!latest || policy::TemporalRules::said_at(judgement) >= policy::TemporalRules::said_at(*latest)) latest = &judgement;
  }
  return newest;
}

// Names that are derived from the key itself: no statement gives them, so no statement can take them away.
bool is_of_key(std::string_view alias) { return alias.starts_with("key:") || alias.starts_with("fpr:") || alias.starts_with("keyid:"); }

}  // namespace

bool bears_now(const policy::Verdict& verdict, std::string_view name) {
  const std::string alias = evidence::alias_key(name);
  if (is_of_key(alias)) return true;
  const auto newest = newest_native(verdict);
  return std::any_of(verdict.judgements.begin(), verdict.judgements.end(), [&](const policy::Judgement& judgement) {
    const auto& statement = judgement.fact->statement;
    if (!judgement.counts) return false;
    if (const auto last = newest.find(statement.issuer); statement.kind() == Kind::identity && statement.is_native() &&
                                                         last != newest.end() && last->second != &judgement)
      return false;
    const auto aliases = evidence::aliases_of(statement);
    return std::any_of(aliases.begin(), aliases.end(), [&](const evidence::Alias& one) { return one.name == alias; });
  });
}

Result<SubjectId> Verdicts::resolve(std::string_view name, std::string_view domain_name, const Principal& who) const {
  using Bears = ledger::Reader::Bears;
  const std::string domain = access_.domain_or_default(domain_name);
  TRY(const auto reader, ledger_.reader());
  CHECK_OK(access_.check_held(reader.published(), domain));  // first, or it would tell that the name is somebody's
  std::size_t folded = 0;
  bool all = true;
  auto found = reader.resolve(name, [&](const SubjectId& subject) -> Result<Bears> {
    all &= folded < most_folded_;
    if (!all) return Bears::hidden;
    const auto looked = look_up_in(reader, subject, domain, who, {}, folded);
    if (!looked && looked.error().code != Code::not_found) return tl::unexpected(looked.error());
    if (!looked || !looked->known) return Bears::hidden;
    return bears_now(looked->verdict, name) ? Bears::now : Bears::formerly;
  });
  if (found && !all)
    return fail(Code::ambiguous, "\"" + std::string(name) + "\" is a name of many subjects", found->text());
  return found;
}

Result<std::vector<SubjectId>> Verdicts::named_by(const KeyId& issuer, std::string_view name) const {
  TRY(const auto reader, ledger_.reader());
  std::vector<SubjectId> subjects;
  std::size_t examined = 0;
  Result<void> outcome;
  CHECK_OK(reader.named(name, [&](const SubjectId& subject, evidence::AliasRank) {
    const auto said = reader.count(subject, issuer, 1);
    if (!said) outcome = tl::unexpected(said.error());
    else if (*said > 0) subjects.push_back(subject);
    return outcome && subjects.size() < budget::certificates_of_one_name && ++examined < budget::search_examined;
  }));
  CHECK_OK(outcome);
  return subjects;
}

}  // namespace cm4it::service
