#include "service/intake_examine.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/text.h"
#include "evidence/codec.h"
#include "service/intake_facts.h"
#include "service/intake_steps.h"

namespace cm4it::service {
namespace {

using evidence::Decoded;
using evidence::Statement;
using policy::Eligibility;

// The domains a piece of evidence speaks in.
Result<std::vector<std::string>> domains_of(const Decoded& decoded, std::string_view submission_domain) {
  std::vector<std::string> domains;
  for (const Statement& statement : decoded.statements())
    for (const auto& domain : statement.domains)
      if (!contains(domains, domain)) domains.push_back(domain);
  if (domains.empty()) {
    if (submission_domain.empty())
      return fail(Code::malformed, std::string("domain: required for evidence of format ") +
                  to_string(decoded.format()) + ", which names none", "add ?domain=NAME to the request");
    domains.emplace_back(submission_domain);
  }
  return domains;
}

std::string home_url(const policy::Policies& policies, std::string_view domain) {
  const auto* descriptor = policies.newest(domain);
  if (descriptor)
    for (const auto& [name, server] : descriptor->servers)
      if (server.home) return server.url;
  return {};
}

}  // namespace

Result<IntakeResult> Examination::submission() {
  TRY(domains_, domains_of(decoded_, context_.submission_domain));
  add_listening_homes(decoded_, policies_, context_.server.homes, domains_);
  if (is_policy()) {
    if (!is_home(domains_[0]) && forwards_policies_of(domains_[0])) elsewhere_ = {domains_[0]};
    return policy_evidence(false);
  }
  CHECK_OK(held_somewhere());
  CHECK_OK(find_keys());
  TRY(auto again, repeated());
  if (again) return std::move(*again);
  CHECK_OK(could_count());
  CHECK_OK(judge_rights());
  if (keys_.empty()) return tl::unexpected(*refusal_);
  // What is kept is not told before the signature holds: who guesses a statement must not learn whether it was made.
  TRY(auto result, verified({}));
  const auto& evidence = result.submission->evidence;
  TRY(auto known, already_known(evidence.id(), result.issuer, domains_));
  if (known) return std::move(*known);
  CHECK_OK(set_share(*result.submission));
  TRY(const auto kept, context_.reader.record(evidence.id()));
  if (!kept) CHECK_OK(may_still_speak(context_.reader, evidence.statements(), result.issuer));
  if (!kept) CHECK_OK(withdraws_in_time(evidence));
  if (!kept) CHECK_OK(quota(evidence.statements(), evidence.bytes(), result.issuer));
  if (!kept) CHECK_OK(can_take_back(evidence));
  return result;
}

Result<Eligibility> Examination::could_enter(const std::string& domain) {
  if (is_policy()) return Eligibility{Eligibility::Answer::yes, {}, {}};
  CHECK_OK(find_keys());
  return eligible_in(domain);
}

Result<IntakeResult> Examination::copy(const KeyId& issuer, std::vector<ledger::ForeignReceipt> receipts) {
  const std::string_view submission_domain = receipts.empty() ? std::string_view{} : std::string_view(receipts[0].domain);
  TRY(domains_, domains_of(decoded_, submission_domain));
  if (is_policy()) return policy_evidence(true, std::move(receipts));
  add_listening_homes(decoded_, policies_, context_.server.homes, domains_);
  CHECK_OK(find_keys());
  CHECK_OK(judge_rights_at_homes());
  if (receipts.empty() && homes_.empty())
    return fail(Code::not_permitted, "receipt: a copy keeps only what a home has received, and none by a home of " +
                domains_[0] + " came with it");
  if (keys_.empty()) CHECK_OK(find_issuer(issuer));
  TRY(auto result, verified(std::move(receipts)));
  CHECK_OK(quota_of_copy(result.submission->evidence));
  return result;
}

bool Examination::is_policy() const {
  return !decoded_.statements().empty() && decoded_.statements()[0].kind() == Kind::policy;
}

Result<void> Examination::held_somewhere() const {
  const auto& kept = context_.reader.published().domains;
  for (const auto& domain : domains_)
    if (is_home(domain) || kept.contains(domain)) return {};
  return fail(Code::misdirected, "domain: " + domains_[0] + " is not kept by this server",
              home_url(policies_, domains_[0]));
}

bool Examination::forwards_policies_of(const std::string& domain) const {
  const auto* chain = policies_.chain(domain);
  return chain && (chain->pinned_by != policy::Pin::Source::transfer || context_.reader.published().domains.contains(domain));
}

Result<std::optional<IntakeResult>> Examination::repeated() const {
  const auto& named = decoded_.issuer().key;
  for (const KeyId& candidate : named ? std::vector{*named} : issuer_.named) {
    const auto id = evidence::statement_id(decoded_.format(), candidate, decoded_.signed_bytes());
    TRY(const auto record, context_.reader.record(id));
    if (!record || record->position == 0) continue;  // one that is kept aside: that it came again keeps it longer
    if (equal(record->evidence, decoded_.bytes())) return already_known(id, candidate, domains_);
  }
  return std::optional<IntakeResult>{};
}

Result<std::optional<IntakeResult>> Examination::already_known(const evidence::StatementId& id, const KeyId& issuer,
                                            const std::vector<std::string>& taken_in) const {
  TRY(const auto kept, context_.reader.record(id));
  if (!kept || kept->position == 0) return std::optional<IntakeResult>{};
  TRY(auto placements, context_.reader.placements(id));
  for (const auto& domain : taken_in)
    if (is_home(domain) && std::none_of(placements.begin(), placements.end(),
                                        [&](const Placement& placement) { return placement.domain == domain; }))
      return std::optional<IntakeResult>{};  // one of our logs has not taken it: it may do so now
  for (const auto& domain : domains_) {
    TRY(const auto refused, context_.reader.note(ledger::refusal_note(id, domain)));
    if (refused) return std::optional<IntakeResult>{};  // its home refused it once: it may be another's mind now
  }
  IntakeResult result;
  result.known = ledger::Appended{id, false, std::move(placements)};
  result.issuer = issuer;
  return std::optional(std::move(result));
}

Result<IntakeResult> Examination::verified(std::vector<ledger::ForeignReceipt> receipts) {
  Error last{Code::bad_signature, "signature: no key of the issuer is known", ""};
  for (std::size_t i = 0; i < keys_.size() && i < budget::candidate_keys; ++i) {
    auto evidence = authentic_ && authentic_->issuer() == keys_[i].id()
                        ? Result<evidence::Verified>(std::move(*authentic_))
                        : evidence::verify(i + 1 < keys_.size() ? Decoded(decoded_) : std::move(decoded_), keys_[i]);
    if (!evidence) {
      last = std::move(evidence).error();
      continue;
    }
    IntakeResult result;
    result.issuer = evidence->issuer();
    result.elsewhere = std::move(elsewhere_);
    result.not_taken = std::move(not_taken_);
    const bool native = evidence->format() == evidence::native_format;
    result.submission.emplace(ledger::Submission{std::move(*evidence), native ? std::string() : domains_[0],
                                                 std::move(homes_), std::move(receipts), result.elsewhere,
                                                 std::move(undecided_), std::move(not_made_)});
    return result;
  }
  return tl::unexpected(std::move(last));
}

Time as_received(const policy::Facts& facts, Time now) {
  for (const auto& fact : facts.about)
    for (const auto& receipt : fact.receipts) now = std::max(now, receipt.time);
  return now;
}

namespace {

// A revocation that came without its key, of which this is an alias: put behind the key that is kept here.
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
    // Whether it is a revocation at all is asked here, so that what is made up finds out nothing of which keys are kept.
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
  return Examination(std::move(decoded), context).submission();
}

Result<policy::Eligibility> eligibility(const ledger::Record& record, const std::string& domain, const IntakeContext& context) {
  TRY(auto decoded, evidence::decode(record.format, record.evidence));
  return Examination(std::move(decoded), context).could_enter(domain);
}

Result<IntakeResult> examine_copy(const evidence::Piece& piece, const KeyId& issuer,
                         std::vector<ledger::ForeignReceipt> receipts, const IntakeContext& context) {
  TRY(auto decoded, evidence::decode(piece.format, piece.bytes));
  return Examination(std::move(decoded), context).copy(issuer, std::move(receipts));
}

}  // namespace cm4it::service
