#include "service/walk.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/text.h"
#include "evidence/crl.h"
#include "evidence/openpgp.h"
#include "evidence/x509.h"
#include "policy/crl_signers.h"
#include "policy/fold.h"
#include "policy/paths.h"
#include "service/restricting.h"
#include "service/walk_facts.h"

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

class Walk {
 public:
  Walk(Decoded decoded, const WalkContext& context)
      : decoded_(std::move(decoded)), context_(context), policies_(context.reader.policies()) {}

  Result<Walked> submission() {
    TRY(domains_, domains_of(decoded_, context_.submission_domain));
    add_listening_homes(decoded_, policies_, context_.server.homes, domains_);
    if (is_policy()) {
      if (!is_home(domains_[0]) && forwards_policies_of(domains_[0])) elsewhere_ = {domains_[0]};
      return policy_evidence(false);
    }
    CHECK_OK(held_somewhere());
    CHECK_OK(find_named());
    TRY(auto again, repeated());
    if (again) return std::move(*again);
    CHECK_OK(could_count());
    CHECK_OK(judge_rights());
    if (keys_.empty()) return tl::unexpected(*refusal_);
    // What is kept is not told before the signature holds: who guesses a statement must not learn whether it was made.
    TRY(auto walked, verified({}));
    const auto& evidence = walked.submission->evidence;
    TRY(auto known, already_known(evidence.id(), walked.issuer, domains_));
    if (known) return std::move(*known);
    CHECK_OK(set_share(*walked.submission));
    TRY(const auto kept, context_.reader.record(evidence.id()));
    if (!kept) CHECK_OK(may_still_speak(context_.reader, evidence.statements(), walked.issuer));
    if (!kept) CHECK_OK(withdraws_in_time(evidence));
    if (!kept) CHECK_OK(quota(evidence.statements(), evidence.bytes(), walked.issuer));
    if (!kept) CHECK_OK(can_take_back(evidence));
    return walked;
  }

  Result<Eligibility> could_enter(const std::string& domain) {
    if (is_policy()) return Eligibility{Eligibility::Answer::yes, {}, {}};
    CHECK_OK(find_named());
    return eligible_in(domain);
  }

  Result<Walked> copy(const KeyId& issuer, std::vector<ledger::ForeignReceipt> receipts) {
    const std::string_view made_in = receipts.empty() ? std::string_view{} : std::string_view(receipts[0].domain);
    TRY(domains_, domains_of(decoded_, made_in));
    if (is_policy()) return policy_evidence(true, std::move(receipts));
    add_listening_homes(decoded_, policies_, context_.server.homes, domains_);
    CHECK_OK(find_named());
    CHECK_OK(judge_rights_at_homes());
    if (receipts.empty() && homes_.empty())
      return fail(Code::not_permitted, "receipt: a copy keeps only what a home has received, and none by a home of " +
                  domains_[0] + " came with it");
    if (keys_.empty()) CHECK_OK(find_issuer(issuer));
    TRY(auto walked, verified(std::move(receipts)));
    CHECK_OK(quota_of_copy(walked.submission->evidence));
    return walked;
  }

 private:
  static constexpr std::size_t most_transferred = 32;  // subjects looked at to find where a policy is judged by

  bool is_policy() const {
    return !decoded_.statements().empty() && decoded_.statements()[0].kind() == Kind::policy;
  }

  bool is_home(std::string_view domain) const { return contains(context_.server.homes, domain); }

  // Somewhere in this server: as home, or as a copy.
  Result<void> held_somewhere() const {
    const auto& kept = context_.reader.published().domains;
    for (const auto& domain : domains_)
      if (is_home(domain) || kept.contains(domain)) return {};
    return fail(Code::misdirected, "domain: " + domains_[0] + " is not kept by this server",
                home_url(policies_, domains_[0]));
  }

  // Where the owner is known, and by more than a sale; strangers can introduce any number of domains.
  bool forwards_policies_of(const std::string& domain) const {
    const auto* chain = policies_.chain(domain);
    return chain && (chain->pinned_by != policy::Pin::Source::transfer || context_.reader.published().domains.contains(domain));
  }

