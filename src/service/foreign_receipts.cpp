#include "service/foreign_receipts.h"

#include <algorithm>

#include "base/log.h"
#include "crypto/digest.h"
#include "service/origin.h"

namespace cm4it::service {
namespace {

const policy::Server* home_with(const policy::Policies& policies, std::string_view domain, const KeyId& log) {
  const auto* descriptor = policies.newest(domain);
  return descriptor ? descriptor->home_with_log(log) : nullptr;
}

Digest fingerprint(const tlog::BatchSignature& batch) {
  Bytes all = to_bytes(view(batch.origin));
  append(all, batch.log.digest);
  append_u64(all, batch.tree_size);
  append_u64(all, static_cast<std::uint64_t>(batch.received.seconds));
  append(all, batch.root);
  append(all, batch.signature);
  return crypto::sha256(all);
}

// A log has one root of each size, and its times only grow: what a head did not hold yet was received at its time or later. Only
// where that time is still to come the home's clock may have been put right since.
bool contradicts_a_head(const tlog::Receipt& receipt, const KnownHeads& heads, const HomeClocks& clocks) {
  const auto& batch = receipt.batch;
  return std::any_of(heads.begin(), heads.end(), [&](const auto& known) {
    const bool dated_back = receipt.index >= known.head.size && batch.received < known.head.time && !clocks.is_ahead(known.head.time);
    const bool other_root = batch.tree_size == known.head.size && batch.root != known.head.root;
    return known.origin == batch.origin && (dated_back || other_root);
  });
}

}  // namespace

Result<KnownHeads> heads_of_other_homes(const ledger::Reader& reader) {
  TRY(auto heads, reader.foreign_heads(true));
  TRY(const auto compared, reader.foreign_heads(false));
  heads.insert(heads.end(), compared.begin(), compared.end());
  return heads;
}

std::optional<ledger::ForeignReceipt> ForeignReceipts::check(const policy::Policies& policies, const std::string& domain, const Bytes& cose,
                                                             const Digest& leaf, const KnownHeads& heads, bool& by_home) {
  auto receipt = tlog::decode_receipt(cose, leaf);
  if (!receipt) return {};
  const auto& batch = receipt->batch;
  const auto* home = home_with(policies, domain, batch.log);
  if (!home || !home->log || !origin_is_of(batch.origin, home->name, domain)) return {};
  by_home = true;
  if (contradicts_a_head(*receipt, heads, clocks_)) {
    log_warn("receipt of " + batch.origin + " for its leaf " + std::to_string(receipt->index) + ", dated " + to_rfc3339(batch.received) +
             ": passed over; a later head of that log that is known here did not hold it");
    return {};
  }
  const Digest known = fingerprint(batch);
  const bool seen = verified_.with([&](std::set<Digest>& batches) { return batches.contains(known); });
  if (!seen) {
    if (!tlog::verify_batch(batch, *home->log)) return {};
    verified_.with([&](std::set<Digest>& batches) {
      if (batches.size() > 10'000) batches.clear();
      batches.insert(known);
    });
  }
  return ledger::ForeignReceipt{domain, batch.log, batch.received, receipt->index, cose};
}

}  // namespace cm4it::service
