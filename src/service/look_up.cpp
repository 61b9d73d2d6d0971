// id → facts → fold → view, with the reader's rights applied to what is shown.
#include <algorithm>
#include <set>

#include "service/impl.h"
#include "service/sight.h"

namespace cm4it::service {
Result<void> Service::Impl::check_kept(const ledger::Published& published, const std::string& domain) const {
  if (published.domains.contains(domain) || is_home(domain)) return {};
  const auto* descriptor = published.policies->newest(domain);
  if (const auto url = descriptor ? descriptor->home_url() : ""; !url.empty()) return fail(Code::misdirected, "domain: " + domain + " is kept elsewhere", url);
  return fail(Code::not_found, "domain: " + domain + " is not kept by this server");
}

Result<policy::Facts> Service::facts(const ledger::Reader& reader, const SubjectId& subject, const ledger::Reader::AsOf& as_of) const {
  TRY(auto facts, reader.facts(subject, as_of));
  mark_restricted(facts, reader.policies());
  impl_->add_doubts(facts, reader.published());
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

// What may not be read is left out, as if it were not there. A verdict is read by a right of its own: its rules stay.
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

Result<Looked> Service::look_up(const SubjectId& subject, std::string_view domain_name, const Principal& who,
                                std::optional<Time> at) const {
  const std::string domain = impl_->domain_or_default(domain_name);
  TRY(const auto reader, impl_->ledger->reader());
  CHECK_OK(impl_->check_kept(reader.published(), domain));
  std::size_t folded = 0;
  return look(reader, subject, domain, who, at, folded);
}

Result<Looked> Service::look(const ledger::Reader& reader, const SubjectId& subject, const std::string& domain,
                             const Principal& who, std::optional<Time> at, std::size_t& folded) const {
  const auto& policies = reader.policies();
  if (policies.newest(domain)) {  // a domain without a policy that counts has no verdicts to hide
    TRY(const bool could, could_read(reader, domain, std::nullopt, subject, who));
    if (!could) return no_subject(subject);
  }
  impl_->look_ups.fetch_add(1, std::memory_order_relaxed);
  auto facts = std::make_shared<policy::Facts>();
  const Time present = impl_->now(reader.published());
  TRY(*facts, this->facts(reader, subject, {domain, at.value_or(present)}));
  folded += facts->about.size();
  for (const auto& [model, about] : facts->models) folded += about.size();
  Sight sight(*this, policies, *facts, domain, who);
  if (!sight.verdict()) return no_subject(subject);
  Looked looked{facts, policy::fold(*facts, policies, domain, at.value_or(present)), reader.published_ptr()};
  if (const auto clock = impl_->clocks.behind_homes(); !clock.empty() && !at)
    looked.verdict.reasons.push_back({policy::Reason::Outcome::met, "clock", clock, {}});
  const auto hidden = sight.hidden();
  hide(hidden, looked.verdict);
  looked.known = policies.newest(domain) ? !looked.verdict.judgements.empty() : !facts->about.empty();
  looked.open = hidden.empty();
  if (who) {
    Sight anyone(*this, policies, *facts, domain, std::nullopt);
    looked.open = anyone.verdict() && anyone.hidden().empty();
  }
  return looked;
}

Result<Service::MayAnswer> Service::may(const SubjectId& from, const SubjectId& to, std::string_view domain_name,
                                        const Principal& who) const {
  const std::string domain = impl_->domain_or_default(domain_name);
  TRY(const auto reader, impl_->ledger->reader());
  CHECK_OK(impl_->check_kept(reader.published(), domain));
  for (const auto* subject : {&from, &to}) {
    if (!reader.policies().newest(domain)) break;
    TRY(const bool could, could_read(reader, domain, std::nullopt, *subject, who));
    if (!could) return no_subject(*subject);
  }
  const Time at = impl_->now(reader.published());
  TRY(const auto from_facts, facts(reader, from, {domain, at}));
  TRY(const auto to_facts, facts(reader, to, {domain, at}));
  auto from_verdict = policy::fold(from_facts, reader.policies(), domain, at);
  auto to_verdict = policy::fold(to_facts, reader.policies(), domain, at);
  for (const auto& [facts, verdict] : {std::pair{&from_facts, &from_verdict}, {&to_facts, &to_verdict}}) {
    Sight sight(*this, reader.policies(), *facts, domain, who);
    if (!sight.verdict()) return no_subject(verdict->subject);
    hide(sight.hidden(), *verdict);
  }
  return MayAnswer{policy::may(from_verdict, to_verdict, reader.policies()), domain};
}

namespace {

Result<bool> readable(const Service& service, const ledger::Reader& reader, const ledger::Record& record,
                      const Principal& who) {
  TRY(const auto statements,
      evidence::statements_of_kept(record.format, record.evidence, record.issuer, record.id));
  TRY(const auto receipts, reader.receipts(record.id));
  for (const auto& statement : statements) {
    std::vector<std::string> domains = statement.domains;
    if (domains.empty() && !record.submission_domain.empty()) domains.push_back(record.submission_domain);
    for (const auto& [domain, cose] : receipts) domains.push_back(domain);
    std::vector<std::string> possible;
    for (auto& own : own_domains(service, reader)) {
      TRY(const bool could, service.could_read(reader, own, statement.kind(), statement.subject, who));
      if (could) possible.push_back(std::move(own));
    }
    if (possible.empty()) continue;
    TRY(const auto facts, reader.facts(statement.subject));
    for (const auto& own : possible)
      if (Sight(service, reader.policies(), facts, own, who).statement(statement.kind(), domains)) return true;
  }
  return false;
}

tl::unexpected<Error> no_evidence(const StatementId& id) {
  return fail(Code::not_found, "no statement " + id.text() + " is kept here");
}

}  // namespace

Result<ledger::Record> Service::evidence(const StatementId& id, const Principal& who) const {
  TRY(const auto reader, impl_->ledger->reader());
  TRY(auto record, reader.record(id));
  if (!record) return no_evidence(id);
  const auto sound = impl_->check_kept_evidence(reader, *record);
  if (!sound) {  // what it says of whom cannot be trusted: whoever may read everything is told
    for (const auto& own : own_domains(*this, reader))
      if (reads_entries(own, who)) return tl::unexpected(sound.error());
    return no_evidence(id);
  }
  TRY(const bool shown, readable(*this, reader, *record, who));
  if (!shown) return no_evidence(id);
  return std::move(*record);
}

Result<Bytes> Service::receipt(const StatementId& id, std::string_view domain, const Principal& who) const {
  CHECK_OK(evidence(id, who));
  TRY(const auto reader, impl_->ledger->reader());
  TRY(auto receipts, reader.receipts(id));
  for (auto& [where, cose] : receipts)
    if (domain.empty() || where == domain) return std::move(cose);
  return fail(Code::not_found, "no home has received this statement yet" +
              (domain.empty() ? std::string() : " in " + std::string(domain)), "ask again later");
}

// Keys of policies are for everybody; a subject's key is read with an identity of it.
Result<crypto::PublicKey> Service::key(const KeyId& id, const Principal& who) const {
  TRY(const auto reader, impl_->ledger->reader());
  if (const auto* key = reader.policies().find_key(id)) return *key;
  const auto unknown = fail(Code::not_found, "no key " + id.text() + " is known here");
  TRY(const bool could, could_read_any(reader, SubjectId::key(id), who));
  if (!could) return unknown;
  TRY(const auto facts, reader.facts(SubjectId::key(id)));
  for (const auto& own : own_domains(*this, reader)) {
    Sight sight(*this, reader.policies(), facts, own, who);
    for (const auto& fact : facts.about) {
      const auto* identity = std::get_if<evidence::Identity>(&fact.statement.body);
      if (identity && !identity->spki.empty() && sight.statement(Kind::identity, fact.domains))
        return crypto::PublicKey::from_canonical_spki(identity->spki);
    }
  }
  return unknown;
}

Result<Service::PolicyVersions> Service::policy_versions(std::string_view domain_name, std::uint64_t version) const {
  const std::string domain = impl_->domain_or_default(domain_name);
  TRY(const auto reader, impl_->ledger->reader());
  if (!evidence::is_domain_name(domain)) return fail(Code::not_found, "no policy of " + domain.substr(0, 253) + " is kept here");
  TRY(const auto descriptors, reader.descriptors(domain));
  PolicyVersions versions;
  for (const auto& [number, id] : descriptors)
    if (version == 0 || number == version) versions.all.push_back(id);
  if (versions.all.empty()) return fail(Code::not_found, "no policy of " + domain + " is kept here");
  const auto* chain = reader.policies().chain(domain);
  if (chain && !chain->versions.empty() && std::find(versions.all.begin(), versions.all.end(), chain->versions.back().statement) != versions.all.end())
    versions.counted = chain->versions.back().statement;
  return versions;
}

Result<std::vector<ledger::Record>> Service::policy(std::string_view domain, std::uint64_t version) const {
  TRY(const auto versions, policy_versions(domain, version));
  std::vector<ledger::Record> records;
  for (const auto& id : versions.all) {
    TRY(auto record, kept(id));
    records.push_back(std::move(record));
  }
  return records;
}

Result<ledger::Record> Service::kept(const StatementId& id) const {
  TRY(const auto reader, impl_->ledger->reader());
  TRY(auto record, reader.record(id));
  if (!record) return no_evidence(id);
  CHECK_OK(impl_->check_kept_evidence(reader, *record));
  return std::move(*record);
}

}  // namespace cm4it::service
