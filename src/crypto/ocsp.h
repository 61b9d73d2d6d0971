// OCSP (RFC 6960): requests read strictly, answers made and signed, and the request for a delegate's certificate.
#pragma once

#include <optional>
#include <vector>

#include "base/time.h"
#include "crypto/revocation_reason.h"
#include "crypto/signer.h"

namespace cm4it::crypto {

namespace ocsp {

// Which certificate is asked for. Its issuer is known by hashes of its name and key.
struct CertId {
  std::optional<Hash> hash;   // none: one that is not computed here
  Bytes name_hash, key_hash;
  Bytes serial;               // the INTEGER's octets
  Bytes encoded;              // as it was asked, to be echoed octet for octet
};

struct Request {
  std::vector<CertId> asked;  // one at least
  Bytes nonce;                // empty: none. Of several the first: `openssl ocsp -reqin` adds one to what the file has
};

// A signature over the request is not looked at: whoever asks gets the same answer.
// Errors: malformed, too_large (budget::ocsp_request_bytes, budget::ocsp_requests).
Result<Request> parse_request(View der);

struct Revocation {
  Time at;
  std::optional<RevocationReason> reason;  // unspecified is left out, as RFC 5280 section 5.3.1 wants it
};

// What is said of one certificate.
struct Single {
  View cert_id;  // CertId::encoded
  enum class Status { good, revoked, unknown } status = Status::unknown;
  Revocation revocation;
  Time this_update;
  std::optional<Time> next_update;
};

// Answers without a signature (section 2.3). The numbers are on the wire.
enum class Refusal : std::uint8_t {
  malformed_request = 1,
  internal_error = 2,
  try_later = 3,
  sig_required = 5,
  unauthorized = 6
};
Bytes refuse(Refusal refusal);

// Who answers for one CA: its delegate, the CA itself, or a key that those who ask trust by themselves (section 4.2.2.2).
class Responder {
 public:
  // `ca`: the CA's certificate (DER). `certificates`: put into every answer, that of the key first; may be empty where the key
  // is the CA's, or is trusted by itself. Refused: a first certificate of another key; one by the CA without the extended key
  // usage OCSPSigning.
  static Result<Responder> make(SignerPtr key, View ca, const std::vector<Bytes>& certificates);

  // Errors: those of the signer.
  Result<Bytes> answer(const std::vector<Single>& singles, Time produced_at, View nonce) const;

  // Is this certificate one that the CA's key issued, as its CertId says? The name in it may be written in another way than in the
  // CA's certificate: names_ca() says whether it is as there.
  bool is_issuer(const CertId& id) const;
  bool names_ca(const CertId& id) const;
  const PublicKey& ca_key() const { return ca_key_; }
  // The CA's distinguished name: as it is compared (crypto/name.h), and for people.
  View ca_name() const { return ca_name_; }
  const std::string& ca_text() const { return ca_text_; }

  // From when to when its certificates hold (never() without any): nobody believes an answer that is made earlier or later.
  Time valid_from() const { return valid_from_; }
  Time valid_until() const { return valid_until_; }

 private:
  Responder(SignerPtr key, PublicKey ca_key) : key_(std::move(key)), ca_key_(std::move(ca_key)) {}
  void hold_within(Time from, Time until);

  // Constant after construction.
  SignerPtr key_;
  Bytes ca_name_;
  std::string ca_text_;
  PublicKey ca_key_;
  Time valid_from_{}, valid_until_ = Time::never();
  Bytes certificates_;  // [0] EXPLICIT SEQUENCE OF Certificate, or nothing
  struct Hashes {
    Hash hash;
    Bytes name, key;
  };
  std::vector<Hashes> hashes_;
};

// Does this name (DER) have the hash that the CertId has?
bool has_name(const CertId& id, View name);

// PKCS#10 (RFC 2986) for a delegate's certificate, DER: asks for OCSPSigning and for id-pkix-ocsp-nocheck (section 4.2.2.2.1).
Result<Bytes> delegate_request(const Signer& key, std::string_view common_name);

}  // namespace ocsp
}  // namespace cm4it::crypto
