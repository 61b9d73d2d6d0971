// Examines one piece of evidence before it is appended: decode, check who could have the right, verify the signature. The steps are in
// intake_steps.h; every front end calls this one function.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ledger/ledger.h"
#include "policy/eligible.h"
#include "service/answers.h"

namespace cm4it::service {

// What an examination is given.
struct IntakeContext {
  const ledger::Reader& reader;
  const ledger::Options& server;      // whose homes
  std::string_view submission_domain;  // for evidence that names none; may be empty
  Time now;
  std::size_t subject_quota;
};

class VerifiedSubmission;
class VerifiedCopy;
class AddressedPolicy;
class Prepared;

// Already kept, and nothing new to add: the earlier answer. Else what to append.
using IntakeResult = std::variant<ledger::Appended, Prepared>;

class Prepared {
 public:
  ledger::Submission submission;
  // Domains of this server whose log does not take it, and others' it is not sent to.
  std::vector<std::pair<std::string, Error>> not_taken;

 private:
  // The last of the steps (intake_steps.h), and nobody else.
  friend Result<IntakeResult> prepare(VerifiedSubmission submission, const IntakeContext& context);
  friend Result<Prepared> prepare(VerifiedCopy copy, const IntakeContext& context);
  friend Result<IntakeResult> prepare(AddressedPolicy policy, std::optional<std::vector<ledger::ForeignReceipt>> receipts,
                                      const IntakeContext& context);
  Prepared(ledger::Submission what, std::vector<std::pair<std::string, Error>> where_not)
      : submission(std::move(what)), not_taken(std::move(where_not)) {}
};

// Errors are refusals (nothing is stored): malformed, too_large, unsupported, bad_signature, not_permitted, not_yet,
// misdirected.
Result<IntakeResult> examine_submission(const evidence::Piece& piece, const IntakeContext& context);

// The same for a record out of a peer's feed: verified as if a stranger had sent it, and stored if it carries a home's
// receipt (`receipts`, verified), is a policy, or is admitted to a log of this server.
Result<IntakeResult> examine_copy(const evidence::Piece& piece, const KeyId& issuer, std::vector<ledger::ForeignReceipt> receipts,
                                  const IntakeContext& context);

// Could the homes of a domain take what is stored here, as far as the policies known here tell? They alone
// say that it could, or that it is too early.
Result<policy::Eligibility> eligibility(const ledger::Record& record, const std::string& domain, const IntakeContext& context);

// Homes' clocks may be a little ahead of this one's: what their receipts tell has happened.
Time as_received(const policy::Facts& facts, Time now);

}  // namespace cm4it::service
