#include "service/restricting.h"

#include <algorithm>

#include "base/budgets.h"
#include "evidence/codec.h"

namespace cm4it::service {
namespace {

using evidence::Statement;
using evidence::StatusChange;
using evidence::Withdraw;

// Whether the stored statement covers the new one: both concern the same, and the stored one is in force without an end.
bool covers(const ledger::Record& stored, const Statement& before, const Statement& statement, View piece) {
  if (before.format != statement.format || before.domains != statement.domains || before.component.digest != statement.component.digest) return false;
  if (before.expires || before.not_before || before.issued_at > statement.issued_at) return false;
  // A hard revocation says more than a soft one, and either more to clients than a status does.
  const auto* codec = evidence::find_codec(statement.format);
  return !codec || !codec->weight || codec->weight(stored.evidence) >= codec->weight(piece);
}

// Whether an alarm adds anything to this stored statement; statements are visited from the newest on. None: this one does not decide it.
std::optional<bool> alarm_adds(const ledger::Record& stored, const Statement& before, const Statement& statement, View piece) {
  if (before.kind() == evidence::Kind::withdraw) return true;  // it may have taken back an alarm
  const auto* change = std::get_if<StatusChange>(&before.body);
  if (!change) return {};
  if (!evidence::is_alarm(change->status)) return true;
  if (change->status >= std::get<StatusChange>(statement.body).status && covers(stored, before, statement, piece)) return false;
  return {};
}

std::optional<bool> withdrawal_adds(const Statement& before, const Statement& statement) {
  const auto& wanted = std::get<Withdraw>(statement.body);
  if (const auto* withdrawn = std::get_if<Withdraw>(&before.body)) {
    if (withdrawn->statement == wanted.statement && withdrawn->component == wanted.component) return false;
    return {};
  }
  if (before.id == wanted.statement || (wanted.component && before.component.digest == wanted.component)) return true;
  return {};
}

}  // namespace

Result<bool> restricts(const Statement& statement, const ledger::Reader& reader) {
  if (is_alarm(statement) || statement.revocations) return true;
  const auto* withdraw = std::get_if<Withdraw>(&statement.body);
  if (!withdraw) return false;
  if (withdraw->component) return true;
  TRY(const auto target, reader.record(withdraw->statement));
  if (!target) return true;
  TRY(const auto statements, evidence::statements_of_stored(target->format, target->evidence, target->issuer, target->id, &statement.subject));
  return std::none_of(statements.begin(), statements.end(), [](const Statement& one) { return is_alarm(one); });
}

Result<bool> adds_restriction(const Statement& statement, View piece, const KeyId& issuer, const ledger::Reader& reader) {
  if (statement.revocations) return true;  // of a higher number than any before
  std::optional<bool> adds;
  std::size_t looked_at = 0;
  CHECK_OK(reader.said_by(issuer, statement.subject, [&](const ledger::Record& stored, const Statement& before) {
    adds = is_alarm(statement) ? alarm_adds(stored, before, statement, piece) : withdrawal_adds(before, statement);
    return !adds && ++looked_at < budget::restrictions_compared;
  }));
  if (adds) return *adds;
  return is_alarm(statement) || looked_at > 0;  // of what was never said nothing has to be taken back
}

}  // namespace cm4it::service