  // Sent once more as it is kept, signature and all: whoever can do that has seen it, and it was verified when it came.
  Result<std::optional<Walked>> repeated() const {
    const auto* named = std::get_if<KeyId>(&decoded_.issuer());
    std::vector<KeyId> issuers = named ? std::vector{*named} : named_;
    for (const auto& key : issuers_.keys) issuers.push_back(key.id());
    for (const KeyId& candidate : issuers) {
      const auto id = evidence::statement_id(decoded_.format(), candidate, decoded_.signed_bytes());
      TRY(const auto record, context_.reader.record(id));
      if (!record || record->position == 0) continue;  // one that is kept aside: that it came again keeps it longer
      if (equal(record->evidence, decoded_.bytes())) return already_known(id, candidate, domains_);
    }
    return std::optional<Walked>{};
  }

  // The same statement, whatever its signature bytes or its unsigned parts: the first receipt answers it.
  Result<std::optional<Walked>> already_known(const evidence::StatementId& id, const KeyId& issuer,
                                              const std::vector<std::string>& taken_in) const {
    TRY(const auto kept, context_.reader.record(id));
    if (!kept || kept->position == 0) return std::optional<Walked>{};
    TRY(auto placements, context_.reader.placements(id));
    for (const auto& domain : taken_in)
      if (is_home(domain) && std::none_of(placements.begin(), placements.end(),
                                          [&](const Placement& placement) { return placement.domain == domain; }))
        return std::optional<Walked>{};  // one of our logs has not taken it: it may do so now
    for (const auto& domain : domains_) {
      TRY(const auto refused, context_.reader.note(ledger::refusal_note(id, domain)));
      if (refused) return std::optional<Walked>{};  // its home refused it once: it may be another's mind now
    }
    Walked walked;
    walked.known = ledger::Appended{id, false, std::move(placements)};
    walked.issuer = issuer;
    return std::optional(std::move(walked));
  }

  // A certificate names its CA: what is kept of CAs of that name tells the key, and who is above it.
  Result<void> find_authorities(const evidence::X509Issuer& issuer) {
    // Those that play a role come first: strangers may give their own CAs the same name, and any number of them.
    std::vector<KeyId> keys;
    for (const auto& domain : domains_)
      for (const auto& key : policies_.keys_playing(domain, evidence::Format::x509, budget::authorities / 2)) keys.push_back(key.id());
    CHECK_OK(context_.reader.named(evidence::x509::authority_name(issuer.name), [&](const evidence::SubjectId& subject, ledger::Rank) {
      keys.push_back(KeyId{subject.digest});
      return keys.size() < budget::authorities;
    }));
    CHECK_OK(context_.reader.add_authorities(keys, authorities_));
    std::vector<crypto::Certificate> kept;
    for (const KeyId& key : keys)
      for (const auto& fact : authorities_[key])
        if (policy::is_authority(fact.statement) && fact.statement.certificates[0].fields().subject_canonical == issuer.name)
          kept.push_back(fact.statement.certificates[0]);
    issuers_ = policy::issuers_of(decoded_, kept, policies_, domains_);
    if (!issuers_.certain || issuers_.keys.size() > 1) only_signer();
    // What these keys say of themselves binds what they say of others.
    keys.clear();
    for (const auto& key : issuers_.keys) keys.push_back(key.id());
    return context_.reader.add_authorities(std::move(keys), authorities_);
  }

  // Names and roles leave several keys, and only the signature tells which of them it is: a few, and bounded. Where it is none of
  // those that it names by their identifier either, the signature is what is wrong.
  void only_signer() {
    const auto signer = std::find_if(issuers_.keys.begin(), issuers_.keys.end(),
                                     [&](const auto& key) { return evidence::check_signature(decoded_, key).has_value(); });
    const auto left = signer != issuers_.keys.end() ? signer : issuers_.identified > 0 ? issuers_.keys.begin() : issuers_.keys.end();
    issuers_.certain = left != issuers_.keys.end();
    if (issuers_.certain) issuers_.keys = {crypto::PublicKey(*left)};
    else issuers_.keys.clear();
  }

  // What a subject says of itself: its key stands in an identity of it.
  Result<void> find_own_key(const Statement& statement) {
    if (policies_.find_key(statement.issuer) || decoded_.carried_key()) return {};
    TRY(const auto facts, context_.reader.facts(statement.subject));
    for (const auto& fact : facts.about) {
      const auto* identity = std::get_if<evidence::Identity>(&fact.statement.body);
      if (!identity || identity->spki.empty()) continue;
      auto key = crypto::PublicKey::from_canonical_spki(identity->spki);
      if (!key || key->id() != statement.issuer) continue;
      issuers_.keys = {std::move(*key)};
      return {};
    }
    return {};
  }

