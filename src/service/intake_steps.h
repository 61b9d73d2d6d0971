// The steps of one piece of evidence on its way to the appender. For intake_*.cpp only: intake_examine.h is what others call.
//
//   submission  Decoded ─ address ──────▶ Addressed ─ find_issuer ─▶ WithIssuer ─ permit ──────▶ Permitted ─────┐
//   copy        Decoded ─ address_copy ─▶ Addressed ─ find_issuer ─▶ WithIssuer ─ permit_copy ─▶ PermittedCopy ─┤
//               ┌──────────────────────────────────────── verify ───────────────────────────────────────────────┘
//               ├▶ VerifiedSubmission ─ prepare ─▶ Prepared
//               └▶ VerifiedCopy ─ prepare ─▶ Prepared
//   policy      Decoded ─ address or address_copy ─▶ AddressedPolicy ─ prepare ─▶ Prepared
//
// What a step returns can be made by that step alone: one that is left out, or taken too early, does not compile. Where what is
// stored already answers a submission, a step returns that answer instead.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/text.h"
#include "policy/issuers.h"
#include "service/intake_examine.h"

namespace cm4it::service {

// The earlier answer, or what the next step takes.
template <class Next>
using OrKnown = std::variant<ledger::Appended, Next>;

class Addressed;
class AddressedPolicy;
using AddressedEvidence = std::variant<Addressed, AddressedPolicy>;

// Evidence and the domains it speaks in: at least one.
class Addressed {
 public:
  evidence::Decoded decoded;
  std::vector<std::string> domains;

 private:
  friend Result<AddressedEvidence> address(evidence::Decoded decoded, const IntakeContext& context);
  friend Result<AddressedEvidence> address_copy(evidence::Decoded decoded, const std::vector<ledger::ForeignReceipt>& receipts,
                                                const IntakeContext& context);
  Addressed(evidence::Decoded of, std::vector<std::string> in) : decoded(std::move(of)), domains(std::move(in)) {}
};

// The same, the first statement being a policy: its own chain is asked, and no role.
class AddressedPolicy {
 public:
  evidence::Decoded decoded;
  std::vector<std::string> domains;

 private:
  friend Result<AddressedEvidence> address(evidence::Decoded decoded, const IntakeContext& context);
  friend Result<AddressedEvidence> address_copy(evidence::Decoded decoded, const std::vector<ledger::ForeignReceipt>& receipts,
                                                const IntakeContext& context);
  AddressedPolicy(evidence::Decoded of, std::vector<std::string> in) : decoded(std::move(of)), domains(std::move(in)) {}
};

// With the keys that may have signed it, as far as its name for them tells.
class WithIssuer {
 public:
  evidence::Decoded decoded;
  std::vector<std::string> domains;
  policy::IssuerKeys issuer;

 private:
  friend Result<WithIssuer> find_issuer(Addressed evidence, const IntakeContext& context);
  WithIssuer(Addressed evidence, policy::IssuerKeys keys)
      : decoded(std::move(evidence.decoded)), domains(std::move(evidence.domains)), issuer(std::move(keys)) {}
};

// Which logs take it, to which homes it is forwarded, and where it does not hold.
struct Destinations {
  std::vector<std::string> homes, elsewhere;  // domains of this server; of others, whose homes still have to receive it
  std::vector<std::pair<std::string, std::string>> undecided;  // of elsewhere, and why
  std::vector<std::pair<std::string, Bytes>> not_made;  // as ledger::Submission has them
  std::vector<std::pair<std::string, Error>> not_taken;  // the same for whoever submits it
};

// A submission whose issuer could have the right in one of its domains at least, if one of these keys signed it.
class Permitted {
 public:
  WithIssuer evidence;
  Destinations to;
  std::vector<crypto::PublicKey> keys;  // at least one
  // Set where a right depended on it: verified under the key that a policy lists for the issuer it names.
  std::optional<evidence::Verified> authenticated;

 private:
  friend Result<OrKnown<Permitted>> permit(WithIssuer evidence, const IntakeContext& context);
  Permitted(WithIssuer of, Destinations where, std::vector<crypto::PublicKey> candidates,
            std::optional<evidence::Verified> verified)
      : evidence(std::move(of)), to(std::move(where)), keys(std::move(candidates)), authenticated(std::move(verified)) {}
};

// A copy that a home has received, or that a log of this server may take.
class PermittedCopy {
 public:
  WithIssuer evidence;
  Destinations to;
  std::vector<crypto::PublicKey> keys;  // at least one
  std::optional<evidence::Verified> authenticated;  // the same
  std::vector<ledger::ForeignReceipt> receipts;

