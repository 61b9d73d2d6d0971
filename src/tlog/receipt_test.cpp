#include "tlog/receipt.h"

#include <gtest/gtest.h>

#include "base/cbor.h"
#include "crypto/digest.h"
#include "tlog/merkle.h"

namespace cm4it::tlog {
namespace {

crypto::SignerPtr seeded(const std::string& name, crypto::Algorithm algorithm = crypto::Algorithm::eddsa) {
  return crypto::from_seed(algorithm, crypto::sha256(view(name))).value();
}
const crypto::Signer& receipts_key() {
  static const auto key = seeded("log");
  return *key;
}

Digest numbered_leaf(std::uint64_t i) { return leaf_hash(view("leaf " + std::to_string(i))); }

// A batch of the first `size` leaves of a log, and the receipt of one of them.
struct Log {
  std::map<std::pair<unsigned, std::uint64_t>, Digest> nodes;
  CompactRange range;
  BatchSignature batch;

  explicit Log(std::uint64_t size) {
    for (std::uint64_t i = 0; i < size; ++i)
      range.append(numbered_leaf(i), [&](unsigned level, std::uint64_t index, const Digest& hash) { nodes[{level, index}] = hash; });
    batch = sign_batch("main/acme.example", Time{1'800'000'000}, size, range.root(), receipts_key()).value();
  }
  std::vector<Digest> path(std::uint64_t index) const {
    return inclusion_path(index, range.size(), [&](unsigned level, std::uint64_t at) -> Result<Digest> { return nodes.at({level, at}); }).value();
  }
  Bytes receipt(std::uint64_t index) const { return encode_receipt(batch, index, path(index)); }
};

Result<Receipt> verified(View cose, const Digest& hash, const crypto::PublicKey& key) {
  TRY(auto receipt, decode_receipt(cose, hash));
  CHECK_OK(verify_batch(receipt.batch, key));
  return receipt;
}

TEST(Receipt, OneSignatureServesEveryLeafOfABatch) {
  for (const std::uint64_t size : {1u, 2u, 3u, 8u, 13u}) {
    const Log log(size);
    for (std::uint64_t index = 0; index < size; ++index) {
      const auto receipt = verified(log.receipt(index), numbered_leaf(index), receipts_key().public_key());
      ASSERT_TRUE(receipt) << index << " of " << size << ": " << receipt.error().message;
      EXPECT_EQ(receipt->index, index);
      EXPECT_EQ(receipt->batch.tree_size, size);
      EXPECT_EQ(receipt->batch.root, log.range.root());
      EXPECT_EQ(receipt->batch.origin, "main/acme.example");
      EXPECT_EQ(receipt->batch.received, Time{1'800'000'000});
      EXPECT_EQ(receipt->batch.log, receipts_key().public_key().id());
      EXPECT_FALSE(verified(log.receipt(index), numbered_leaf(size), receipts_key().public_key())) << "a leaf that is not in it";
    }
  }
}

// RFC 9942 section 5.2, octet for octet, for the smallest log.
TEST(Receipt, Encoding) {
  const Log log(1);
  const Bytes header = CborWriter().map(4).uint(1).integer(-8).uint(4).bytes(receipts_key().public_key().id().digest)
                           .uint(15).map(2).uint(1).text("main/acme.example").uint(6).uint(1'800'000'000).uint(395).uint(1).take();
  const Bytes proof = CborWriter().array(3).uint(1).uint(0).array(0).take();
  const Bytes expected = CborWriter().tag(18).array(4).bytes(header).map(1).uint(396).map(1).integer(-1).array(1).bytes(proof)
                             .null().bytes(log.batch.signature).take();
  EXPECT_EQ(to_hex(log.receipt(0)), to_hex(expected));
  const Bytes to_sign = CborWriter().array(4).text("Signature1").bytes(header).bytes({}).bytes(log.range.root()).take();
  EXPECT_TRUE(receipts_key().public_key().verify(to_sign, log.batch.signature));
}

TEST(Receipt, AnotherLogsKeyIsNotItsOwn) {
  const Log log(3);
  EXPECT_EQ(verified(log.receipt(1), numbered_leaf(1), seeded("another")->public_key()).error().code, Code::not_permitted);
  BatchSignature forged = log.batch;
  forged.log = seeded("another")->public_key().id();
  EXPECT_EQ(verify_batch(forged, seeded("another")->public_key()).error().code, Code::bad_signature);
}

TEST(Receipt, EverythingInItIsSigned) {
  const Log log(5);
  const auto changes = std::vector<std::function<void(BatchSignature&)>>{
      [](auto& b) { b.origin = "main/plant.example"; }, [](auto& b) { b.received = b.received + 1; },
      [](auto& b) { b.root[0] ^= 1; }, [](auto& b) { b.signature[0] ^= 1; }, [](auto& b) { b.signature.clear(); }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    BatchSignature batch = log.batch;
    changes[i](batch);
    EXPECT_EQ(verify_batch(batch, receipts_key().public_key()).error().code, Code::bad_signature) << i;
  }
}

TEST(Receipt, AnyChangedOctetIsNoticed) {
  const Log log(5);
  const Bytes good = log.receipt(2);
  for (std::size_t i = 0; i < good.size(); ++i)
    for (const int bit : {0x01, 0x20, 0x80}) {
      Bytes changed = good;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ bit);
      const auto receipt = verified(changed, numbered_leaf(2), receipts_key().public_key());
      EXPECT_FALSE(receipt) << "octet " << i << " ^ " << bit;
    }
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(decode_receipt(View(good).first(size), numbered_leaf(2))) << size;
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(decode_receipt(longer, numbered_leaf(2)));
}

TEST(Receipt, RefusesOtherShapes) {
  const Log log(1);
  const Digest id = receipts_key().public_key().id().digest;
  const Bytes claims = CborWriter().map(2).uint(1).text("o").uint(6).uint(1).take();
  const Bytes header = CborWriter().map(4).uint(1).integer(-8).uint(4).bytes(id).uint(15).raw(claims).uint(395).uint(1).take();
  const Bytes proof = CborWriter().array(3).uint(1).uint(0).array(0).take();
  const auto proofs = [](View inner) { return CborWriter().map(1).uint(396).map(1).integer(-1).array(1).bytes(inner).take(); };
  const auto message = [&](View protected_bytes, View unprotected) {
    return CborWriter().tag(18).array(4).bytes(protected_bytes).raw(unprotected).null().bytes(Bytes(64)).take();
  };
  const Bytes good = proofs(proof);
  ASSERT_TRUE(decode_receipt(message(header, good), numbered_leaf(0)));
  std::vector<std::pair<const char*, Bytes>> bad = {
      {"no alg", message(CborWriter().map(3).uint(4).bytes(id).uint(15).raw(claims).uint(395).uint(1).take(), good)},
      {"alg ES256", message(CborWriter().map(4).uint(1).integer(-7).uint(4).bytes(id).uint(15).raw(claims).uint(395).uint(1).take(), good)},
      {"no kid", message(CborWriter().map(3).uint(1).integer(-8).uint(15).raw(claims).uint(395).uint(1).take(), good)},
      {"short kid", message(CborWriter().map(4).uint(1).integer(-8).uint(4).bytes(Bytes(31)).uint(15).raw(claims).uint(395).uint(1).take(), good)},
      {"no claims", message(CborWriter().map(3).uint(1).integer(-8).uint(4).bytes(id).uint(395).uint(1).take(), good)},
      {"no vds", message(CborWriter().map(3).uint(1).integer(-8).uint(4).bytes(id).uint(15).raw(claims).take(), good)},
      {"another vds", message(CborWriter().map(4).uint(1).integer(-8).uint(4).bytes(id).uint(15).raw(claims).uint(395).uint(2).take(), good)},
      {"an unknown label", message(CborWriter().map(5).uint(1).integer(-8).uint(4).bytes(id).uint(15).raw(claims).uint(99).uint(1).uint(395).uint(1).take(), good)},
      {"no proofs", message(header, CborWriter().map(0).take())},
      {"an empty proof", message(header, proofs({}))},
      {"a consistency proof", message(header, CborWriter().map(1).uint(396).map(1).integer(-2).array(1).bytes(proof).take())},
      {"two proofs", message(header, CborWriter().map(1).uint(396).map(1).integer(-1).array(2).bytes(proof).bytes(proof).take())},
      {"index = size", message(header, proofs(CborWriter().array(3).uint(1).uint(1).array(0).take()))},
      {"size 0", message(header, proofs(CborWriter().array(3).uint(0).uint(0).array(0).take()))},
      {"path too long", message(header, proofs(CborWriter().array(3).uint(1).uint(0).array(1).bytes(Bytes(32)).take()))},
      {"path too short", message(header, proofs(CborWriter().array(3).uint(2).uint(0).array(0).take()))},
      {"a hash of 31 octets", message(header, proofs(CborWriter().array(3).uint(2).uint(0).array(1).bytes(Bytes(31)).take()))},
      {"payload attached", CborWriter().tag(18).array(4).bytes(header).raw(good).bytes(numbered_leaf(0)).bytes(Bytes(64)).take()},
      {"another tag", CborWriter().tag(98).array(4).bytes(header).raw(good).null().bytes(Bytes(64)).take()}};
  CborWriter long_proof;
  long_proof.array(3).uint(UINT64_MAX).uint(0).array(65);
  for (int i = 0; i < 65; ++i) long_proof.bytes(Bytes(32));
  bad.emplace_back("65 hashes", message(header, proofs(long_proof.view())));
  for (const auto& [what, bytes] : bad) EXPECT_FALSE(decode_receipt(bytes, numbered_leaf(0))) << what;
}

// A receipt without origin or time would be one of no log, of no time.
TEST(Receipt, BothClaimsAreNeeded) {
  const Digest id = receipts_key().public_key().id().digest;
  const Bytes proofs = CborWriter().map(1).uint(396).map(1).integer(-1).array(1).bytes(CborWriter().array(3).uint(1).uint(0).array(0).take()).take();
  for (const Bytes& claims : {CborWriter().map(0).take(), CborWriter().map(1).uint(1).text("o").take(), CborWriter().map(1).uint(6).uint(1).take(),
                              CborWriter().map(3).uint(1).text("o").uint(5).uint(1).uint(6).uint(1).take()}) {
    const Bytes header = CborWriter().map(4).uint(1).integer(-8).uint(4).bytes(id).uint(15).raw(claims).uint(395).uint(1).take();
    const Bytes cose = CborWriter().tag(18).array(4).bytes(header).raw(proofs).null().bytes(Bytes(64)).take();
    EXPECT_EQ(decode_receipt(cose, numbered_leaf(0)).error().code, Code::malformed) << to_hex(claims);
  }
}

TEST(Receipt, IsSignedWithEd25519Alone) {
  EXPECT_EQ(sign_batch("o", Time{1}, 1, Digest{}, *seeded("log", crypto::Algorithm::es256)).error().code, Code::unsupported);
}

}  // namespace
}  // namespace cm4it::tlog