  // An OpenPGP signature names its maker's certificate: that which is kept here tells the key. A short name may be several.
  Result<void> find_named() {
    if (const auto* authority = std::get_if<evidence::X509Issuer>(&decoded_.issuer())) return find_authorities(*authority);
    if (decoded_.format() == evidence::Format::cose || decoded_.format() == evidence::Format::sums) {  // what the CAs of its x5chain say of themselves
      std::vector<KeyId> keys;
      const auto& statement = decoded_.statements()[0];
      for (const auto& certificate : statement.certificates) keys.push_back(certificate.key().id());
      if (statement.subject == evidence::SubjectId::key(statement.issuer)) CHECK_OK(find_own_key(statement));
      if (statement.kind() == evidence::Kind::withdraw && !policies_.find_key(statement.issuer)) keys.push_back(statement.issuer);  // it may be a CA below another
      return context_.reader.add_authorities(std::move(keys), authorities_);
    }
    const auto* issuer = std::get_if<evidence::PgpIssuer>(&decoded_.issuer());
    if (!issuer) return {};
    const std::string kind = issuer->fingerprint.empty() ? "keyid:" : "fpr:";
    // What others bind as their subkey is not theirs to speak for. Of key ids, which can be made alike, those come first whose
    // keys a policy lists.
    std::vector<KeyId> others;
    std::size_t examined = 0;
    CHECK_OK(context_.reader.named(kind + issuer->text(), [&](const evidence::SubjectId& subject, ledger::Rank rank) {
      if (rank != ledger::Rank::own || subject.kind != evidence::SubjectKind::key) return false;
      const KeyId key{subject.digest};
      if (policies_.find_key(key)) named_.push_back(key);
      else if (others.size() < budget::candidate_keys) others.push_back(key);
      return named_.size() < budget::candidate_keys && ++examined < budget::names_examined;
    }));
    named_.insert(named_.end(), others.begin(), others.end());
    return {};
  }

  // A CRL that could end nothing is not taken in silence. One that is newer and bears no higher number would count for nothing: a CA
  // that was set back does not notice by itself.
  Result<void> can_take_back(const evidence::Verified& evidence) {
    const Statement& statement = evidence.statements().at(0);
    const auto& crl = statement.crl;
    if (!crl) return {};
    const auto* domain = policies_.newest(domains_[0]);
    if (domain) {
      policy::CrlSigners signers(authorities_, policies_, *domain, context_.now);
      if (auto why = signers.why_not(statement); !why.empty()) return fail(Code::not_permitted, "crl: " + why);
      if (signers.has_other_names(statement))
        return fail(Code::not_yet, "crl.issuer: no certificate of its signer that is kept here has the name that " + crl->name + " gives: it would end nothing",
                    "push the CA's certificate of that name first");
    }
    TRY(const auto before, context_.reader.crl_before(evidence.issuer(), *crl));
    if (!before) return {};
    return fail(Code::conflict, "crl.cRLNumber: " + crl->name + " is newer than " + before->crl->name + ", which is kept, and its number is not higher: "
                "it would count for nothing", "let the CA number its CRLs on from there (for `openssl ca` the file crlnumber)");
  }

  Result<void> within_share(const Statement& statement, const KeyId& issuer, std::size_t share) const {
    TRY(const auto own, context_.reader.count(statement.subject, issuer, share));
    if (own < share) return {};
    return fail(Code::too_large, "issuer: " + std::to_string(own) + " statements by it about this subject are kept, no more are taken",
                "raise quotas.subject_statements in icsd.toml");
  }

  static bool is_alarm(const Statement& statement) {
    const auto* change = std::get_if<evidence::StatusChange>(&statement.body);
    return change && evidence::is_alarm(change->status);
  }

