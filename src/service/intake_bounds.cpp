// Statements that are refused although their issuer has the right: those that could never count, and those beyond the issuer's share.
#include <algorithm>

#include "base/budgets.h"
#include "evidence/codec.h"
#include "evidence/credential.h"
#include "policy/list_signers.h"
#include "service/intake_facts.h"
#include "service/intake_steps.h"
#include "service/restricting.h"

namespace cm4it::service {
namespace {

using evidence::Statement;

bool is_ahead(const Statement& statement, Time now) { return statement.issued_at > now + budget::clock_skew_seconds; }

Result<void> signed_ahead(const Statement& statement, Time now) {
  return fail(Code::not_permitted, std::string(statement.is_native() ? "claims.6: iat, " : "signature: its time, ") +
              to_rfc3339(statement.issued_at) + ", is more than 5 minutes ahead of this server's clock (" + to_rfc3339(now) +
              "): it could count for nothing", "set the clock of whoever signs, and sign it again");
}

// A CRL that could end nothing is not taken in silence. One that is newer and bears no higher number would count for nothing: a CA
// that was set back does not notice by itself.
Result<void> can_take_back(const VerifiedSubmission& submission, const IntakeContext& context) {
  const Statement& statement = submission.evidence.statements().at(0);
  const auto& crl = statement.revocations;
  if (!crl) return {};
  const auto& policies = context.reader.policies();
  if (const auto* domain = policies.newest(submission.domains[0])) {
    policy::ListSigners signers(submission.authorities, policies, *domain, context.now);
    if (auto why = signers.why_not(statement); !why.empty()) return fail(Code::not_permitted, "crl: " + why);
    if (signers.has_other_names(statement))
      return fail(Code::not_yet, "crl.issuer: no certificate of its signer that is kept here has the name that " + crl->name + " gives: it would end nothing",
                  "push the CA's certificate of that name first");
  }
  TRY(const auto before, context.reader.crl_before(submission.evidence.issuer(), *crl));
  if (!before) return {};
  return fail(Code::conflict, "crl.cRLNumber: " + crl->name + " is newer than " + before->revocations->name + ", which is kept, and its number is not higher: "
              "it would count for nothing", "let the CA number its CRLs on from there (for `openssl ca` the file crlnumber)");
}

Result<void> within_share(const Statement& statement, const KeyId& issuer, std::size_t share, const ledger::Reader& reader) {
  TRY(const auto own, reader.count(statement.subject, issuer, share));
  if (own < share) return {};
  return fail(Code::too_large, "issuer: " + std::to_string(own) + " statements by it about this subject are kept, no more are taken",
              "raise quotas.subject_statements in icsd.toml");
}

// A statement that restricts is taken whatever its signer's clock says; a withdrawal that lifts an alarm is checked like any other.
Result<void> withdraws_in_time(const evidence::Verified& evidence, const IntakeContext& context) {
  if (evidence::signed_by_authorities(evidence.format())) return {};
  for (const Statement& statement : evidence.statements()) {
    if (!is_ahead(statement, context.now)) return {};
    TRY(const bool restricting, restricts(statement, context.reader));
    if (restricting) return {};
  }
  return signed_ahead(evidence.statements().at(0), context.now);
}

// An issuer's share of the statements about a subject does not depend on the other issuers, so nobody can use it up for another. All of them together
// are bounded too, but for the first few of each. What restricts always enters, unless it repeats what is stored already.
Result<void> within_quota(const evidence::Verified& evidence, const IntakeContext& context) {
  const auto& reader = context.reader;
  const auto& issuer = evidence.issuer();
  for (const Statement& statement : evidence.statements()) {
    const auto within = within_share(statement, issuer, context.subject_quota, reader);
    TRY(const bool restricting, restricts(statement, reader));
    if (restricting) {
      if (within) continue;
      TRY(const bool adds, adds_restriction(statement, evidence.bytes(), issuer, reader));
      if (!adds) return within;
      if (statement.kind() == evidence::Kind::withdraw && !statement.revocations)
        CHECK_OK(within_share(statement, issuer, 2 * context.subject_quota + budget::issuer_reserve, reader));
      continue;
    }
    CHECK_OK(within);
    TRY(const auto own, reader.count(statement.subject, issuer, budget::issuer_reserve));
    if (own < budget::issuer_reserve) continue;
    TRY(const auto all, reader.count(statement.subject, budget::subject_quota));
    if (all >= budget::subject_quota)
      return fail(Code::too_large, "subject: " + std::to_string(all) + " statements about it are kept, only alarms and revocations are taken");
  }
  return {};
}

}  // namespace

Result<void> could_count(const evidence::Decoded& decoded, const IntakeContext& context) {
  const auto& statements = decoded.statements();
  const bool native = decoded.format() == evidence::native_format;
  if (native) CHECK_OK(evidence::check_times(statements[0]));
  // A key's declaration that it is compromised counts from its receipt, whatever dates it bears.
  const auto own_alarm = [](const Statement& one) { return one.component.hard_revocation || is_self_compromise(one, one.issuer); };
  if (std::all_of(statements.begin(), statements.end(), own_alarm)) return {};
  if (native && statements[0].expires && *statements[0].expires <= context.now)
    return fail(Code::not_permitted, "claims.4: exp, " + to_rfc3339(*statements[0].expires) + ", has passed: it can count for nothing");
  if (evidence::signed_by_authorities(decoded.format())) return {};  // valid from a time to come
  // Whether a withdrawal restricts depends on what is stored, which nobody may learn before the signature holds: withdraws_in_time().
  const auto refused = [&](const Statement& one) { return is_ahead(one, context.now) && !is_alarm(one) && one.kind() != evidence::Kind::withdraw; };
  return std::all_of(statements.begin(), statements.end(), refused) ? signed_ahead(statements[0], context.now) : Result<void>{};
}

Result<void> within_bounds(const VerifiedSubmission& submission, const IntakeContext& context) {
  const auto& evidence = submission.evidence;
  CHECK_OK(may_still_speak(context.reader, evidence.statements(), evidence.issuer()));
  CHECK_OK(withdraws_in_time(evidence, context));
  CHECK_OK(within_quota(evidence, context));
  return can_take_back(submission, context);
}

Result<std::size_t> share_of(const std::vector<Statement>& statements, const IntakeContext& context) {
  std::size_t share = context.subject_quota;
  for (const Statement& statement : statements) {
    TRY(const bool restricting, restricts(statement, context.reader));
    if (restricting) share = 0;
  }
  return share;
}

Result<void> within_bounds(const VerifiedCopy& copy, const IntakeContext& context) {
  const auto& evidence = copy.evidence;
  for (const Statement& statement : evidence.statements()) {
    TRY(const bool restricting, restricts(statement, context.reader));
    if (restricting) continue;
    const auto within = within_share(statement, evidence.issuer(), budget::subject_quota, context.reader);
    if (within) continue;
    TRY(const auto stored, context.reader.record(evidence.id()));
    if (!stored) return within;
  }
  return {};
}

}  // namespace cm4it::service
