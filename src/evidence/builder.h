// How the codecs of this room make a Decoded. Nobody else includes it.
#pragma once

#include "evidence/evidence.h"

namespace cm4it::evidence {

struct DecodedBuilder {
  Format format = Format::cose;
  Bytes bytes, signed_bytes, signature;
  IssuerName issuer;
  std::vector<Statement> statements;
  std::optional<crypto::PublicKey> carried_key;
  std::vector<Finding> findings;

  Decoded build() && {
    Decoded decoded;
    decoded.format_ = format;
    decoded.bytes_ = std::move(bytes);
    decoded.signed_bytes_ = std::move(signed_bytes);
    decoded.signature_ = std::move(signature);
    decoded.issuer_ = std::move(issuer);
    decoded.statements_ = std::move(statements);
    decoded.carried_key_ = std::move(carried_key);
    decoded.findings_ = std::move(findings);
    return decoded;
  }
};

// `kept`: evidence that this server verified when it took it in; its keys are not examined again (that costs more than
// all the rest).
Result<Decoded> decode_cose(View bytes, bool kept);
Result<Decoded> decode_manifest(View bytes, bool kept);
Result<Decoded> decode_openpgp(View bytes, bool kept);
Result<Decoded> decode_sums(View bytes, bool kept);
Result<Decoded> decode_x509(View bytes);
Result<Decoded> decode_crl(View bytes, bool kept);
// Of kept evidence the statement alone, without its id: what its signature covers is neither assembled nor hashed.
Result<Statement> kept_cose_statement(View bytes);
// Of kept evidence what it says of that subject, without its id.
Result<std::vector<Statement>> kept_sums_statements(View bytes, const KeyId& issuer, const SubjectId& about);

// The algorithm a cose message names must be the one its issuer's key signs with.
Result<void> check_algorithm(const Decoded& decoded, const crypto::PublicKey& issuer);

// The signature of an OpenPGP piece, and the back-signature in it where its meaning needs one.
Result<void> verify_openpgp(const Decoded& decoded, const crypto::PublicKey& issuer);
// The signature over a list, and where a subkey made it those that bind it to its primary key, the issuer.
Result<void> verify_sums(const Decoded& decoded, const crypto::PublicKey& issuer);
// The signature of a certificate, under the algorithm it names.
Result<void> verify_x509(const Decoded& decoded, const crypto::PublicKey& issuer);
Result<void> verify_crl(const Decoded& decoded, const crypto::PublicKey& issuer);

}  // namespace cm4it::evidence