  // What can never count, whoever says it, is not received.
  Result<void> could_count() const {
    const auto& statements = decoded_.statements();
    const bool native = decoded_.format() == evidence::Format::cose;
    if (native) CHECK_OK(evidence::check_times(statements[0]));
    // A key's own word that it is compromised counts from its receipt, whatever dates it bears.
    const auto own_alarm = [](const Statement& one) { return one.hard_revocation || is_self_compromise(one, one.issuer); };
    if (std::all_of(statements.begin(), statements.end(), own_alarm)) return {};
    if (native && statements[0].expires && *statements[0].expires <= context_.now)
      return fail(Code::not_permitted, "claims.4: exp, " + to_rfc3339(*statements[0].expires) + ", has passed: it can count for nothing");
    if (decoded_.format() == evidence::Format::x509 || decoded_.format() == evidence::Format::crl) return {};  // valid from a time to come
    // Whether a withdrawal restricts hangs on what is kept, which nobody is told before the signature holds: withdraws_in_time().
    const auto refused = [&](const Statement& one) { return is_ahead(one) && !is_alarm(one) && one.kind() != evidence::Kind::withdraw; };
    return std::all_of(statements.begin(), statements.end(), refused) ? signed_ahead(statements[0]) : Result<void>{};
  }

  bool is_ahead(const Statement& statement) const { return statement.issued_at > context_.now + budget::clock_skew_seconds; }

  Result<void> signed_ahead(const Statement& statement) const {
    return fail(Code::not_permitted, std::string(statement.format == evidence::Format::cose ? "claims.6: iat, " : "signature: its time, ") +
                to_rfc3339(statement.issued_at) + ", is more than 5 minutes ahead of this server's clock (" + to_rfc3339(context_.now) +
                "): it could count for nothing", "set the clock of whoever signs, and sign it again");
  }

  // What restricts enters whatever its signer's clock says; a withdrawal that lifts an alarm is bound as every other statement is.
  Result<void> withdraws_in_time(const evidence::Verified& evidence) const {
    if (evidence.format() == evidence::Format::x509 || evidence.format() == evidence::Format::crl) return {};
    for (const Statement& statement : evidence.statements()) {
      if (!is_ahead(statement)) return {};
      TRY(const bool restricting, restricts(statement, context_.reader));
      if (restricting) return {};
    }
    return signed_ahead(evidence.statements().at(0));
  }

  // What an issuer may say of a subject does not hang on how much others said: they cannot use up its share. All of them together
  // are bounded too, but for the first few of each. What restricts always enters, unless it says only what is kept already.
  Result<void> quota(const std::vector<Statement>& statements, View piece, const KeyId& issuer) const {
    for (const Statement& statement : statements) {
      const auto within = within_share(statement, issuer, context_.subject_quota);
      TRY(const bool restricting, restricts(statement, context_.reader));
      if (restricting) {
        if (within) continue;
        TRY(const bool adds, adds_restriction(statement, piece, issuer, context_.reader));
        if (!adds) return within;
        if (statement.kind() == evidence::Kind::withdraw && !statement.crl)
          CHECK_OK(within_share(statement, issuer, 2 * context_.subject_quota + budget::issuer_reserve));
        continue;
      }
      CHECK_OK(within);
      TRY(const auto own, context_.reader.count(statement.subject, issuer, budget::issuer_reserve));
      if (own < budget::issuer_reserve) continue;
      TRY(const auto all, context_.reader.count(statement.subject, budget::subject_quota));
      if (all >= budget::subject_quota)
        return fail(Code::too_large, "subject: " + std::to_string(all) + " statements about it are kept, only alarms and revocations are taken");
    }
    return {};
  }

  Result<void> set_share(ledger::Submission& submission) const {
    submission.share = context_.subject_quota;
    for (const Statement& statement : submission.evidence.statements()) {
      TRY(const bool restricting, restricts(statement, context_.reader));
      if (restricting) submission.share = 0;
    }
    return {};
  }

  // A copy follows what homes took, up to what a home can have been configured to take. What restricts always enters.
  Result<void> quota_of_copy(const evidence::Verified& evidence) const {
    for (const Statement& statement : evidence.statements()) {
      TRY(const bool restricting, restricts(statement, context_.reader));
      if (restricting) continue;
      if (within_share(statement, evidence.issuer(), budget::subject_quota)) continue;
      TRY(const auto kept, context_.reader.record(evidence.id()));
      if (!kept) return within_share(statement, evidence.issuer(), budget::subject_quota);
    }
    return {};
  }

  // What follows hangs on what is kept of the subject: whoever only uses an issuer's name is told nothing of it.
  Result<void> authenticate() {
    const auto* claimed = std::get_if<KeyId>(&decoded_.issuer());
    const auto* key = claimed && !authentic_ ? policies_.find_key(*claimed) : nullptr;
    if (!key) return {};
    TRY(authentic_, evidence::verify(Decoded(decoded_), *key));
    return {};
  }

