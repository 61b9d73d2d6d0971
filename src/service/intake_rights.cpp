// Decides in which domains a statement could count: those of our own logs, those of other homes, or none.
#include "policy/fold.h"
#include "service/intake_facts.h"
#include "service/intake_steps.h"
#include "service/key_index.h"

namespace cm4it::service {
namespace {

using evidence::Decoded;
using evidence::Statement;
using evidence::Verified;
using policy::Eligibility;

// Checks in one domain after another whether the issuer could have the right.
class IssuerRights {
 public:
  // References outlive this.
  IssuerRights(const Decoded& decoded, const policy::IssuerKeys& issuer, const IntakeContext& context)
      : decoded_(decoded), issuer_(issuer), context_(context), policies_(context.reader.policies()) {}

  Result<Eligibility> in_domain(const std::string& domain);
  // The verified evidence on which a right depended, so that it is not verified again; none: no right did.
  std::optional<Verified> take_authenticated() { return std::move(authenticated_); }

 private:
  // Under the key that a policy lists for the issuer it names; null: none lists it. What follows depends on what is stored about
  // the subject, and whoever merely uses an issuer's name must not learn that.
  Result<const Verified*> authenticate();
  Result<Eligibility> as_holder(const std::string& domain, policy::Context in);

  const Decoded& decoded_;
  const policy::IssuerKeys& issuer_;
  const IntakeContext& context_;
  const policy::Policies& policies_;
  std::optional<Verified> authenticated_;  // authenticate() once it was asked
};

Result<const Verified*> IssuerRights::authenticate() {
  if (authenticated_) return &*authenticated_;
  const auto& claimed = decoded_.issuer().key;
  const auto* key = claimed ? policies_.find_key(*claimed) : nullptr;
  if (!key) return nullptr;
  TRY(authenticated_, evidence::verify(Decoded(decoded_), *key));
  return &*authenticated_;
}

Result<Eligibility> IssuerRights::in_domain(const std::string& domain) {
  policy::Context in{domain, {}, false, {}};
  in.now = context_.now;
  const Statement& statement = decoded_.statements()[0];
  CHECK_OK(find_subject(context_.reader, decoded_, in));
  if (const auto* withdraw = std::get_if<evidence::Withdraw>(&statement.body)) {
    TRY(const auto* authenticated, authenticate());
    TRY(const auto target, context_.reader.record(withdraw->statement));
    const auto& claimed = decoded_.issuer().key;
    if (target && (authenticated || (claimed && *claimed == target->issuer)))
      CHECK_OK(describe_target(context_.reader, *target, statement.subject, in));
  }
  auto by_role = policy::eligible(decoded_, issuer_, policies_, in);
  if (by_role.answer == Eligibility::Answer::yes) return by_role;
  // Whose the subject is is known only from all that was said of it.
  const auto* descriptor = policies_.newest(domain);
  const auto allowed = descriptor ? descriptor->write.find(statement.kind()) : decltype(descriptor->write.end()){};
  if (!descriptor || allowed == descriptor->write.end() || !contains(allowed->second, "holder")) return by_role;
  return as_holder(domain, std::move(in));
}

Result<Eligibility> IssuerRights::as_holder(const std::string& domain, policy::Context in) {
  TRY(const auto* authenticated, authenticate());
  TRY(const auto facts, context_.reader.facts(decoded_.statements()[0].subject));
  const Time now = as_received(facts, context_.now);
  const auto holder = policy::holder_of(facts, policies_, domain, now);
  in.holder = holder.domain;
  in.holder_owner = holder.owner;
  in.contradiction = holder.contradiction;
  auto eligibility = policy::eligible(decoded_, issuer_, policies_, in);
  if (eligibility.answer == Eligibility::Answer::yes || !authenticated) return eligibility;
  const auto possession = policy::possession_of(policy::fold(facts, policies_, domain, now), policies_);
  in.possession = &possession;
  return policy::eligible(decoded_, issuer_, policies_, in);
}

Error error_of(Eligibility eligibility) {
  const bool later = eligibility.answer == Eligibility::Answer::not_yet;
  return {later ? Code::not_yet : Code::not_permitted, std::move(eligibility.why), std::move(eligibility.next)};
}

// Collects the answers of all domains of one submission.
class SubmissionRoute {
 public:
  explicit SubmissionRoute(const IntakeContext& context) : context_(context) {}

  void add(const std::string& domain, Eligibility eligibility) {
    if (eligibility.answer == Eligibility::Answer::yes) {
      (is_home(domain, context_) ? to_.homes : to_.elsewhere).push_back(domain);
      if (keys_.empty()) keys_ = std::move(eligibility.keys);
      return;
    }
    not_here(domain, eligibility);
    remember(domain, std::move(eligibility));
  }

  // The result: the domains it goes to, and the keys that may have signed it.
  Result<std::pair<Destinations, std::vector<crypto::PublicKey>>> finish() {
    if (keys_.empty())
      return tl::unexpected(refusal_.value_or(Error{Code::bad_signature, "signature: no key of the issuer is known", ""}));
    for (const auto& [domain, why] : to_.undecided) to_.elsewhere.push_back(domain);
    return std::pair(std::move(to_), std::move(keys_));
  }

