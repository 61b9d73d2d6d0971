// Who may have said it: the keys under which a piece of evidence is looked at.
#include "service/intake_steps.h"
#include "service/key_index.h"

namespace cm4it::service {

using evidence::Decoded;

Result<void> Examination::find_keys() {
  TRY(issuer_, policy::candidate_keys(decoded_, domains_, policies_, LedgerKeyIndex(context_.reader)));
  return {};
}

Result<void> Examination::find_issuer(const KeyId& claimed) {
  if (const auto& named = decoded_.issuer().key; named && *named != claimed) return fail(Code::malformed, "record.3: not the issuer that the evidence names");
  keys_ = policy::keys_of_copy(decoded_, claimed, issuer_, policies_);
  if (keys_.empty())
    return fail(Code::not_yet, "issuer: no policy that is known here lists the key " + claimed.text() +
                (decoded_.format() == evidence::certificate_format ? ", and no certificate of a CA with it is kept" : ""),
                "it is tried again when a policy comes");
  return {};
}

Result<void> Examination::authenticate() {
  const auto& claimed = decoded_.issuer().key;
  const auto* key = claimed && !authentic_ ? policies_.find_key(*claimed) : nullptr;
  if (!key) return {};
  TRY(authentic_, evidence::verify(Decoded(decoded_), *key));
  return {};
}

}  // namespace cm4it::service
