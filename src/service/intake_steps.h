// One piece of evidence on its way to the appender. For intake_*.cpp only: intake_examine.h is what others call.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/budgets.h"
#include "base/text.h"
#include "policy/issuers.h"
#include "service/intake_examine.h"

namespace cm4it::service {

class Examination {
 public:
  Examination(evidence::Decoded decoded, const IntakeContext& context)
      : decoded_(std::move(decoded)), context_(context), policies_(context.reader.policies()) {}

  Result<IntakeResult> submission();
  Result<policy::Eligibility> could_enter(const std::string& domain);
  Result<IntakeResult> copy(const KeyId& issuer, std::vector<ledger::ForeignReceipt> receipts);

 private:
  static constexpr std::size_t most_transferred = 32;  // subjects looked at to find where a policy is judged by

  bool is_policy() const;
  bool is_home(std::string_view domain) const { return contains(context_.server.homes, domain); }
  // Somewhere in this server: as home, or as a copy.
  Result<void> held_somewhere() const;
  // Where the owner is known, and by more than a sale; strangers can introduce any number of domains.
  bool forwards_policies_of(const std::string& domain) const;
  // Sent once more as it is kept, signature and all: whoever can do that has seen it, and it was verified when it came.
  Result<std::optional<IntakeResult>> repeated() const;
  // The same statement, whatever its signature bytes or its unsigned parts: the first receipt answers it.
  Result<std::optional<IntakeResult>> already_known(const evidence::StatementId& id, const KeyId& issuer,
                                              const std::vector<std::string>& taken_in) const;
  Result<IntakeResult> verified(std::vector<ledger::ForeignReceipt> receipts);

  // intake_issuer.cpp
  // The keys that may have signed it, as far as its name for them tells.
  Result<void> find_keys();
  // Of a copy that no log here takes: the key that its record names.
  Result<void> find_issuer(const KeyId& claimed);
  // What follows hangs on what is kept of the subject: whoever only uses an issuer's name is told nothing of it.
  Result<void> authenticate();

  // intake_bounds.cpp
  // A CRL that could end nothing is not taken in silence. One that is newer and bears no higher number would count for nothing: a CA
  // that was set back does not notice by itself.
  Result<void> can_take_back(const evidence::Verified& evidence);
  Result<void> within_share(const evidence::Statement& statement, const KeyId& issuer, std::size_t share) const;
  // What can never count, whoever says it, is not received.
  Result<void> could_count() const;
  bool is_ahead(const evidence::Statement& statement) const { return statement.issued_at > context_.now + budget::clock_skew_seconds; }
  Result<void> signed_ahead(const evidence::Statement& statement) const;
  // What restricts enters whatever its signer's clock says; a withdrawal that lifts an alarm is bound as every other statement is.
  Result<void> withdraws_in_time(const evidence::Verified& evidence) const;
  // What an issuer may say of a subject does not hang on how much others said: they cannot use up its share. All of them together
  // are bounded too, but for the first few of each. What restricts always enters, unless it says only what is kept already.
  Result<void> quota(const std::vector<evidence::Statement>& statements, View piece, const KeyId& issuer) const;
  Result<void> set_share(ledger::Submission& submission) const;
  // A copy follows what homes took, up to what a home can have been configured to take. What restricts always enters.
  Result<void> quota_of_copy(const evidence::Verified& evidence) const;

  // intake_rights.cpp
  Result<policy::Eligibility> eligible_in(const std::string& domain);
  // Where the issuer could have the right: into our own logs, or on to others' homes.
  Result<void> judge_rights();
  // What another domain's home would make of it is for that home to say, unless its policy here says no, or nothing tells who that
  // home is.
  void not_here(const std::string& domain, const policy::Eligibility& eligibility);
  Result<void> judge_rights_at_homes();
  // Of several refusals the one that may still change, and of those our own domain's, says most.
  void remember(const std::string& domain, const policy::Eligibility& eligibility);
  static Error error_of(const policy::Eligibility& eligibility);

  // intake_policy.cpp
  // The logs of this server that bear witness to when a policy came: its own domain's, and of those that judge by it: they refer to
  // that domain, or something was handed over to it there.
  Result<std::vector<std::string>> homes_of_policy(const std::string& domain) const;
  // Anybody may introduce a domain: for what nothing pins the ledger makes room (ledger/unpinned.h).
  Result<void> room_for(const std::string& domain, std::size_t kept) const;
  // `copied`: out of a feed; the home took it already.
  Result<IntakeResult> policy_evidence(bool copied, std::vector<ledger::ForeignReceipt> receipts = {});

  evidence::Decoded decoded_;
  const IntakeContext& context_;
  const policy::Policies& policies_;
  std::vector<std::string> domains_, homes_, elsewhere_;
  std::vector<std::pair<std::string, std::string>> undecided_;  // of elsewhere_, and why
  std::vector<std::pair<std::string, Bytes>> not_made_;
  policy::IssuerKeys issuer_;
  std::vector<crypto::PublicKey> keys_;
  std::optional<evidence::Verified> authentic_;  // under the key that a policy lists for the issuer it names
  std::optional<Error> refusal_;
  std::vector<std::pair<std::string, Error>> not_taken_;
};

}  // namespace cm4it::service