  Result<Eligibility> eligible_in(const std::string& domain) {
    policy::Context in{domain, {}, false, {}, named_, issuers_.keys, &authorities_};
    in.now = context_.now;
    const Statement& statement = decoded_.statements()[0];
    CHECK_OK(find_subject(context_.reader, decoded_, in));
    if (const auto* withdraw = std::get_if<evidence::Withdraw>(&statement.body)) {
      CHECK_OK(authenticate());
      TRY(const auto target, context_.reader.record(withdraw->statement));
      const auto* claimed = std::get_if<KeyId>(&decoded_.issuer());
      if (target && (authentic_ || (claimed && *claimed == target->issuer)))
        CHECK_OK(describe_target(context_.reader, *target, statement.subject, in));
    }
    auto by_role = policy::eligible(decoded_, policies_, in);
    if (by_role.answer == Eligibility::Answer::yes) return by_role;
    // Whose the subject is takes a walk over all that was said of it.
    const auto* descriptor = policies_.newest(domain);
    const auto allowed = descriptor ? descriptor->write.find(statement.kind()) : decltype(descriptor->write.end()){};
    if (!descriptor || allowed == descriptor->write.end() || !contains(allowed->second, "holder")) return by_role;
    CHECK_OK(authenticate());
    TRY(const auto facts, context_.reader.facts(statement.subject));
    const auto holder = policy::holder_of(facts, policies_, domain, as_received(facts, context_.now));
    in.holder = holder.domain;
    in.holder_owner = holder.owner;
    in.contradiction = holder.contradiction;
    return policy::eligible(decoded_, policies_, in);
  }

  // Where the issuer could have the right: into our own logs, or on to others' homes.
  Result<void> judge_rights() {
    for (const auto& domain : domains_) {
      TRY(auto eligibility, eligible_in(domain));
      if (eligibility.answer == Eligibility::Answer::yes) {
        (is_home(domain) ? homes_ : elsewhere_).push_back(domain);
        if (keys_.empty()) keys_ = std::move(eligibility.keys);
        continue;
      }
      not_here(domain, eligibility);
      remember(domain, eligibility);
    }
    if (keys_.empty()) return {};
    for (const auto& [domain, why] : undecided_) elsewhere_.push_back(domain);
    return {};
  }

  // What another domain's home would make of it is for that home to say, unless its policy here says no, or nothing tells who that
  // home is.
  void not_here(const std::string& domain, const Eligibility& eligibility) {
    const bool known = policies_.chain(domain) != nullptr;
    if (eligibility.answer == Eligibility::Answer::not_yet && !is_home(domain) && known)
      return undecided_.emplace_back(domain, eligibility.why), void();
    auto error = error_of(eligibility);
    if (!known) error.message = "domain: nothing here pins the owner of " + domain + ", so its home is not known";
    not_made_.emplace_back(domain, is_home(domain) ? to_bytes(view(error.message)) : ledger::not_sent(error.message));
    not_taken_.emplace_back(domain, std::move(error));
  }

  Result<void> judge_rights_at_homes() {
    for (const auto& domain : domains_) {
      if (!is_home(domain)) continue;
      TRY(auto eligibility, eligible_in(domain));
      if (eligibility.answer != Eligibility::Answer::yes) continue;
      homes_.push_back(domain);
      if (keys_.empty()) keys_ = std::move(eligibility.keys);
    }
    return {};
  }

  // Of several refusals the one that may still change, and of those our own domain's, says most.
  void remember(const std::string& domain, const Eligibility& eligibility) {
    const bool later = eligibility.answer == Eligibility::Answer::not_yet;
    if (refusal_ && !(later && refusal_->code != Code::not_yet) && !is_home(domain)) return;
    refusal_ = error_of(eligibility);
  }

  static Error error_of(const Eligibility& eligibility) {
    const bool later = eligibility.answer == Eligibility::Answer::not_yet;
    return {later ? Code::not_yet : Code::not_permitted, eligibility.why, later ? "submit it again when that has come" : ""};
  }

