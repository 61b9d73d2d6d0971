// If a maker gives one serial number to two things the name becomes ambiguous, also for buyers, so the submitter is warned at once.
#include "service/serials.h"

#include <algorithm>
#include <set>

#include "evidence/names.h"
#include "service/resolve.h"
#include "service/verdicts.h"

namespace cm4it::service {
namespace {

constexpr std::size_t most_looked_at = 4;  // subjects of one serial
constexpr std::size_t most_folded_of_all = 10'000;  // statements, for all that one submission is told
constexpr std::size_t shown_digits = 16;   // of an id: as many as lead to it

// Whether an identity that counts, by the same issuer or for the same maker, gives it this serial.
bool is_of_same_maker(const policy::Verdict& verdict, const SerialUse& use) {
  return std::any_of(verdict.judgements.begin(), verdict.judgements.end(), [&](const policy::Judgement& judgement) {
    const auto* identity = std::get_if<evidence::Identity>(&judgement.fact->statement.body);
    return judgement.counts && identity && evidence::case_folded(identity->serial) == evidence::case_folded(use.serial) &&
           (judgement.fact->statement.issuer == use.issuer ||
            (!use.maker.empty() && evidence::case_folded(identity->maker) == evidence::case_folded(use.maker)));
  });
}

std::string described(const policy::Verdict& verdict) {
  const std::string id = verdict.subject.text();
  std::string what;
  if (verdict.identity)
    for (const auto* part : {&verdict.identity->maker, &verdict.identity->model})
      if (!part->empty()) what += (what.empty() ? "" : " ") + *part;
  if (verdict.status) what += (what.empty() ? "" : ", ") + std::string(evidence::to_string(*verdict.status));
  return id.substr(0, id.find(':') + 1 + shown_digits) + (what.empty() ? "" : " (" + what + ")");
}

}  // namespace

std::optional<SerialUse> serial_use_of(const std::vector<evidence::Statement>& statements) {
  for (const auto& statement : statements)
    if (const auto* identity = std::get_if<evidence::Identity>(&statement.body); identity && !identity->serial.empty())
      return SerialUse{statement.subject, statement.issuer, identity->serial, identity->maker};
  return {};
}

Result<std::vector<std::string>> Verdicts::same_serials(const SerialUse& use, const std::string& domain, const Principal& who, std::size_t& folded) const {
  TRY(const auto reader, ledger_.reader());
  std::set<SubjectId> others;
  CHECK_OK(reader.named("serial:" + use.serial, [&](const SubjectId& subject, evidence::AliasRank rank) {
    if (rank != evidence::AliasRank::own) return false;
    if (subject != use.subject) others.insert(subject);
    return others.size() < most_looked_at;
  }));
  std::vector<std::string> warnings;
  for (const auto& other : others) {
    if (folded >= most_folded_of_all) break;
    const auto looked = look_up_in(reader, other, domain, who, {}, folded);
    if (looked && looked->known && bears_now(looked->verdict, "serial:" + use.serial) && is_of_same_maker(looked->verdict, use))
      warnings.push_back("the serial " + use.serial + " is given twice: " + described(looked->verdict) + " has it too, by the same maker");
  }
  return warnings;
}

}  // namespace cm4it::service
