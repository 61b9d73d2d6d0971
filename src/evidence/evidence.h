// Evidence: the bytes that prove statements. Each step of a submission's way is a type that only the
// next step accepts:
//   bytes ─ decode ─▶ Decoded ─ verify ─▶ Verified ─ (ledger) append ─▶ Receipt
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "crypto/certificate.h"
#include "crypto/key.h"
#include "crypto/revocation_reason.h"
#include "crypto/signer.h"
#include "evidence/issuer_hint.h"
#include "evidence/statement.h"

namespace cm4it::evidence {

// A remark on evidence that is no reason to refuse it ("the certificate's dates are past").
struct Finding { std::string what; };

// Strictly decoded, not yet believed.
class Decoded {
 public:
  Format format() const { return format_; }
  View bytes() const { return bytes_; }                 // exactly as they came (cose: unprotected header emptied)
  const IssuerHint& issuer() const { return issuer_; }
  View signed_bytes() const { return signed_bytes_; }
  View signature() const { return signature_; }
  // Kinds, subjects and bodies are what the bytes say. issuer and id are those of the claim for cose, and
  // set by verify() for formats that name their issuer otherwise.
  const std::vector<Statement>& statements() const { return statements_; }
  // The issuer's own key where the evidence carries it (an identity of the issuer itself): it proves
  // possession, and nothing about rights.
  const std::optional<crypto::PublicKey>& carried_key() const { return carried_key_; }
  const std::vector<Finding>& findings() const { return findings_; }

 private:
  friend struct DecodedBuilder;  // the codecs of this room
  friend class Verified;
  Decoded() = default;

  Format format_ = Format::cose;
  Bytes bytes_, signed_bytes_, signature_;
  IssuerHint issuer_;
  std::vector<Statement> statements_;
  std::optional<crypto::PublicKey> carried_key_;
  std::vector<Finding> findings_;
};

// One piece of evidence in one format. Errors: malformed, too_large, unsupported.
Result<Decoded> decode(Format format, View bytes);

// The signature holds under the issuer's key. Minted by verify() alone.
class Verified {
 public:
  Format format() const { return decoded_.format(); }
  View bytes() const { return decoded_.bytes(); }
  const StatementId& id() const { return id_; }
  const KeyId& issuer() const { return issuer_; }
  const std::vector<Statement>& statements() const { return decoded_.statements(); }

 private:
  friend Result<Verified> verify(Decoded decoded, const crypto::PublicKey& issuer);
  Verified(Decoded decoded, const KeyId& issuer);

  Decoded decoded_;
  KeyId issuer_;
  StatementId id_;
};

// bad_signature; not_permitted when `issuer` is not the key the evidence names.
Result<Verified> verify(Decoded decoded, const crypto::PublicKey& issuer);
// The same question, where one of several keys made the signature.
Result<void> check_signature(const Decoded& decoded, const crypto::PublicKey& issuer);

// The statements of evidence that this server verified before it stored it: no signature is checked again.
// `issuer` is the key under which it was verified; `id`, where the caller knows it, saves computing it. `about`: those of
// other subjects may be left out, where that saves making them.
Result<std::vector<Statement>> statements_of_stored(Format format, View bytes, const KeyId& issuer,
                                                  const std::optional<StatementId>& id = {}, const SubjectId* about = nullptr);

// An entry of a list that takes certificates back, where it lies in the piece.
struct RevocationEntry {
  View handle;  // as Credential::handle() has it
  Time at;      // since when it is taken back
  crypto::RevocationReason reason = crypto::RevocationReason::unspecified;
};
// False: no more of them.
using RevocationVisitor = std::function<bool(const RevocationEntry&)>;
// Entries of such a list that this server verified before it stored it, in their order, one by one. unsupported: no format of lists.
Result<void> visit_revocation_list(Format format, View bytes, const RevocationVisitor& visit);

// How many pieces codecs have read in this process, stored ones too. A look-up reads none (evidence/view_row.h).
std::uint64_t pieces_decoded();

// A leaf of a domain's log: the evidence itself for cose, deterministic CBOR [format, evidence] for the rest.
Bytes leaf_bytes(Format format, View evidence);
Result<std::pair<Format, Bytes>> parse_leaf(View leaf);

// What a client says, before it is signed.
struct Draft {
  SubjectId subject;
  std::vector<std::string> domains;  // sorted and made unique by sign()
  Body body;
  Time issued_at;
  std::optional<Time> not_before, expires;
};
// What settles something settles it for good: transfers and withdrawals bear neither nbf nor exp. What is stored and bears one counts
// for nothing. malformed names the claim.
Result<void> check_times(const Statement& statement);
// COSE_Sign1 evidence; whatever decode() would refuse is refused here, with the same words. `chain`: certificates of the issuer's
// key, its own first, which go along as x5chain (RFC 9360): where no policy lists that key, they lead to one that is.
Result<Bytes> sign(const Draft& draft, const crypto::Signer& issuer, std::span<const crypto::Certificate> chain = {});

// A submission's body, split into pieces of evidence by its media type (RFC 9110 8.3):
// application/cose, application/cm4it-statement+cbor: one · application/cbor-seq: many, as leaf_bytes() has them ·
// application/json, application/jose+json: a manifest (array or one element) · application/pgp-keys: OpenPGP
// certificates (openpgp::split_certificates() also tells what was dropped) · application/pkix-cert: one DER certificate ·
// application/x-pem-file, application/pem-certificate-chain: many in PEM · application/octet-stream: guessed from the first
// octets. unsupported for others. A file that breaks its own grammar is refused whole; of certificates the good parts are kept.
struct Piece { Format format; Bytes bytes; };
Result<std::vector<Piece>> split(std::string_view media_type, View body);
// What a piece brings along that is evidence by itself: of a manifest's element the certificates in its x5c chains (RFC 7517
// section 4.7). Whether they can be read is not asked.
std::vector<Piece> accompanying(const Piece& piece);

}  // namespace cm4it::evidence
