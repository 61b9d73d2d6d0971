// What is not kept though its issuer has the right: what can count for nothing, and more than its share.
#include <algorithm>

#include "base/budgets.h"
#include "evidence/codec.h"
#include "evidence/credential.h"
#include "policy/list_signers.h"
#include "service/intake_steps.h"
#include "service/restricting.h"

namespace cm4it::service {

using evidence::Statement;

Result<void> Examination::can_take_back(const evidence::Verified& evidence) {
  const Statement& statement = evidence.statements().at(0);
  const auto& crl = statement.revocations;
  if (!crl) return {};
  const auto* domain = policies_.newest(domains_[0]);
  if (domain) {
    policy::ListSigners signers(issuer_.authorities, policies_, *domain, context_.now);
    if (auto why = signers.why_not(statement); !why.empty()) return fail(Code::not_permitted, "crl: " + why);
    if (signers.has_other_names(statement))
      return fail(Code::not_yet, "crl.issuer: no certificate of its signer that is kept here has the name that " + crl->name + " gives: it would end nothing",
                  "push the CA's certificate of that name first");
  }
  TRY(const auto before, context_.reader.crl_before(evidence.issuer(), *crl));
  if (!before) return {};
  return fail(Code::conflict, "crl.cRLNumber: " + crl->name + " is newer than " + before->revocations->name + ", which is kept, and its number is not higher: "
              "it would count for nothing", "let the CA number its CRLs on from there (for `openssl ca` the file crlnumber)");
}

Result<void> Examination::within_share(const Statement& statement, const KeyId& issuer, std::size_t share) const {
  TRY(const auto own, context_.reader.count(statement.subject, issuer, share));
  if (own < share) return {};
  return fail(Code::too_large, "issuer: " + std::to_string(own) + " statements by it about this subject are kept, no more are taken",
              "raise quotas.subject_statements in icsd.toml");
}

Result<void> Examination::could_count() const {
  const auto& statements = decoded_.statements();
  const bool native = decoded_.format() == evidence::native_format;
  if (native) CHECK_OK(evidence::check_times(statements[0]));
  // A key's own word that it is compromised counts from its receipt, whatever dates it bears.
  const auto own_alarm = [](const Statement& one) { return one.component.hard_revocation || is_self_compromise(one, one.issuer); };
  if (std::all_of(statements.begin(), statements.end(), own_alarm)) return {};
  if (native && statements[0].expires && *statements[0].expires <= context_.now)
    return fail(Code::not_permitted, "claims.4: exp, " + to_rfc3339(*statements[0].expires) + ", has passed: it can count for nothing");
  if (evidence::signed_by_authorities(decoded_.format())) return {};  // valid from a time to come
  // Whether a withdrawal restricts hangs on what is kept, which nobody is told before the signature holds: withdraws_in_time().
  const auto refused = [&](const Statement& one) { return is_ahead(one) && !is_alarm(one) && one.kind() != evidence::Kind::withdraw; };
  return std::all_of(statements.begin(), statements.end(), refused) ? signed_ahead(statements[0]) : Result<void>{};
}

Result<void> Examination::signed_ahead(const Statement& statement) const {
  return fail(Code::not_permitted, std::string(statement.is_native() ? "claims.6: iat, " : "signature: its time, ") +
              to_rfc3339(statement.issued_at) + ", is more than 5 minutes ahead of this server's clock (" + to_rfc3339(context_.now) +
              "): it could count for nothing", "set the clock of whoever signs, and sign it again");
}

Result<void> Examination::withdraws_in_time(const evidence::Verified& evidence) const {
  if (evidence::signed_by_authorities(evidence.format())) return {};
  for (const Statement& statement : evidence.statements()) {
    if (!is_ahead(statement)) return {};
    TRY(const bool restricting, restricts(statement, context_.reader));
    if (restricting) return {};
  }
  return signed_ahead(evidence.statements().at(0));
}

Result<void> Examination::quota(const std::vector<Statement>& statements, View piece, const KeyId& issuer) const {
  for (const Statement& statement : statements) {
    const auto within = within_share(statement, issuer, context_.subject_quota);
    TRY(const bool restricting, restricts(statement, context_.reader));
    if (restricting) {
      if (within) continue;
      TRY(const bool adds, adds_restriction(statement, piece, issuer, context_.reader));
      if (!adds) return within;
      if (statement.kind() == evidence::Kind::withdraw && !statement.revocations)
        CHECK_OK(within_share(statement, issuer, 2 * context_.subject_quota + budget::issuer_reserve));
      continue;
    }
    CHECK_OK(within);
    TRY(const auto own, context_.reader.count(statement.subject, issuer, budget::issuer_reserve));
    if (own < budget::issuer_reserve) continue;
    TRY(const auto all, context_.reader.count(statement.subject, budget::subject_quota));
    if (all >= budget::subject_quota)
      return fail(Code::too_large, "subject: " + std::to_string(all) + " statements about it are kept, only alarms and revocations are taken");
  }
  return {};
}

Result<void> Examination::set_share(ledger::Submission& submission) const {
  submission.share = context_.subject_quota;
  for (const Statement& statement : submission.evidence.statements()) {
    TRY(const bool restricting, restricts(statement, context_.reader));
    if (restricting) submission.share = 0;
  }
  return {};
}

Result<void> Examination::quota_of_copy(const evidence::Verified& evidence) const {
  for (const Statement& statement : evidence.statements()) {
    TRY(const bool restricting, restricts(statement, context_.reader));
    if (restricting) continue;
    if (within_share(statement, evidence.issuer(), budget::subject_quota)) continue;
    TRY(const auto kept, context_.reader.record(evidence.id()));
    if (!kept) return within_share(statement, evidence.issuer(), budget::subject_quota);
  }
  return {};
}

}  // namespace cm4it::service
