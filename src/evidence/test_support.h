// For this room's tests: keys out of seeds, and native statements built part by part, so that each part can be wrong.
#pragma once

#include <gtest/gtest.h>

#include "base/cbor.h"
#include "crypto/digest.h"
#include "evidence/formats/native/body.h"
#include "evidence/evidence.h"

namespace cm4it::evidence::test {

inline crypto::SignerPtr key_of(const std::string& name, crypto::Algorithm algorithm = crypto::Algorithm::eddsa) {
  return crypto::from_seed(algorithm, crypto::sha256(view("evidence test " + name))).value();
}

inline const Time now{1'800'000'000};

// A statement as encoded bytes of its parts; the signature is made over whatever they say.
struct Parts {
  crypto::SignerPtr signer = key_of("issuer");
  std::uint64_t tag = 18;
  std::int64_t alg = -8;
  std::string type = "application/cm4it-statement+cbor";
  Bytes kid = to_bytes(signer->public_key().id().digest);
  std::string iss = signer->public_key().id().text();
  std::string sub = "code:" + std::string(64, 'a');
  Bytes claims;                      // empty: of iss, sub and iat
  Bytes header;                      // empty: of alg, type, kid and claims
  Bytes unprotected = {0xa0};
  std::vector<std::string> domains = {"acme.example"};
  Bytes body = CborWriter().map(1).uint(1).text("approved").take();
  std::uint64_t kind = 2;
  Bytes payload;                     // empty: of domains, kind and body
  Bytes signature;                   // empty: the right one

  Bytes claims_bytes() const {
    if (!claims.empty()) return claims;
    return CborWriter().map(3).uint(1).text(iss).uint(2).text(sub).uint(6).integer(now.seconds).take();
  }
  Bytes header_bytes() const {
    if (!header.empty()) return header;
    return CborWriter().map(4).uint(1).integer(alg).uint(3).text(type).uint(4).bytes(kid).uint(15).raw(claims_bytes()).take();
  }
  Bytes payload_bytes() const {
    if (!payload.empty()) return payload;
    CborWriter out;
    out.map(3).uint(1).array(domains.size());
    for (const auto& domain : domains) out.text(domain);
    return out.uint(2).uint(kind).uint(3).raw(body).take();
  }
  Bytes encode() const {
    const Bytes protected_bytes = header_bytes(), said = payload_bytes();
    const Bytes to_sign = CborWriter().array(4).text("Signature1").bytes(protected_bytes).bytes({}).bytes(said).take();
    const Bytes signed_off = signature.empty() ? signer->sign(to_sign).value() : signature;
    return CborWriter().tag(tag).array(4).bytes(protected_bytes).raw(unprotected).bytes(said).bytes(signed_off).take();
  }
};

// Decoded and verified under that key, in one step.
inline Result<Verified> accept(Format format, View bytes, const crypto::PublicKey& key) {
  TRY(auto decoded, decode(format, bytes));
  return verify(std::move(decoded), key);
}

}  // namespace cm4it::evidence::test
