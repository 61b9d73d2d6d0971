// Descriptors of domains that nothing pins: they are set aside, and enter the journal once something pins their domain.
#include <algorithm>

#include "base/log.h"
#include "ledger/batch_builder.h"
#include "ledger/schema.h"

namespace cm4it::ledger {

// A policy of a domain that nothing pins, which no log of this server takes. One that the journal has, stays there.
bool BatchBuilder::stays_aside(const Submission& submission) const {
  const auto& statements = submission.evidence.statements();
  if (!submission.homes.empty() || statements.size() != 1 || statements[0].kind() != evidence::Kind::policy) return false;
  if (statements[0].domains.size() != 1 || after_.policies->chain(statements[0].domains[0])) return false;
  const auto stored = find_record(snapshot_, submission.evidence.id());
  return stored && !*stored;
}

Unpinned& BatchBuilder::aside() {
  if (!aside_) aside_ = std::make_shared<Unpinned>(*after_.unpinned);
  return *aside_;
}

Result<void> BatchBuilder::keep_aside(const Submission& submission) {
  const StatementId id = submission.evidence.id();
  TRY(const auto policy, signed_descriptor(submission.evidence.statements()[0]));
  const auto& descriptor = *policy.descriptor;
  const Unpinned::Row row{descriptor.domain, descriptor.owner, descriptor.version, id, std::max(options_.clock(), after_.newest_time),
                          submission.source};
  if (!aside().has(id)) aside_new_.insert(id);
  const bool first = aside().dropped() == 0;
  const auto gone = aside().take(row);
  for (const auto& one : gone) remove_aside(one);
  if (first && !gone.empty())
    log_info("policies that nothing pins: those of " + std::to_string(aside().owners()) +
             " owners are kept, older ones go for newer ones (cm4it_unpinned_dropped_total counts them)");
  Bytes value = encode_aside(row, submission.evidence.bytes(), submission.evidence.issuer());
  aside_values_[id] = value;
  batch_.put(table::aside, aside_key(row), std::move(value));
  batch_.put(table::aside, table::aside_id_key(id), aside_key(row));
  changed_ = true;
  return {};
}

void BatchBuilder::remove_aside(const Unpinned::Row& row) {
  batch_.remove(table::aside, aside_key(row));
  batch_.remove(table::aside, table::aside_id_key(row.id));
  aside_values_.erase(row.id);
}

// True: descriptors of domains that are pinned by now entered the journal, and policies are to be assembled anew.
Result<bool> BatchBuilder::enter_pinned(Time now) {
  bool any = false;
  for (const auto& domain : (aside_ ? *aside_ : *after_.unpinned).domains()) {
    if (!after_.policies->chain(domain)) continue;
    for (const auto& row : aside().remove(domain)) CHECK_OK(enter(row, now));
    any = true;
  }
  return any;
}

Result<void> BatchBuilder::enter(const Unpinned::Row& row, Time now) {
  std::optional<Record> record;
  if (const auto fresh = aside_values_.find(row.id); fresh != aside_values_.end()) {
    TRY(record, decode_aside(row.id, fresh->second));
  } else {
    TRY(record, find_aside(snapshot_, row.id));
    if (!record) return fail(Code::internal, "store: a descriptor kept aside is missing");
  }
  remove_aside(row);
  PendingEntry pending;
  pending.entry.id = row.id;
  TRY(pending.statements, evidence::statements_of_stored(record->format, record->evidence, record->issuer, record->id));
  pending.is_new = true;
  record->first_seen = std::max(now, after_.newest_time);
  pending.entry.record = std::move(record);
  changed_ = true;
  return write(pending);
}

}  // namespace cm4it::ledger
