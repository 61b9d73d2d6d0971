// Compares stored evidence with what was signed over it, since a disk may corrupt what is stored.
#include "ledger/home_log.h"
#include "ledger/journal.h"
#include "ledger/ledger.h"

namespace cm4it::ledger {
namespace {

tl::unexpected<Error> damaged(const Record& record, const std::string& how) {
  return fail(Code::internal, "store: entry " + std::to_string(record.position) + " is damaged: the evidence of statement " +
              record.id.text() + " " + how, "run `ics rebuild`; if it fails, restore a backup");
}

}  // namespace

Result<void> check_id(const Record& record) {
  const auto decoded = evidence::decode(record.format, record.evidence);
  if (!decoded) return damaged(record, "cannot be read: " + decoded.error().message);
  if (evidence::statement_id(record.format, record.issuer, decoded->signed_bytes()) != record.id)
    return damaged(record, "has another id");
  return {};
}

Result<void> Reader::check(const Record& record) const {
  const Digest leaf = tlog::leaf_hash(evidence::leaf_bytes(record.format, record.evidence));
  auto place = record.leaf;
  if (!place) {
    TRY(const auto places, placements(record.id));  // it may have been taken into a log later
    if (!places.empty()) place.emplace(places[0].domain, places[0].index);
  }
  if (place) {
    const auto& [domain, index] = *place;
    TRY(const Digest signed_leaf, stored_nodes(domain, *snapshot_)(0, index));
    if (leaf != signed_leaf) return damaged(record, "is not leaf " + std::to_string(index) + " of the log of " + domain);
    return {};
  }
  TRY(const auto all, receipts(record.id));
  for (const auto& [domain, cose] : all) {
    const auto receipt = tlog::decode_receipt(cose, leaf);
    const auto* chain = policies().chain(domain);
    if (!receipt || !chain) continue;
    for (const auto& version : chain->versions)
      if (const auto* home = version.descriptor->home_with_log(receipt->batch.log); home && home->log) {
        if (tlog::verify_batch(receipt->batch, *home->log)) return {};
        return damaged(record, "or its receipt by the home of " + domain + " does not hold");
      }
  }
  return check_id(record);
}

}  // namespace cm4it::ledger