 private:
  // What another domain's home would make of it is for that home to say, unless its policy here says no, or nothing tells who
  // that home is.
  void not_here(const std::string& domain, const Eligibility& eligibility) {
    const bool known = context_.reader.policies().chain(domain) != nullptr, home = is_home(domain, context_);
    if (eligibility.answer == Eligibility::Answer::not_yet && !home && known)
      return to_.undecided.emplace_back(domain, eligibility.why), void();
    auto error = error_of(eligibility);
    if (!known) error.message = "domain: nothing here pins the owner of " + domain + ", so its home is not known";
    to_.not_made.emplace_back(domain, home ? to_bytes(view(error.message)) : ledger::not_sent(error.message));
    to_.not_taken.emplace_back(domain, std::move(error));
  }

  // Of several refusals the most useful one is told: one that may still change, and among those our own domain's.
  void remember(const std::string& domain, Eligibility eligibility) {
    const bool later = eligibility.answer == Eligibility::Answer::not_yet;
    if (refusal_ && !(later && refusal_->code != Code::not_yet) && !is_home(domain, context_)) return;
    refusal_ = error_of(std::move(eligibility));
  }

  const IntakeContext& context_;
  Destinations to_;
  std::vector<crypto::PublicKey> keys_;
  std::optional<Error> refusal_;  // none: no domain refused it yet
};

// Of a copy that no log here takes: the key that its record names.
Result<std::vector<crypto::PublicKey>> keys_of_record(const WithIssuer& evidence, const KeyId& claimed,
                                                      const IntakeContext& context) {
  const auto& decoded = evidence.decoded;
  if (const auto& named = decoded.issuer().key; named && *named != claimed)
    return fail(Code::malformed, "record.3: not the issuer that the evidence names");
  auto keys = policy::keys_of_copy(decoded, claimed, evidence.issuer, context.reader.policies());
  if (keys.empty())
    return fail(Code::not_yet,
                "issuer: no policy that is known here lists the key " + claimed.text() +
                    (decoded.format() == evidence::certificate_format ? ", and no certificate of a CA with it is kept" : ""),
                "it is tried again when a policy comes");
  return keys;
}

}  // namespace

Result<OrKnown<Permitted>> permit(WithIssuer evidence, const IntakeContext& context) {
  TRY(auto known, find_repeated(evidence.decoded, evidence.domains, evidence.issuer, context));
  if (known) return OrKnown<Permitted>(std::move(*known));
  CHECK_OK(could_count(evidence.decoded, context));
  IssuerRights rights(evidence.decoded, evidence.issuer, context);
  SubmissionRoute route(context);
  for (const auto& domain : evidence.domains) {
    TRY(auto eligibility, rights.in_domain(domain));
    route.add(domain, std::move(eligibility));
  }
  TRY(auto found, route.finish());
  auto authenticated = rights.take_authenticated();
  return OrKnown<Permitted>(
      Permitted(std::move(evidence), std::move(found.first), std::move(found.second), std::move(authenticated)));
}

Result<PermittedCopy> permit_copy(WithIssuer evidence, const KeyId& claimed, std::vector<ledger::ForeignReceipt> receipts,
                                  const IntakeContext& context) {
  IssuerRights rights(evidence.decoded, evidence.issuer, context);
  Destinations to;
  std::vector<crypto::PublicKey> keys;
  for (const auto& domain : evidence.domains) {
    if (!is_home(domain, context)) continue;
    TRY(auto eligibility, rights.in_domain(domain));
    if (eligibility.answer != Eligibility::Answer::yes) continue;
    to.homes.push_back(domain);
    if (keys.empty()) keys = std::move(eligibility.keys);
  }
  if (receipts.empty() && to.homes.empty())
    return fail(Code::not_permitted, "receipt: a copy keeps only what a home has received, and none by a home of " +
                                         evidence.domains[0] + " came with it");
  if (keys.empty()) {
    TRY(keys, keys_of_record(evidence, claimed, context));
  }
  auto authenticated = rights.take_authenticated();
  return PermittedCopy(std::move(evidence), std::move(to), std::move(keys), std::move(authenticated), std::move(receipts));
}

Result<Eligibility> eligibility(const ledger::Record& record, const std::string& domain, const IntakeContext& context) {
  TRY(const auto decoded, evidence::decode(record.format, record.evidence));
  if (is_policy(decoded)) return Eligibility{Eligibility::Answer::yes, {}, {}};
  // In no domain: a CA's key that only a role tells leaves the answer open (not_yet), which its home settles.
  TRY(const auto issuer, policy::candidate_keys(decoded, {}, context.reader.policies(), LedgerKeyIndex(context.reader)));
  return IssuerRights(decoded, issuer, context).in_domain(domain);
}

}  // namespace cm4it::service
