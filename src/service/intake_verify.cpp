// The issuer is the first candidate key under which the signature holds.
#include "base/budgets.h"
#include "service/intake_steps.h"

namespace cm4it::service {

Result<evidence::Verified> verify_under(evidence::Decoded decoded, const std::vector<crypto::PublicKey>& keys,
                                        std::optional<evidence::Verified> authenticated) {
  Error last{Code::bad_signature, "signature: no key of the issuer is known", ""};
  for (std::size_t i = 0; i < keys.size() && i < budget::candidate_keys; ++i) {
    if (authenticated && authenticated->issuer() == keys[i].id()) return std::move(*authenticated);
    auto verified = evidence::verify(i + 1 < keys.size() ? evidence::Decoded(decoded) : std::move(decoded), keys[i]);
    if (verified) return verified;
    last = std::move(verified).error();
  }
  return tl::unexpected(std::move(last));
}

Result<VerifiedSubmission> verify(Permitted permitted) {
  auto& evidence = permitted.evidence;
  TRY(auto verified, verify_under(std::move(evidence.decoded), permitted.keys, std::move(permitted.authenticated)));
  return VerifiedSubmission(std::move(verified), std::move(evidence.domains), std::move(evidence.issuer.authorities),
                            std::move(permitted.to));
}

Result<VerifiedCopy> verify(PermittedCopy permitted) {
  auto& evidence = permitted.evidence;
  TRY(auto verified, verify_under(std::move(evidence.decoded), permitted.keys, std::move(permitted.authenticated)));
  return VerifiedCopy(std::move(verified), std::move(evidence.domains), std::move(permitted.to), std::move(permitted.receipts));
}

}  // namespace cm4it::service
