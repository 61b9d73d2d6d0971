#include "service/forward_queue.h"

#include <algorithm>

#include "ledger/forwarding.h"
#include "service/read_access.h"

namespace cm4it::service {
namespace {

Bytes value_of(ForwardQueue::End end, const std::string& why) {
  return end == ForwardQueue::End::refused ? to_bytes(view(why)) : ledger::not_sent(why);
}

}  // namespace

Result<std::vector<ForwardQueue::Waiting>> ForwardQueue::waiting() const {
  TRY(const auto reader, ledger_.reader());
  TRY(const auto notes, reader.notes(ledger::forward_notes));
  std::vector<Waiting> all;
  for (const auto& [key, value] : notes)
    if (auto of = ledger::read_forwarding_key(key)) all.push_back({of->statement, std::move(of->domain)});
  return all;
}

Result<std::optional<Time>> ForwardQueue::waits_since(const StatementId& statement, const std::string& domain) const {
  TRY(const auto reader, ledger_.reader());
  TRY(const auto note, reader.note(ledger::forward_note(statement, domain)));
  TRY(const auto record, reader.record(statement));
  if (!note || !record) return std::optional<Time>{};
  return ledger::decode_waiting(*note, record->first_seen).since;
}

Result<std::optional<Record>> ForwardQueue::record(const StatementId& statement) const {
  TRY(const auto reader, ledger_.reader());
  return reader.record(statement);
}

Result<bool> ForwardQueue::has_receipt(const StatementId& statement, const std::string& domain) const {
  TRY(const auto reader, ledger_.reader());
  TRY(const auto receipts, reader.receipts(statement));
  return std::any_of(receipts.begin(), receipts.end(), [&](const auto& receipt) { return receipt.first == domain; });
}

Result<bool> ForwardQueue::may_read_receipt(const Record& record, const std::string& domain) const {
  TRY(const auto reader, ledger_.reader());
  TRY(const auto statements, evidence::statements_of_stored(record.format, record.evidence, record.issuer, record.id));
  for (const auto& statement : statements) {
    TRY(const auto facts, reader.facts(statement.subject));
    if (!ReadAccess(access_, reader.policies(), facts, domain, access_.server_key()).reads(domain, statement.kind())) return false;
  }
  return true;
}

Result<void> ForwardQueue::received(const StatementId& statement, const std::string& domain) {
  return ledger_.put_note(ledger::forward_note(statement, domain), std::nullopt, {});
}

Result<void> ForwardQueue::received_unread(const StatementId& statement, const std::string& domain) {
  return ledger_.put_note(ledger::taken_note(statement, domain), Bytes{}, {});
}

Result<void> ForwardQueue::end(const StatementId& statement, const std::string& domain, End end, const std::string& why) {
  return ledger_.refuse(statement, domain, value_of(end, why));
}

Result<std::vector<ForwardQueue::Ended>> ForwardQueue::ended() const {
  TRY(const auto reader, ledger_.reader());
  TRY(const auto notes, reader.notes(ledger::refusal_notes));
  std::vector<Ended> all;
  for (const auto& [key, value] : notes)
    if (const auto of = ledger::read_forwarding_key(key)) all.push_back({of->domain, ledger::refusal_text(of->domain, value)});
  return all;
}

std::string ForwardQueue::sentence(const std::string& domain, End end, const std::string& why) {
  return ledger::refusal_text(domain, value_of(end, why));
}

}  // namespace cm4it::service
