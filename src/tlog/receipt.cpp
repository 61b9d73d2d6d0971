#include "tlog/receipt.h"

#include "base/cbor.h"
#include "tlog/merkle.h"

namespace cm4it::tlog {
namespace {

// Labels of RFC 9942 and RFC 9597.
constexpr std::int64_t label_alg = 1, label_kid = 4, label_claims = 15, label_vds = 395, label_proofs = 396;
constexpr std::int64_t vds_rfc9162_sha256 = 1, proof_inclusion = -1;
constexpr std::int64_t claim_iss = 1, claim_iat = 6;
constexpr std::size_t longest_path = 64;

Bytes protected_header(const BatchSignature& batch) {
  CborWriter out;
  out.map(4).integer(label_alg).integer(crypto::cose_id(crypto::Algorithm::eddsa));
  out.integer(label_kid).bytes(batch.log.digest);
  out.integer(label_claims).map(2).integer(claim_iss).text(batch.origin).integer(claim_iat).integer(batch.received.seconds);
  out.integer(label_vds).integer(vds_rfc9162_sha256);
  return out.take();
}

// RFC 9052 section 4.4, the detached payload being the root.
Bytes sig_structure(const BatchSignature& batch) {
  CborWriter out;
  out.array(4).text("Signature1").bytes(protected_header(batch)).bytes({}).bytes(batch.root);
  return out.take();
}

tl::unexpected<Error> bad_receipt(const std::string& what) {
  return fail(Code::malformed, "receipt: " + what, "RFC 9942 section 5.2");
}

Result<void> read_claims(CborReader& reader, BatchSignature& batch) {
  bool iss = false, iat = false;
  CHECK_OK(reader.int_map([&](std::int64_t claim) -> Result<void> {
    if (claim == claim_iss) {
      TRY(batch.origin, reader.text());
      iss = true;
    } else if (claim == claim_iat) {
      TRY(batch.received.seconds, reader.integer());
      iat = true;
    } else {
      return bad_receipt("unknown claim " + std::to_string(claim));
    }
    return {};
  }));
  if (!iss || !iat) return bad_receipt("iss (1) and iat (6) expected among its claims");
  return {};
}

Result<void> read_protected(View header, BatchSignature& batch) {
  CborReader reader(header);
  bool alg = false, vds = false, kid = false, claims = false;
  CHECK_OK(reader.int_map([&](std::int64_t label) -> Result<void> {
    switch (label) {
      case label_alg: {
        TRY(const auto value, reader.integer());
        alg = value == crypto::cose_id(crypto::Algorithm::eddsa);
        return {};
      }
      case label_vds: {
        TRY(const auto value, reader.integer());
        vds = value == vds_rfc9162_sha256;
        return {};
      }
      case label_kid: {
        TRY(const View value, reader.bytes());
        kid = value.size() == 32;
        if (kid) std::copy(value.begin(), value.end(), batch.log.digest.begin());
        return {};
      }
      case label_claims: claims = true; return read_claims(reader, batch);
      default: return bad_receipt("unknown protected label " + std::to_string(label));
    }
  }));
  CHECK_OK(reader.end());
  if (!alg || !vds || !kid || !claims) return bad_receipt("alg EdDSA, kid, claims and RFC9162_SHA256 (395: 1) expected");
  return {};
}

// inclusion proof = bstr .cbor [tree_size: uint, leaf_index: uint, [* bstr .size 32]]
Result<void> read_proof(View proof, Receipt& receipt) {
  CborReader reader(proof);
  TRY(const auto items, reader.array());
  if (items != 3) return bad_receipt("an inclusion proof has three items");
  TRY(receipt.batch.tree_size, reader.uint());
  TRY(receipt.index, reader.uint());
  TRY(const auto hashes, reader.array());
  if (hashes > longest_path) return fail(Code::too_large, "receipt: a path of more than 64 hashes");
  for (std::size_t i = 0; i < hashes; ++i) {
    TRY(const View hash, reader.bytes());
    if (hash.size() != 32) return bad_receipt("a hash of the path has 32 octets");
    std::copy(hash.begin(), hash.end(), receipt.path.emplace_back().begin());
  }
  return reader.end();
}

Result<View> read_unprotected(CborReader& reader) {
  View proof;
  CHECK_OK(reader.int_map([&](std::int64_t label) -> Result<void> {
    if (label != label_proofs) return bad_receipt("unknown unprotected label " + std::to_string(label));
    return reader.int_map([&](std::int64_t kind) -> Result<void> {
      if (kind != proof_inclusion) return bad_receipt("expected an inclusion proof (-1)");
      TRY(const auto proofs, reader.array());
      if (proofs != 1) return bad_receipt("one inclusion proof expected");
      TRY(proof, reader.bytes());
      return {};
    });
  }));
  if (proof.empty()) return bad_receipt("no inclusion proof (396: {-1: [...]})");
  return proof;
}

}  // namespace

Result<BatchSignature> sign_batch(std::string origin, Time received, std::uint64_t tree_size, const Digest& root,
                                  const crypto::Signer& log) {
  if (log.public_key().algorithm() != crypto::Algorithm::eddsa)
    return fail(Code::unsupported, "log key: a log signs with Ed25519");
  BatchSignature batch{std::move(origin), log.public_key().id(), received, tree_size, root, {}};
  TRY(batch.signature, log.sign(sig_structure(batch)));
  return batch;
}

Result<void> verify_batch(const BatchSignature& batch, const crypto::PublicKey& log) {
  if (log.id() != batch.log) return fail(Code::not_permitted, "receipt: its kid is not the log's key");
  return log.verify(sig_structure(batch), batch.signature);
}

Bytes encode_receipt(const BatchSignature& batch, std::uint64_t index, const std::vector<Digest>& path) {
  CborWriter proof;
  proof.array(3).uint(batch.tree_size).uint(index).array(path.size());
  for (const Digest& hash : path) proof.bytes(hash);
  CborWriter out;
  out.tag(18).array(4).bytes(protected_header(batch));
  out.map(1).integer(label_proofs).map(1).integer(proof_inclusion).array(1).bytes(proof.view());
  out.null().bytes(batch.signature);
  return out.take();
}

Result<Receipt> decode_receipt(View cose, const Digest& leaf) {
  CborReader reader(cose);
  TRY(const auto tag, reader.tag());
  TRY(const auto items, reader.array());
  if (tag != 18 || items != 4) return bad_receipt("not a COSE_Sign1 message");
  Receipt receipt;
  TRY(const View header, reader.bytes());
  CHECK_OK(read_protected(header, receipt.batch));
  TRY(const View proof, read_unprotected(reader));
  CHECK_OK(read_proof(proof, receipt));
  CHECK_OK(reader.null());
  TRY(const View signature, reader.bytes());
  CHECK_OK(reader.end());
  receipt.batch.signature = to_bytes(signature);
  TRY(receipt.batch.root, root_from_inclusion(leaf, receipt.index, receipt.batch.tree_size, receipt.path));
  return receipt;
}

}  // namespace cm4it::tlog
