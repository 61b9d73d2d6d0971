// Looks up a subject: id → facts → fold → view. The reader's rights decide what of it is shown.
#include <algorithm>
#include <set>

#include "service/doubts.h"
#include "service/read_access.h"
#include "service/verdicts.h"

namespace cm4it::service {

Result<policy::Facts> Verdicts::facts(const ledger::Reader& reader, const SubjectId& subject, const ledger::Reader::AsOf& as_of) const {
  TRY(auto facts, reader.facts(subject, as_of));
  access_.mark_restricted(facts, reader.policies());
  add_doubts(facts, reader.published(), clocks_, ledger_.signing_refusal());
  return facts;
}

namespace {

tl::unexpected<Error> no_subject(const SubjectId& subject) {
  return fail(Code::not_found, "no subject " + subject.text() + " is known here");
}

}  // namespace

namespace {

// Whose a subject is follows from a transfer, before the first one from identities; a model's holder stands in its name.
bool shows_holder(const std::set<StatementId>& hidden, const policy::Verdict& verdict) {
  if (verdict.subject.kind == evidence::SubjectKind::model) return true;
  bool transferred = false, to_holder = false, identified = true;
  for (const auto& judgement : verdict.judgements) {
    const auto& statement = judgement.fact->statement;
    if (!judgement.counts) continue;
    const bool shown = !hidden.contains(statement.id);
    if (const auto* transfer = std::get_if<evidence::Transfer>(&statement.body)) {
      transferred = true;
      to_holder |= shown && transfer->domain == verdict.holder;
    } else if (statement.kind() == Kind::identity) {
      identified &= shown;
    }
  }
  return transferred ? to_holder : identified;
}

// Statements that may not be read are left out, as if they did not exist. The verdict has a read right of its own, so its reasons stay.
void hide(const std::set<StatementId>& hidden, policy::Verdict& verdict) {
  if (hidden.empty()) return;
  if (!shows_holder(hidden, verdict)) {
    verdict.holder.clear();
    verdict.contradiction = false;
  }
  const auto forget = [&](std::optional<StatementId>& statement) {
    if (!statement || !hidden.contains(*statement)) return false;
    statement.reset();
    return true;
  };
  for (auto& reason : verdict.reasons) forget(reason.statement);
  for (auto& judgement : verdict.judgements) forget(judgement.decided_by);
  std::erase_if(verdict.judgements, [&](const policy::Judgement& one) { return hidden.contains(one.fact->statement.id); });
  std::erase_if(verdict.endorsements, [&](const policy::Endorsement& one) { return hidden.contains(one.statement); });
  if (forget(verdict.identity_statement)) verdict.identity.reset();
  if (forget(verdict.cloud_statement)) verdict.cloud.clear();
  if (forget(verdict.status_statement)) verdict.status.reset();
}

}  // namespace

Result<SubjectView> Verdicts::look_up(const SubjectId& subject, std::string_view domain_name, const Principal& who,
                                std::optional<Time> at) const {
  const std::string domain = access_.domain_or_default(domain_name);
  TRY(const auto reader, ledger_.reader());
  CHECK_OK(access_.check_held(reader.published(), domain));
  std::size_t folded = 0;
  return look_up_in(reader, subject, domain, who, at, folded);
}

Result<SubjectView> Verdicts::look_up_in(const ledger::Reader& reader, const SubjectId& subject, const std::string& domain,
                             const Principal& who, std::optional<Time> at, std::size_t& folded) const {
  const auto& policies = reader.policies();
  if (policies.newest(domain)) {  // a domain without a policy that counts has no verdicts to hide
    TRY(const bool could, access_.could_read(reader, domain, std::nullopt, subject, who));
    if (!could) return no_subject(subject);
  }
  look_ups_.fetch_add(1, std::memory_order_relaxed);
  auto facts = std::make_shared<policy::Facts>();
  const Time present = clocks_.now(reader.published());
  TRY(*facts, this->facts(reader, subject, {domain, at.value_or(present)}));
  folded += facts->about.size();
  for (const auto& [model, about] : facts->models) folded += about.size();
  ReadAccess sight(access_, policies, *facts, domain, who);
  if (!sight.verdict()) return no_subject(subject);
  SubjectView looked{facts, policy::fold(*facts, policies, domain, at.value_or(present)), reader.published_ptr()};
  if (const auto clock = clocks_.homes().behind_homes(); !clock.empty() && !at)
    looked.verdict.reasons.push_back({policy::Reason::Outcome::met, "clock", clock, {}});
  const auto hidden = sight.hidden();
  hide(hidden, looked.verdict);
  looked.known = policies.newest(domain) ? !looked.verdict.judgements.empty() : !facts->about.empty();
  looked.open = hidden.empty();
  if (who) {
    ReadAccess anyone(access_, policies, *facts, domain, std::nullopt);
    looked.open = anyone.verdict() && anyone.hidden().empty();
  }
  return looked;
}

Result<Verdicts::MayAnswer> Verdicts::may(const SubjectId& from, const SubjectId& to, std::string_view domain_name,
                                        const Principal& who) const {
  const std::string domain = access_.domain_or_default(domain_name);
  TRY(const auto reader, ledger_.reader());
  CHECK_OK(access_.check_held(reader.published(), domain));
  for (const auto* subject : {&from, &to}) {
    if (!reader.policies().newest(domain)) break;
    TRY(const bool could, access_.could_read(reader, domain, std::nullopt, *subject, who));
    if (!could) return no_subject(*subject);
  }
  const Time at = clocks_.now(reader.published());
  TRY(const auto from_facts, facts(reader, from, {domain, at}));
  TRY(const auto to_facts, facts(reader, to, {domain, at}));
  auto from_verdict = policy::fold(from_facts, reader.policies(), domain, at);
  auto to_verdict = policy::fold(to_facts, reader.policies(), domain, at);
  for (const auto& [facts, verdict] : {std::pair{&from_facts, &from_verdict}, {&to_facts, &to_verdict}}) {
    ReadAccess sight(access_, reader.policies(), *facts, domain, who);
    if (!sight.verdict()) return no_subject(verdict->subject);
    hide(sight.hidden(), *verdict);
  }
  return MayAnswer{policy::may(from_verdict, to_verdict, reader.policies()), domain};
}

// A key that a policy lists is for everybody; a subject's key may be read by those who may read an identity of it.
Result<crypto::PublicKey> Verdicts::key(const KeyId& id, const Principal& who) const {
  TRY(const auto reader, ledger_.reader());
  if (const auto* key = reader.policies().find_key(id)) return *key;
  const auto unknown = fail(Code::not_found, "no key " + id.text() + " is known here");
  TRY(const bool could, access_.could_read_any(reader, SubjectId::key(id), who));
  if (!could) return unknown;
  TRY(const auto facts, reader.facts(SubjectId::key(id)));
  for (const auto& own : access_.own_domains(reader.published())) {
    ReadAccess sight(access_, reader.policies(), facts, own, who);
    for (const auto& fact : facts.about) {
      const auto* identity = std::get_if<evidence::Identity>(&fact.statement.body);
      if (identity && !identity->spki.empty() && sight.statement(Kind::identity, fact.domains))
        return crypto::PublicKey::from_canonical_spki(identity->spki);
    }
  }
  return unknown;
}

}  // namespace cm4it::service
