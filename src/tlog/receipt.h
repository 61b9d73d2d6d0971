// COSE receipts (RFC 9942): this leaf was in that home's log by then.
#pragma once

#include <vector>

#include "base/time.h"
#include "crypto/signer.h"

namespace cm4it::tlog {

// protected = { 1: -8, 4: log key id, 395: 1, 15: {1: origin, 6: received} }, payload detached: the root. One signature
// serves a whole batch; each leaf has its own path.
struct BatchSignature {
  std::string origin;
  KeyId log;
  Time received;
  std::uint64_t tree_size = 0;
  Digest root{};
  Bytes signature;
};

Result<BatchSignature> sign_batch(std::string origin, Time received, std::uint64_t tree_size, const Digest& root,
                                  const crypto::Signer& log);
Result<void> verify_batch(const BatchSignature& batch, const crypto::PublicKey& log);

// The COSE receipt of one leaf (tag 18, unprotected {396: {-1: [bstr .cbor [size, index, [* bstr]]]}}, payload nil).
Bytes encode_receipt(const BatchSignature& batch, std::uint64_t index, const std::vector<Digest>& path);

// A receipt, parsed for one leaf: the root is recomputed from the leaf; the signature is still to be verified
// (verify_batch), once for a whole batch. malformed.
struct Receipt {
  BatchSignature batch;
  std::uint64_t index = 0;
  std::vector<Digest> path;
};
Result<Receipt> decode_receipt(View cose, const Digest& leaf_hash);

}  // namespace cm4it::tlog
