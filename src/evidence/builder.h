// Lets the codecs of this room construct a Decoded. Only they include it.
#pragma once

#include "evidence/evidence.h"

namespace cm4it::evidence {

struct DecodedBuilder {
  Format format = Format::cose;
  Bytes bytes, signed_bytes, signature;
  IssuerHint issuer;
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

}  // namespace cm4it::evidence
