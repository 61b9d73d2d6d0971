// What a batch changes beyond its rows: whose verdicts, and which policies count.
#include <algorithm>

#include "ledger/batch_builder.h"

namespace cm4it::ledger {

void BatchBuilder::note_change(const Work& work, const FeedRow& about) {
  change_.everything |= about.everything;
  for (const auto& statement : work.statements) {
    auto domains = statement.domains;
    if (!work.submission_domain.empty()) domains.push_back(work.submission_domain);
    domains.insert(domains.end(), work.judged_anew.begin(), work.judged_anew.end());
    for (const auto& [domain, index] : work.entry.placements) domains.push_back(domain);
    for (const auto& receipt : work.entry.receipts) domains.push_back(receipt.domain);
    std::sort(domains.begin(), domains.end());
    domains.erase(std::unique(domains.begin(), domains.end()), domains.end());
    change_.subjects.push_back({statement.subject, std::move(domains)});
  }
}

// A version that is new, or one of which it is new whose homes received it.
Result<void> BatchBuilder::take_policy(const Work& work, const evidence::Statement& statement) {
  auto known = std::find_if(after_.descriptors.begin(), after_.descriptors.end(),
                            [&](const auto& one) { return one.statement == statement.id; });
  if (known == after_.descriptors.end()) {
    TRY(auto descriptor, signed_descriptor(statement));
    if (work.entry.record) descriptor.first_seen = work.entry.record->first_seen;
    known = after_.descriptors.insert(known, std::move(descriptor));
  }
  const KeyId own_log = options_.log_key ? options_.log_key->public_key().id() : KeyId{};
  for (std::size_t i = 0; i < work.entry.placements.size(); ++i)
    known->receipts.push_back({work.entry.placements[i].first, own_log, work.times[i], work.entry.placements[i].second});
  for (const auto& receipt : work.entry.receipts) known->receipts.push_back({receipt.domain, receipt.log, receipt.time, receipt.index});
  policies_changed_ = true;
  return {};
}

}  // namespace cm4it::ledger
