// Prepares what is appended once the signature is verified. Only now may the answer depend on what is stored: who guesses a statement
// must not learn whether it was made.
#include "service/intake_facts.h"
#include "service/intake_steps.h"

namespace cm4it::service {

Result<IntakeResult> prepare(VerifiedSubmission submission, const IntakeContext& context) {
  const auto& id = submission.evidence.id();
  TRY(auto known, find_known(id, submission.domains, submission.domains, context));
  if (known) return IntakeResult(std::move(*known));
  TRY(const auto share, share_of(submission.evidence.statements(), context));
  TRY(const auto stored, context.reader.record(id));
  if (!stored) CHECK_OK(within_bounds(submission, context));
  auto not_taken = std::move(submission.to.not_taken);
  Prepared prepared(submission_of(std::move(submission.evidence), submission.domains, std::move(submission.to), {}),
                    std::move(not_taken));
  prepared.submission.share = share;
  return IntakeResult(std::move(prepared));
}

Result<Prepared> prepare(VerifiedCopy copy, const IntakeContext& context) {
  CHECK_OK(within_bounds(copy, context));
  return Prepared(submission_of(std::move(copy.evidence), copy.domains, std::move(copy.to), std::move(copy.receipts)), {});
}

ledger::Submission submission_of(evidence::Verified evidence, const std::vector<std::string>& domains, Destinations to,
                                 std::vector<ledger::ForeignReceipt> receipts) {
  auto submission_domain = evidence.format() == evidence::native_format ? std::string() : domains[0];
  return {std::move(evidence),     std::move(submission_domain), std::move(to.homes),   std::move(receipts),
          std::move(to.elsewhere), std::move(to.undecided),      std::move(to.not_made)};
}

}  // namespace cm4it::service