  Result<void> find_issuer(const KeyId& claimed) {
    if (const auto* named = std::get_if<KeyId>(&decoded_.issuer())) {
      if (*named != claimed) return fail(Code::malformed, "record.3: not the issuer that the evidence names");
      if (const auto* key = policies_.find_key(*named)) keys_ = {*key};
      else if (decoded_.carried_key() && decoded_.carried_key()->id() == *named) keys_ = {*decoded_.carried_key()};
      else if (const auto* certified = policy::certified_key(*named, authorities_)) keys_ = {*certified};
      else keys_ = issuers_.keys;  // the subject's own
    } else if (const auto* method1 = std::get_if<evidence::Method1Id>(&decoded_.issuer())) {
      keys_ = policies_.find_keys(*method1);
    } else if (const auto* key = policies_.find_key(claimed)) {
      keys_ = {*key};
    } else {
      for (const auto& known : issuers_.keys)
        if (known.id() == claimed) keys_ = {known};
    }
    if (keys_.empty())
      return fail(Code::not_yet, "issuer: no policy that is known here lists the key " + claimed.text() +
                  (decoded_.format() == evidence::Format::x509 ? ", and no certificate of a CA with it is kept" : ""),
                  "it is tried again when a policy comes");
    issuers_.certain = true;
    return {};
  }

  // The logs of this server that bear witness to when a policy came: its own domain's, and of those that judge by it: they refer to
  // that domain, or something was handed over to it there.
  Result<std::vector<std::string>> homes_of_policy(const std::string& domain) const {
    std::vector<std::string> homes;
    for (const auto& home : context_.server.homes) {
      const auto* descriptor = policies_.newest(home);
      if (home == domain) homes.push_back(home);
      else if (descriptor && policies_.chain(domain) && contains(descriptor->referenced(), domain)) homes.push_back(home);
    }
    if (!policies_.chain(domain)) return homes;
    std::vector<evidence::SubjectId> subjects;
    CHECK_OK(context_.reader.search("transferred", domain, {}, [&](const evidence::SubjectId& subject) {
      subjects.push_back(subject);
      return subjects.size() < most_transferred && homes.size() < context_.server.homes.size();
    }));
    for (const auto& subject : subjects) {
      if (homes.size() == context_.server.homes.size()) break;
      TRY(const auto facts, context_.reader.facts(subject));
      for (const auto& fact : facts.about)
        if (const auto* transfer = std::get_if<evidence::Transfer>(&fact.statement.body); transfer && transfer->domain == domain)
          for (const auto& made_in : fact.domains)
            if (is_home(made_in) && !contains(homes, made_in)) homes.push_back(made_in);
    }
    return homes;
  }

  // Anybody may introduce a domain: for what nothing pins the ledger makes room (ledger/unpinned.h).
  Result<void> room_for(const std::string& domain, std::size_t kept) const {
    if (!policies_.chain(domain) || kept < budget::policy_versions) return {};
    return fail(Code::too_large, "domain: " + std::to_string(kept) + " descriptors of " + domain + " are kept already");
  }

  // `copied`: out of a feed; the home took it already.
  Result<Walked> policy_evidence(bool copied, std::vector<ledger::ForeignReceipt> receipts = {}) {
    const auto& body = std::get<evidence::PolicyText>(decoded_.statements()[0].body);
    TRY(const auto descriptor, policy::parse_descriptor(body.descriptor, policy::Homes::several));
    TRY(homes_, homes_of_policy(descriptor.domain));
    const auto* named = std::get_if<KeyId>(&decoded_.issuer());
    std::optional<Walked> known;  // policies are for everybody: that one is kept is no secret
    bool newcomer = !copied;
    if (named) {
      const auto id = evidence::statement_id(decoded_.format(), *named, decoded_.signed_bytes());
      TRY(known, already_known(id, *named, homes_));
      TRY(const auto record, context_.reader.record(id));
      if (record && record->position != 0) newcomer = false;
    }
    if (known && receipts.empty()) return std::move(*known);
    if (newcomer) CHECK_OK(policy::parse_descriptor(body.descriptor, policy::Homes::one));  // kept ones may list several homes
    TRY(const auto kept, context_.reader.descriptors(descriptor.domain));
    if (!known) CHECK_OK(room_for(descriptor.domain, kept.size()));
    auto eligibility = policy::eligible_policy(decoded_, descriptor, policies_);
    if (eligibility.answer != Eligibility::Answer::yes)
      return fail(eligibility.answer == Eligibility::Answer::not_yet ? Code::not_yet : Code::not_permitted,
                  std::move(eligibility.why));
    keys_ = std::move(eligibility.keys);
    return verified(std::move(receipts));
  }

