// What a batch changes beside its rows: the verdicts of which subjects, and which policies count.
#include <algorithm>

#include "ledger/batch_builder.h"

namespace cm4it::ledger {

void BatchBuilder::note_change(const PendingEntry& pending, const FeedRow& about) {
  change_.everything |= about.everything;
  for (const auto& statement : pending.statements) {
    auto domains = statement.domains;
    if (!pending.submission_domain.empty()) domains.push_back(pending.submission_domain);
    domains.insert(domains.end(), pending.redecided_domains.begin(), pending.redecided_domains.end());
    for (const auto& [domain, index] : pending.entry.placements) domains.push_back(domain);
    for (const auto& receipt : pending.entry.receipts) domains.push_back(receipt.domain);
    std::sort(domains.begin(), domains.end());
    domains.erase(std::unique(domains.begin(), domains.end()), domains.end());
    change_.subjects.push_back({statement.subject, std::move(domains)});
  }
}

// Adds a policy version that is new, or new receipts for a known one.
Result<void> BatchBuilder::take_policy(const PendingEntry& pending, const evidence::Statement& statement) {
  auto known = std::find_if(after_.descriptors.begin(), after_.descriptors.end(),
                            [&](const auto& one) { return one.statement == statement.id; });
  if (known == after_.descriptors.end()) {
    TRY(auto descriptor, signed_descriptor(statement));
    if (pending.entry.record) descriptor.first_seen = pending.entry.record->first_seen;
    known = after_.descriptors.insert(known, std::move(descriptor));
  }
  const KeyId own_log = options_.log_key ? options_.log_key->public_key().id() : KeyId{};
  for (std::size_t i = 0; i < pending.entry.placements.size(); ++i)
    known->receipts.push_back({pending.entry.placements[i].first, own_log, pending.times[i], pending.entry.placements[i].second});
  for (const auto& receipt : pending.entry.receipts) known->receipts.push_back({receipt.domain, receipt.log, receipt.time, receipt.index});
  policies_changed_ = true;
  return {};
}

}  // namespace cm4it::ledger
