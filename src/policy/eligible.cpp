#include "policy/eligible.h"

#include <algorithm>

#include "base/budgets.h"

namespace cm4it::policy {
namespace {

using Answer = Eligibility::Answer;
using evidence::Decoded;
using evidence::Statement;

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

Eligibility refuse(Answer answer, std::string why) { return {answer, {}, std::move(why)}; }

std::string join(const std::vector<std::string>& list) {
  std::string text;
  for (const auto& item : list) text += (text.empty() ? "" : ", ") + item;
  return text;
}

// The keys the evidence may have been signed with: one by its id, a few by a shorter name.
std::vector<crypto::PublicKey> candidates(const Decoded& decoded, const Policies& policies) {
  if (const auto* id = std::get_if<KeyId>(&decoded.issuer())) {
    if (const auto* key = policies.find_key(*id)) return {*key};
    if (decoded.carried_key() && decoded.carried_key()->id() == *id) return {*decoded.carried_key()};
    return {};
  }
  return policies.find_keys(std::get<evidence::Method1Id>(decoded.issuer()));
}

std::string issuer_text(const Decoded& decoded) {
  if (const auto* id = std::get_if<KeyId>(&decoded.issuer())) return id->text();
  return "with key identifier " + to_hex(std::get<evidence::Method1Id>(decoded.issuer()).octets);
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

// Does this key have, or could it have had, a role that may write this.
bool has_right(const KeyId& issuer, const Decoded& decoded, const Policies& policies, const Context& context,
               const std::vector<std::string>& allowed) {
  for (const auto& membership : policies.roles_of(context.domain, issuer, decoded.format()))
    if (contains(allowed, membership.role)) return true;
  const auto& statements = decoded.statements();
  if (contains(allowed, "self") &&
      std::all_of(statements.begin(), statements.end(),
                  [&](const Statement& s) { return s.subject == evidence::SubjectId::key(issuer); }))
    return true;
  return contains(allowed, "holder") && decoded.format() == Format::cose && !context.contradiction &&
         !context.holder.empty() && policies.speaks_for(context.holder, issuer).speaks;
}

// Could a transfer, or the end of a contradiction, still give it the right as holder?
bool may_become_holder(const KeyId& issuer, const Policies& policies) {
  return std::any_of(policies.chains().begin(), policies.chains().end(),
                     [&](const auto& chain) { return policies.speaks_for(chain.first, issuer).speaks; });
}

Eligibility eligible_withdrawal(const Decoded& decoded, const Policies& policies, const Context& context) {
  const auto* issuer = std::get_if<KeyId>(&decoded.issuer());
  if (!context.target_issuer)
    return refuse(Answer::not_yet, "payload.3.1: the statement to take back is not kept here");
  if (!issuer || *issuer != *context.target_issuer)
    return refuse(Answer::no, "kid: only the issuer of a statement, " + context.target_issuer->text() + ", can take it back");
  auto keys = candidates(decoded, policies);
  if (keys.empty()) return refuse(Answer::not_yet, "kid: no policy that is known here lists the key " + issuer->text());
  return {Answer::yes, std::move(keys), {}};
}

}  // namespace

Eligibility eligible(const Decoded& decoded, const Policies& policies, const Context& context) {
  const std::string domain(context.domain);
  const Descriptor* descriptor = policies.newest(domain);
  if (!descriptor) return refuse(Answer::not_yet, "domain: no policy of " + domain + " counts here");
  if (policies.forked(domain))
    return refuse(Answer::not_yet, "domain: version " + std::to_string(descriptor->version) + " of the policy of " +
                  domain + " was signed twice (a fork); nothing is admitted until a higher one");
  const Kind kind = decoded.statements().at(0).kind();
  if (kind == Kind::withdraw) return eligible_withdrawal(decoded, policies, context);
  const auto allowed = descriptor->write.find(kind);
  if (allowed == descriptor->write.end())
    return refuse(Answer::no, "payload.2: [write] of " + domain + " lets nobody make statements of kind " + to_string(kind));

  Eligibility result;
  bool later = false;
  for (auto& key : candidates(decoded, policies)) {
    if (has_right(key.id(), decoded, policies, context, allowed->second)) result.keys.push_back(std::move(key));
    else later |= contains(allowed->second, "holder") && may_become_holder(key.id(), policies);
  }
  if (!result.keys.empty()) {
    result.answer = Answer::yes;
    return result;
  }
  const std::string role_needed = "plays no role in " + domain + " that [write] " + to_string(kind) + " allows (" +
                                  join(allowed->second) + ") for evidence of format " + to_string(decoded.format());
  if (const auto missing = unknown_import(*descriptor, policies, allowed->second))
    return refuse(Answer::not_yet, "kid: the issuer " + issuer_text(decoded) + " " + role_needed +
                  "; the policy of " + *missing + ", which " + domain + " refers to, has not come");
  if (later && context.contradiction)
    return refuse(Answer::not_yet, "kid: the subject is identified in several domains; whose it is, is a contradiction");
  if (later)
    return refuse(Answer::not_yet, "kid: the issuer " + issuer_text(decoded) + " " + role_needed + "; it does not speak for the holder, " +
                  (context.holder.empty() ? std::string("which is none yet") : std::string(context.holder)));
  return refuse(Answer::no, "kid: the issuer " + issuer_text(decoded) + " " + role_needed);
}

Eligibility eligible_policy(const Decoded& decoded, const Descriptor& descriptor, const Policies& policies) {
  const Statement& statement = decoded.statements().at(0);
  const auto* issuer = std::get_if<KeyId>(&decoded.issuer());
  if (!issuer) return refuse(Answer::no, "kid: a policy is signed natively");
  if (statement.domains != std::vector<std::string>{descriptor.domain})
    return refuse(Answer::no, "payload.1: the statement is made in another domain than its descriptor's, " + descriptor.domain);
  if (statement.subject != evidence::SubjectId::key(descriptor.owner))
    return refuse(Answer::no, "claims.2: the subject is not the owner that the descriptor names, " + descriptor.owner.text());

  const crypto::PublicKey* key = descriptor.find_key(*issuer);
  if (!key) key = policies.find_key(*issuer);
  if (!key) return refuse(Answer::not_yet, "kid: neither this descriptor nor an earlier one lists the key " + issuer->text());
  const Chain* chain = policies.chain(descriptor.domain);
  if (!chain) {
    // Nothing pins this domain: it is kept as its owner's word, and applies nowhere.
    if (descriptor.version == 1 && *issuer != descriptor.owner)
      return refuse(Answer::no, "kid: version 1 is signed by the owner it names");
    return {Answer::yes, {*key}, {}};
  }
  if (descriptor.version == 1) {
    if (*issuer != chain->pinned_owner)
      return refuse(Answer::no, "kid: version 1 of " + descriptor.domain + " must be signed by its pinned owner, " +
                    chain->pinned_owner.text());
    return {Answer::yes, {*key}, {}};
  }
  const auto earlier = std::find_if(chain->versions.begin(), chain->versions.end(), [&](const auto& version) {
    return version.descriptor->version == descriptor.version - 1;
  });
  if (earlier == chain->versions.end())
    return refuse(Answer::not_yet, "version: " + std::to_string(descriptor.version) + " needs version " +
                  std::to_string(descriptor.version - 1) + " first; the newest here is " + std::to_string(chain->versions.size()));
  // Of a fork any rival's owner may heal it; assemble() decides which chain counts.
  if (*issuer != earlier->descriptor->owner && chain->past_forks.empty() && !chain->forked)
    return refuse(Answer::no, "kid: version " + std::to_string(descriptor.version) + " must be signed by the owner named in version " +
                  std::to_string(descriptor.version - 1) + ", " + earlier->descriptor->owner.text());
  return {Answer::yes, {*key}, {}};
}

}  // namespace cm4it::policy
