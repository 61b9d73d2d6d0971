#include "policy/eligible.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/text.h"
#include "evidence/codec.h"
#include "policy/issuers.h"
#include "policy/delegation.h"
#include "policy/taken_back.h"

namespace cm4it::policy {
namespace {

using Answer = Eligibility::Answer;
using evidence::Statement;

Eligibility refuse(Answer answer, std::string why, std::string next = {}) { return {answer, {}, std::move(why), std::move(next)}; }

// Whether anybody but the subject itself and its holder could say it in this format: roles that accept it.
bool format_is_taken(const Descriptor& domain, const Policies& policies, const std::vector<std::string>& allowed, Format format) {
  const auto takes = [&](const RoleEntry& entry) { return entry.formats.contains(format); };
  for (const auto& role : allowed) {
    if (role == "owner" || role == "home") continue;  // they speak natively
    const auto entries = domain.roles.find(role);
    if (entries == domain.roles.end()) continue;
    for (const RoleEntry& entry : entries->second) {
      const auto* reference = std::get_if<RoleReference>(&entry.who);
      const Descriptor* other = reference ? policies.newest(reference->domain) : nullptr;
      const auto theirs = other ? other->roles.find(reference->role) : decltype(domain.roles.end()){};
      if (!reference ? takes(entry) : other && theirs != other->roles.end() && std::any_of(theirs->second.begin(), theirs->second.end(), takes))
        return true;
    }
  }
  return false;
}

// Who may say this. What takes back by component takes back whatever its issuer could have said there.
std::vector<std::string> allowed_for(const Descriptor& domain, const Statement& statement) {
  std::vector<Kind> kinds{statement.kind()};
  if (statement.revocations) kinds = {Kind::identity};  // a list takes back certificates, and nothing else
  else if (statement.kind() == Kind::withdraw) kinds = {Kind::identity, Kind::endorse, Kind::status, Kind::assign};  // all but what is final
  std::vector<std::string> roles;
  for (const Kind kind : kinds)
    if (const auto allowed = domain.write.find(kind); allowed != domain.write.end())
      for (const auto& role : allowed->second)
        if (!contains(roles, role)) roles.push_back(role);
  return roles;
}

// A role that a policy imports from a domain whose own policy has not come: its players are not known yet.
std::optional<std::string> unknown_import(const Descriptor& domain, const Policies& policies,
                                          const std::vector<std::string>& allowed) {
  for (const auto& role : allowed)
    if (const auto entries = domain.roles.find(role); entries != domain.roles.end())
      for (const auto& entry : entries->second)
        if (const auto* reference = std::get_if<RoleReference>(&entry.who); reference && !policies.newest(reference->domain))
          return reference->domain;
  return {};
}

// By which roles could this key have said it, over certificates of authorities that are stored.
Paths certified_roles(const KeyId& issuer, const Decoded& decoded, const Authorities& authorities, const Policies& policies, const Context& context) {
  Statement statement = decoded.statements().at(0);
  statement.issuer = issuer;
  return stored_paths(statement, authorities, policies, *policies.newest(context.domain));
}

Holder holder_of(const Context& context) { return {std::string(context.holder), context.contradiction, context.holder_owner}; }

// Only by this domain's own policy: if another domain lends the role, that domain's homes may have received the statement in time.
bool has_ended(const Policies::Membership& membership, const Context& context) {
  return membership.until && membership.set_by == context.domain && *membership.until <= context.now;
}

// Whether this key has, or could have had, a role that may write this. `broken`: why a certification path to a role does not hold.
bool has_right(const KeyId& issuer, const Decoded& decoded, const Authorities& authorities, const Policies& policies, const Context& context,
               const std::vector<std::string>& allowed, std::string& broken) {
  if (evidence::signed_by_authorities(decoded.format())) {  // who may issue certificates may take them back
    auto paths = certified_roles(issuer, decoded, authorities, policies, context);
    for (const Path& path : paths.found)
      if (contains(allowed, path.membership.role)) return true;
    if (!paths.why_not.empty()) broken = std::move(paths.why_not);
  } else {
    for (const auto& membership : policies.roles_of(context.domain, issuer, decoded.format())) {
      if (!contains(allowed, membership.role)) continue;
      if (!has_ended(membership, context)) return true;
      broken = "kid: the issuer's role " + membership.role + " ended at " + to_rfc3339(*membership.until) + ": what comes now cannot count";
    }
    if (!decoded.statements()[0].credentials.empty()) {
      auto paths = certified_roles(issuer, decoded, authorities, policies, context);
      for (const Path& path : paths.found)
        if (contains(allowed, path.membership.role)) return true;
      if (!paths.why_not.empty()) broken = std::move(paths.why_not);
    }
  }
  const auto& statements = decoded.statements();
  if (contains(allowed, "self") &&
      std::all_of(statements.begin(), statements.end(),
                  [&](const Statement& s) { return s.subject == evidence::SubjectId::key(issuer); }))
    return true;
  if (!contains(allowed, "holder") || decoded.format() != evidence::native_format || context.contradiction || context.holder.empty()) return false;
  const auto voice = policies.speaks_for(holder_of(context), issuer, is_alarm(statements[0]));
  return voice.speaks && (!voice.until || context.now < *voice.until);
}

// While a domain is contested, alarms are taken from those who could raise them before.
bool may_alarm_in_contest(const Chain& chain, const KeyId& issuer, const Decoded& decoded, const Policies& policies) {
  const Statement& statement = decoded.statements()[0];
  return chain.contested() && is_alarm(statement) &&
         policies.could_write(chain.domain, Kind::status, issuer, decoded.format(), {Time::never(), chain.domain});
}

// A key's own word that it is compromised is taken whatever [write] says, and while the policy is forked: it can only lower. About
// a key that is unknown here it would concern nobody.
std::vector<crypto::PublicKey> self_compromised(const Decoded& decoded, const IssuerKeys& issuer, const Policies& policies, const Context& context) {
  std::vector<crypto::PublicKey> keys;
  const auto& statements = decoded.statements();
  for (const auto& key : issuer.keys) {
    const KeyId id = key.id();
    const bool own = std::all_of(statements.begin(), statements.end(), [&](const Statement& one) { return is_self_compromise(one, id); });
    if (own && (context.subject_is_stored || policies.find_key(id))) keys.push_back(key);
  }
  return keys;
}

// Could the key still get the right as holder, by a transfer or by the end of a contradiction?
bool may_become_holder(const KeyId& issuer, const Policies& policies) {
  return std::any_of(policies.chains().begin(), policies.chains().end(),
                     [&](const auto& chain) { return policies.speaks_for(chain.first, issuer).speaks; });
}

Eligibility eligible_withdrawal(const Decoded& decoded, const IssuerKeys& issuer, const Policies& policies, const Context& context) {
  const auto& claimed = decoded.issuer().key;
  if (!context.target_issuer)
    return refuse(Answer::not_yet, "payload.3.1: the statement to take back is not kept here", "submit that first");
  if (!claimed || *claimed != *context.target_issuer)
    return refuse(Answer::no, "kid: only the issuer of a statement, " + key_words(*context.target_issuer, policies) + ", can take it back");
  if (!contains(context.target_domains, context.domain))
    return refuse(Answer::no, "payload.1: the statement to take back was made in " + joined(context.target_domains) + ", not in " +
                  std::string(context.domain) + ": it is taken back where it was made");
  if (context.target_kinds.empty())
    return refuse(Answer::no, "claims.2: the statement to take back is about another subject");
  if (std::none_of(context.target_kinds.begin(), context.target_kinds.end(), can_be_withdrawn))
    return refuse(Answer::no, std::string("payload.3.1: a statement of kind ") + to_string(context.target_kinds.front()) +
                  " cannot be taken back, only an identity, an endorsement or an assignment; a status is lifted by saying another, a transfer is for good");
  if (issuer.keys.empty())
    return refuse(Answer::not_yet, "kid: no policy that is known here lists the key " + key_words(*claimed, policies) + ", and no certificate of it is kept",
                  "submit its certificate first");
  return {Answer::yes, issuer.keys, {}};
}

// The chain rule. Of a version that is there already a rival enters as well, by the one who could sign it: it is the
// proof of a fork. By nobody else, or a fork would open the chain to whatever strangers make up.
std::optional<Eligibility> breaks_chain(const KeyId& issuer, std::uint64_t version, const Chain& chain) {
  const std::string which = "version " + std::to_string(version), before = std::to_string(version - 1);
  const KeyId* signer = chain.signer_of(version);
  if (signer && *signer == issuer) return {};
  if (signer && version == 1)
    return refuse(Answer::no, "kid: version 1 of " + chain.domain + " must be signed by its pinned owner, " + signer->text());
  if (signer)
    return refuse(Answer::no, "kid: " + which + " must be signed by the owner named in version " + before + ", " + signer->text());
  if (chain.contested())
    return refuse(Answer::no, "version: the rivals of version " + std::to_string(chain.versions.size()) +
                  " name different owners, and none comes after it; only a new pin of " + chain.domain + " does");
  return refuse(Answer::not_yet, "version: " + std::to_string(version) + " needs version " + before + " first; the newest here is " +
                std::to_string(chain.versions.size()), "submit that first");
}

// The holder's domain is not known here yet: the transfer to it, or its policy, may still be on its way.
std::optional<Sentence> holder_to_come(const Decoded& decoded, const Policies& policies, const Context& context) {
  const auto& issuer = decoded.issuer().key;
  if (!issuer || decoded.format() != evidence::native_format) return {};
  if (!policies.find_key(*issuer)) return Sentence{"no policy that is known here lists the key " + key_words(*issuer, policies), "is it the right key (--key)? A role makes it known here (ics role add), or the policy of its domain (ics trust)"};
  if (context.holder.empty()) return {};
  const std::string policy = "the policy of " + std::string(context.holder) + ", which holds the subject, ";
  if (policies.forked(context.holder)) return Sentence{policy + "is forked", "its owner signs a higher version"};
  if (!policies.newest(context.holder) || !policies.knows_holder(holder_of(context), {Time::never(), context.domain}))
    return Sentence{policy + "has not come", "submit it again when it has: ics domains"};
  return {};
}

}  // namespace

Eligibility eligible(const Decoded& decoded, const IssuerKeys& issuer, const Policies& policies, const Context& context) {
  const std::string domain(context.domain);
  const Descriptor* descriptor = policies.newest(domain);
  if (!descriptor) return refuse(Answer::not_yet, "domain: no policy of " + domain + " counts here", "submit it again when it does: ics domains");
  if (auto keys = self_compromised(decoded, issuer, policies, context); !keys.empty()) return {Answer::yes, std::move(keys), {}};
  const Statement& statement = decoded.statements().at(0);
  // An alarm is stored all the same: it can only lower what is admitted later.
  if (policies.forked(domain) && !is_alarm(statement))
    return refuse(Answer::not_yet, "domain: version " + std::to_string(descriptor->version) + " of the policy of " +
                  domain + " was signed twice (a fork); nothing is admitted until a higher one", "its owner signs a higher version");
  const Kind kind = statement.kind();
  const auto* withdraw = std::get_if<evidence::Withdraw>(&statement.body);
  if (withdraw && !withdraw->component) return eligible_withdrawal(decoded, issuer, policies, context);
  const auto allowed = allowed_for(*descriptor, statement);
  const Chain& chain = *policies.chain(domain);
  if (allowed.empty() && !(chain.contested() && is_alarm(statement)))
    return refuse(Answer::no, "payload.2: [write] of " + domain + " lets nobody make statements of kind " + to_string(kind));

  Eligibility result;
  std::optional<KeyId> later;  // that could speak if its domain held the subject
  std::string broken;
  for (const auto& key : issuer.keys) {
    if (has_right(key.id(), decoded, issuer.authorities, policies, context, allowed, broken) || may_alarm_in_contest(chain, key.id(), decoded, policies)) result.keys.push_back(key);
    else if (!later && contains(allowed, "holder") && may_become_holder(key.id(), policies)) later = key.id();
  }
  if (!result.keys.empty()) {
    result.answer = Answer::yes;
    return result;
  }
  if (!broken.empty()) return refuse(Answer::no, broken);
  const std::string role_needed = "plays no role in " + domain + " that [write] " + to_string(kind) + " allows (" +
                                  joined(allowed) + ") for evidence of format " + to_string(decoded.format());
  if (const auto missing = unknown_import(*descriptor, policies, allowed))
    return refuse(Answer::not_yet, "kid: the issuer " + issuer_text(decoded, policies) + " " + role_needed +
                  "; the policy of " + *missing + ", which " + domain + " refers to, has not come", "submit it again when it has: ics domains");
  if (later) {
    auto [why, next] = not_the_holder(holder_of(context), context.possession, *later, kind, policies);
    return refuse(Answer::not_yet, std::move(why), std::move(next));
  }
  const evidence::IssuerHint& hint = decoded.issuer();
  if (hint.key && contains(allowed, "self") && statement.subject == evidence::SubjectId::key(*hint.key) && issuer.keys.empty())
    return refuse(Answer::not_yet, "kid: the subject speaks of itself, and no identity of it is kept here that tells its key",
                  "identify it first: ics identify");
  if (contains(allowed, "holder"))
    if (const auto missing = holder_to_come(decoded, policies, context))
      return refuse(Answer::not_yet, "kid: " + missing->why + "; it " + role_needed, missing->next);
  const bool by_authorities = evidence::signed_by_authorities(decoded.format());
  const bool unknown = !hint.key && !hint.by_hash_alone() && issuer.named.empty();  // what tells its key may still come
  if (unknown && format_is_taken(*descriptor, policies, allowed, by_authorities ? evidence::certificate_format : decoded.format())) {
    if (!by_authorities)
      return refuse(Answer::not_yet, "issuer: no certificate of the issuer " + issuer_text(decoded, policies) + " is kept here", "submit that first");
    return refuse(Answer::not_yet, "issuer: none of the keys that play a role with certificates made it, and no certificate of a CA " +
                  issuer_text(decoded, policies) + " is kept here, whose key did", "submit the CA's certificate first, or list its key: ics role add");
  }
  return refuse(Answer::no, "kid: the issuer " + issuer_text(decoded, policies) + " " + role_needed);
}

Eligibility eligible_policy(const Decoded& decoded, const Descriptor& descriptor, const Policies& policies) {
  const Statement& statement = decoded.statements().at(0);
  const auto& issuer = decoded.issuer().key;
  if (!issuer) return refuse(Answer::no, "kid: a policy is signed natively");
  if (statement.domains != std::vector<std::string>{descriptor.domain})
    return refuse(Answer::no, "payload.1: the statement is made in another domain than its descriptor's, " + descriptor.domain);
  if (statement.subject != evidence::SubjectId::key(descriptor.owner))
    return refuse(Answer::no, "claims.2: the subject is not the owner that the descriptor names, " + descriptor.owner.text());

  // The chain to compare with: the domain's own, or the one under an owner that a transfer named.
  std::optional<Eligibility> refusal;
  const auto chains = policies.chains_of(descriptor.domain);
  for (const Chain* one : chains) {
    auto broken = breaks_chain(*issuer, descriptor.version, *one);
    if (!refusal || !broken) refusal = broken;
    if (!broken) break;
  }
  if (refusal) return std::move(*refusal);
  const Chain* chain = chains.empty() ? nullptr : chains[0];
  // Nothing pins this domain: it is stored as its owner's word, and applies nowhere.
  if (!chain && descriptor.version == 1 && *issuer != descriptor.owner)
    return refuse(Answer::no, "kid: version 1 is signed by the owner it names");
  const crypto::PublicKey* key = descriptor.find_key(*issuer);
  if (!key) key = policies.find_key(*issuer);
  if (!key) return refuse(Answer::not_yet, "kid: neither this descriptor nor an earlier one lists the key " + issuer->text());
  return {Answer::yes, {*key}, {}};
}

}  // namespace cm4it::policy