 private:
  friend Result<PermittedCopy> permit_copy(WithIssuer evidence, const KeyId& claimed,
                                           std::vector<ledger::ForeignReceipt> receipts, const IntakeContext& context);
  PermittedCopy(WithIssuer of, Destinations where, std::vector<crypto::PublicKey> candidates,
                std::optional<evidence::Verified> verified, std::vector<ledger::ForeignReceipt> with)
      : evidence(std::move(of)),
        to(std::move(where)),
        keys(std::move(candidates)),
        authenticated(std::move(verified)),
        receipts(std::move(with)) {}
};

// Under one of those keys the signature holds.
class VerifiedSubmission {
 public:
  evidence::Verified evidence;
  std::vector<std::string> domains;
  policy::Authorities authorities;  // above its issuer
  Destinations to;

 private:
  friend Result<VerifiedSubmission> verify(Permitted permitted);
  VerifiedSubmission(evidence::Verified of, std::vector<std::string> in, policy::Authorities above, Destinations where)
      : evidence(std::move(of)), domains(std::move(in)), authorities(std::move(above)), to(std::move(where)) {}
};
class VerifiedCopy {
 public:
  evidence::Verified evidence;
  std::vector<std::string> domains;
  Destinations to;
  std::vector<ledger::ForeignReceipt> receipts;

 private:
  friend Result<VerifiedCopy> verify(PermittedCopy permitted);
  VerifiedCopy(evidence::Verified of, std::vector<std::string> in, Destinations where, std::vector<ledger::ForeignReceipt> with)
      : evidence(std::move(of)), domains(std::move(in)), to(std::move(where)), receipts(std::move(with)) {}
};

// intake_issuer.cpp. malformed: it names no domain, and nor does the submission. misdirected: a submission of which this server
// holds no domain, neither as home nor as a copy. A copy that names none is of the domain of its first receipt.
Result<AddressedEvidence> address(evidence::Decoded decoded, const IntakeContext& context);
Result<AddressedEvidence> address_copy(evidence::Decoded decoded, const std::vector<ledger::ForeignReceipt>& receipts,
                                       const IntakeContext& context);
Result<WithIssuer> find_issuer(Addressed evidence, const IntakeContext& context);

// intake_rights.cpp. not_permitted or not_yet: its issuer could have the right nowhere; what can never count is not permitted
// either.
Result<OrKnown<Permitted>> permit(WithIssuer evidence, const IntakeContext& context);
// `claimed`: the issuer that its record names. not_permitted: without a receipt, and no log of this server takes it. not_yet: the
// key is not known here.
Result<PermittedCopy> permit_copy(WithIssuer evidence, const KeyId& claimed, std::vector<ledger::ForeignReceipt> receipts,
                                  const IntakeContext& context);

// intake_verify.cpp. bad_signature: under none of the keys. The first that it holds under is the issuer.
Result<VerifiedSubmission> verify(Permitted permitted);
Result<VerifiedCopy> verify(PermittedCopy permitted);
// What both do. `authenticated`: is not verified again under the same key.
Result<evidence::Verified> verify_under(evidence::Decoded decoded, const std::vector<crypto::PublicKey>& keys,
                                        std::optional<evidence::Verified> authenticated);

// intake_prepare.cpp. Only now, since the signature holds, the caller may learn what is stored. Also the errors of within_bounds().
Result<IntakeResult> prepare(VerifiedSubmission submission, const IntakeContext& context);
Result<Prepared> prepare(VerifiedCopy copy, const IntakeContext& context);
// What both append.
ledger::Submission submission_of(evidence::Verified evidence, const std::vector<std::string>& domains, Destinations to,
                                 std::vector<ledger::ForeignReceipt> receipts);
// intake_policy.cpp. `receipts`: of a copy, whose home took it already; none: a submission.
Result<IntakeResult> prepare(AddressedPolicy policy, std::optional<std::vector<ledger::ForeignReceipt>> receipts,
                             const IntakeContext& context);

// intake_bounds.cpp. What can never count, whoever says it, is not received.
Result<void> could_count(const evidence::Decoded& decoded, const IntakeContext& context);
// Of a submission that is not stored. not_permitted: its issuer has said that its key is compromised, or its time is ahead; a
// list's signer may not sign lists. too_large: more than its issuer's share, or than the subject's. not_yet, conflict: a list
// would end nothing.
Result<void> within_bounds(const VerifiedSubmission& submission, const IntakeContext& context);
// How many statements of one issuer about one subject may be stored with these; 0: any number, for what restricts.
Result<std::size_t> share_of(const std::vector<evidence::Statement>& statements, const IntakeContext& context);
// too_large. A copy follows what homes took, up to what a home can have been configured to take. What restricts always enters.
Result<void> within_bounds(const VerifiedCopy& copy, const IntakeContext& context);

inline bool is_home(std::string_view domain, const IntakeContext& context) { return contains(context.server.homes, domain); }

}  // namespace cm4it::service