  Result<Walked> verified(std::vector<ledger::ForeignReceipt> receipts) {
    Error last{Code::bad_signature, "signature: no key of the issuer is known", ""};
    for (std::size_t i = 0; i < keys_.size() && i < budget::candidate_keys; ++i) {
      auto evidence = authentic_ && authentic_->issuer() == keys_[i].id()
                          ? Result<evidence::Verified>(std::move(*authentic_))
                          : evidence::verify(i + 1 < keys_.size() ? Decoded(decoded_) : std::move(decoded_), keys_[i]);
      if (!evidence) {
        last = std::move(evidence).error();
        continue;
      }
      Walked walked;
      walked.issuer = evidence->issuer();
      walked.elsewhere = std::move(elsewhere_);
      walked.not_taken = std::move(not_taken_);
      const bool native = evidence->format() == evidence::Format::cose;
      walked.submission.emplace(ledger::Submission{std::move(*evidence), native ? std::string() : domains_[0],
                                                   std::move(homes_), std::move(receipts), walked.elsewhere,
                                                   std::move(undecided_), std::move(not_made_)});
      return walked;
    }
    return tl::unexpected(std::move(last));
  }

  Decoded decoded_;
  const WalkContext& context_;
  const policy::Policies& policies_;
  std::vector<std::string> domains_, homes_, elsewhere_;
  std::vector<std::pair<std::string, std::string>> undecided_;  // of elsewhere_, and why
  std::vector<std::pair<std::string, Bytes>> not_made_;
  std::vector<KeyId> named_;  // whose certificates bear the name of an OpenPGP issuer
  policy::Issuers issuers_;           // of a certificate (X.509)
  policy::Authorities authorities_;   // and the CAs above them
  std::vector<crypto::PublicKey> keys_;
  std::optional<evidence::Verified> authentic_;  // under the key that a policy lists for the issuer it names
  std::optional<Error> refusal_;
  std::vector<std::pair<std::string, Error>> not_taken_;
};

}  // namespace

Time as_received(const policy::Facts& facts, Time now) {
  for (const auto& fact : facts.about)
    for (const auto& receipt : fact.receipts) now = std::max(now, receipt.time);
  return now;
}

namespace {

// A revocation that came without its key: put behind the key that is kept here.
Result<evidence::Piece> with_its_key(const evidence::Piece& piece, const evidence::PgpIssuer& issuer, const ledger::Reader& reader) {
  const auto absent = fail(Code::not_yet, "issuer: the key that this revocation is of, " + issuer.text() + ", neither came with it nor is kept here",
                           "put the key before it");
  std::vector<evidence::SubjectId> subjects;
  CHECK_OK(reader.named((issuer.fingerprint.empty() ? "keyid:" : "fpr:") + issuer.text(), [&](const evidence::SubjectId& subject, ledger::Rank rank) {
    if (rank != ledger::Rank::own) return false;
    subjects.push_back(subject);
    return subjects.size() < budget::candidate_keys;
  }));
  for (const auto& subject : subjects) {
    std::optional<evidence::Piece> whole;
    CHECK_OK(reader.of_subject(subject, [&](std::uint64_t, const evidence::StatementId& id) {
      const auto record = reader.record(id);
      if (!record || !*record || (*record)->format != evidence::Format::openpgp) return true;
      auto completed = evidence::openpgp::complete(piece.bytes, (*record)->evidence);
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

Result<Walked> walk(const evidence::Piece& piece, const WalkContext& context) {
  if (piece.format == evidence::Format::openpgp)
    if (const auto revoked = evidence::openpgp::loose_revocation(piece.bytes)) {
      TRY(const auto whole, with_its_key(piece, *revoked, context.reader));
      return walk(whole, context);
    }
  TRY(auto decoded, evidence::decode(piece.format, piece.bytes));
  return Walk(std::move(decoded), context).submission();
}

Result<policy::Eligibility> eligibility(const ledger::Record& record, const std::string& domain, const WalkContext& context) {
  TRY(auto decoded, evidence::decode(record.format, record.evidence));
  return Walk(std::move(decoded), context).could_enter(domain);
}

Result<Walked> walk_copy(const evidence::Piece& piece, const KeyId& issuer,
                         std::vector<ledger::ForeignReceipt> receipts, const WalkContext& context) {
  TRY(auto decoded, evidence::decode(piece.format, piece.bytes));
  return Walk(std::move(decoded), context).copy(issuer, std::move(receipts));
}

}  // namespace cm4it::service
