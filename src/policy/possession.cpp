#include "policy/possession.h"

#include <algorithm>

#include "base/text.h"

namespace cm4it::policy {
namespace {

constexpr std::size_t shown_digits = 16;

std::string short_id(const std::string& id) { return id.substr(0, id.find(':') + 1 + shown_digits); }

// In whose name a key speaks of what is held: its domain, which tells people more than the key's name in it.
std::string speaker_words(const KeyId& issuer, const Policies& policies) {
  for (const auto& [domain, chain] : policies.chains())
    if (policies.speaks_for(domain, issuer).speaks) return domain;
  return key_words(issuer, policies);
}

const char* deed_words(Kind kind) {
  switch (kind) {
    case Kind::identity: return "identify it";
    case Kind::endorse: return "endorse it";
    case Kind::status: return "say what state it is in";
    case Kind::transfer: return "transfer it";
    case Kind::assign: return "assign it";
    case Kind::withdraw: return "take back what was said of it";
    case Kind::policy: return "sign policies of it";
  }
  return "speak of it";
}

bool is_one_word(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == ':'; });
}

}  // namespace

std::string key_words(const KeyId& key, const Policies& policies) {
  const auto name = policies.name_of(key);
  return name.empty() ? short_id(key.text()) : name;
}

Possession possession_of(const Verdict& verdict, const Policies& policies) {
  Possession possession;
  const Judgement* newest = nullptr;  // identity, whether it counts or not
  std::vector<std::string> holders;
  for (const Judgement& judgement : verdict.judgements) {
    const auto& statement = judgement.fact->statement;
    if (statement.kind() == Kind::identity) newest = &judgement;
    if (!judgement.counts) continue;
    if (statement.kind() == Kind::identity) possession.before.insert(possession.before.end(), judgement.domains->begin(), judgement.domains->end());
    if (const auto* transfer = std::get_if<evidence::Transfer>(&statement.body)) {
      possession.before.insert(possession.before.end(), holders.begin(), holders.end());
      holders = {transfer->domain};
      possession.since = judgement.received;
    }
  }
  const evidence::Identity* identity = verdict.identity ? &*verdict.identity : newest ? std::get_if<evidence::Identity>(&newest->fact->statement.body) : nullptr;
  possession.subject = !identity || (identity->serial.empty() && identity->name.empty()) ? short_id(verdict.subject.text())
                       : identity->serial.empty() ? identity->name : identity->serial;
  if (newest && !newest->counts) {
    const std::string by = "its identity by " + key_words(newest->fact->statement.issuer, policies);
    possession.unclaimed = newest->why_not.starts_with("expired") ? by + " " + newest->why_not : by + " does not count: " + newest->why_not;
  }
  return possession;
}

Sentence not_the_holder(const Holder& holder, const Possession* possession, const KeyId& issuer, Kind kind, const Policies& policies) {
  const Possession known = possession ? *possession : Possession{};
  const std::string speaker = speaker_words(issuer, policies), deed = deed_words(kind);
  if (holder.contradiction)
    return {known.subject + " is identified in several domains: whose it is, is a contradiction, and nobody can " + deed,
            "one of the identities has to be withdrawn by its issuer: ics history shows them"};
  if (holder.domain.empty()) {
    const std::string next = "its maker identifies it first (ics identify, or ics push with its certificate); then submit this again";
    return {"nobody holds " + known.subject + ": " + (known.unclaimed.empty() ? "no identity of it that counts is kept here" : known.unclaimed) + "; " + speaker +
                " cannot " + deed,
            next};
  }
  const bool was_theirs = contains(known.before, speaker);
  const std::string typed = is_one_word(known.subject) ? known.subject : "SUBJECT";
  return {known.subject + " belongs to " + holder.domain + (known.since ? " since " + to_rfc3339(*known.since) : "") + "; " + speaker +
              (was_theirs ? " can no longer " : " cannot ") + deed,
          holder.domain + (was_theirs ? " can give it back: ics transfer " : " can hand it on: ics transfer ") + typed + " --to " + speaker};
}

}  // namespace cm4it::policy
