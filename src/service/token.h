// Verdict tokens (docs/formats/token.md): a CWT that says what a verdict was, for whom, and until when.
#pragma once

#include <optional>
#include <string>

#include "crypto/signer.h"
#include "policy/fold.h"

namespace cm4it::service {

inline constexpr const char* token_type = "application/cm4it-verdict+cwt";

// exp = min(valid until, iat + ttl). `subject` is the subject's own key: the token is bound to it (RFC 8747).
Result<Bytes> make_token(const policy::Verdict& verdict, const crypto::PublicKey& subject, Time issued_at, Seconds ttl,
                         View nonce, const crypto::Signer& server);

struct Token {
  evidence::SubjectId subject;
  std::string domain;
  policy::Admitted admitted = policy::Admitted::unknown;
  std::string status;
  Time issued_at, expires;
  Bytes confirmation;  // COSE_Key
  Bytes nonce;
};

// What the checker of a token trusts, and what it observed.
struct TokenCheck {
  std::string domain;
  crypto::PublicKey signer;                // the infield ICS's key; its algorithm with it
  crypto::PublicKey proven;                // the key proven in this very handshake
  std::optional<Time> now;                 // none: no clock; then the nonce must be the checker's own
  Bytes nonce;
};

// Refused (not_permitted, bad_signature, malformed, each naming the claim): another signer, domain or typ, a cnf that is
// not the proven key, expired, the wrong nonce, not admitted.
Result<Token> check_token(View cwt, const TokenCheck& check);

}  // namespace cm4it::service
