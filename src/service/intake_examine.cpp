#include "service/intake_examine.h"

#include <algorithm>

#include "base/budgets.h"
#include "evidence/codec.h"
#include "service/intake_steps.h"

namespace cm4it::service {
namespace {

using evidence::Decoded;

// A revocation that came without its key, of which this is an alias: put behind the key that is stored here.
Result<evidence::Piece> with_its_key(const evidence::Piece& piece, const std::string& alias, const evidence::Codec& codec, const ledger::Reader& reader) {
  const auto absent = fail(Code::not_yet, "issuer: the key that this revocation is of, " + alias.substr(alias.find(':') + 1) + ", neither came with it nor is kept here",
                           "put the key before it");
  std::vector<evidence::SubjectId> subjects;
  CHECK_OK(reader.named(alias, [&](const evidence::SubjectId& subject, evidence::AliasRank rank) {
    if (rank != evidence::AliasRank::own) return false;
    subjects.push_back(subject);
    return subjects.size() < budget::candidate_keys;
  }));
  for (const auto& subject : subjects) {
    std::optional<evidence::Piece> whole;
    CHECK_OK(reader.of_subject(subject, [&](std::uint64_t, const evidence::StatementId& id) {
      const auto record = reader.record(id);
      if (!record || !*record || (*record)->format != piece.format) return true;
      auto completed = codec.complete(piece.bytes, (*record)->evidence);
      if (completed) whole = std::move(*completed);
      return !completed;
    }));
    if (!whole) continue;
    // Whether it is a revocation at all is checked here, so that made-up input does not reveal which keys are stored.
    const auto decoded = evidence::decode(whole->format, whole->bytes);
    if (decoded && decoded->carried_key() && evidence::verify(Decoded(*decoded), *decoded->carried_key())) return std::move(*whole);
  }
  return absent;
}

}  // namespace

Result<IntakeResult> examine_submission(const evidence::Piece& piece, const IntakeContext& context) {
  if (const auto* codec = evidence::find_codec(piece.format); codec && codec->without_key)
    if (const auto alias = codec->without_key(piece.bytes)) {
      TRY(const auto whole, with_its_key(piece, *alias, *codec, context.reader));
      return examine_submission(whole, context);
    }
  TRY(auto decoded, evidence::decode(piece.format, piece.bytes));
  TRY(auto addressed, address(std::move(decoded), context));
  if (auto* policy = std::get_if<AddressedPolicy>(&addressed)) return prepare(std::move(*policy), {}, context);
  TRY(auto with_issuer, find_issuer(std::get<Addressed>(std::move(addressed)), context));
  TRY(auto permitted, permit(std::move(with_issuer), context));
  if (auto* known = std::get_if<ledger::Appended>(&permitted)) return IntakeResult(std::move(*known));
  TRY(auto verified, verify(std::get<Permitted>(std::move(permitted))));
  return prepare(std::move(verified), context);
}

Result<IntakeResult> examine_copy(const evidence::Piece& piece, const KeyId& issuer, std::vector<ledger::ForeignReceipt> receipts,
                                  const IntakeContext& context) {
  TRY(auto decoded, evidence::decode(piece.format, piece.bytes));
  TRY(auto addressed, address_copy(std::move(decoded), receipts, context));
  if (auto* policy = std::get_if<AddressedPolicy>(&addressed)) return prepare(std::move(*policy), std::move(receipts), context);
  TRY(auto with_issuer, find_issuer(std::get<Addressed>(std::move(addressed)), context));
  TRY(auto permitted, permit_copy(std::move(with_issuer), issuer, std::move(receipts), context));
  TRY(auto verified, verify(std::move(permitted)));
  TRY(auto prepared, prepare(std::move(verified), context));
  return IntakeResult(std::move(prepared));
}

Time as_received(const policy::Facts& facts, Time now) {
  for (const auto& fact : facts.about)
    for (const auto& receipt : fact.receipts) now = std::max(now, receipt.time);
  return now;
}

}  // namespace cm4it::service
