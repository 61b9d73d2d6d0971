// Admission: could this issuer have the right to make the statement, and with which key? Decided before any signature is checked.
#pragma once

#include <string>
#include <vector>

#include "evidence/evidence.h"
#include "policy/facts.h"
#include "policy/issuers.h"
#include "policy/policies.h"
#include "policy/possession.h"

namespace cm4it::policy {

struct Eligibility {
  enum class Answer {
    yes,
    not_yet,  // something that may still come is missing; `why` says what
    no,
  } answer = Answer::no;
  std::vector<crypto::PublicKey> keys;  // candidates, when yes
  std::string why;                      // names field and rule, when not yes
  std::string next{};                   // what has to happen, where it is known
};

// In one domain. `holder`: the subject's holder there as far as known (empty: none); `target_issuer`: of a
// withdrawal, the issuer of the statement it names, if that is stored, and `target_domains`: where that was made.
struct Context {
  std::string_view domain;
  std::string_view holder;
  bool contradiction = false;
  std::optional<KeyId> target_issuer;
  // Whether any statement about the subject is stored.
  bool subject_is_stored = false;
  // Of the evidence that a withdrawal names: its domains, and the kinds of its statements about the same subject.
  std::vector<std::string> target_domains{};
  std::vector<Kind> target_kinds{};
  std::optional<KeyId> holder_owner{};  // under which owner the holder is meant, where a transfer says
  const Possession* possession = nullptr;  // how the subject came to its holder, for sentences
  Time now{};  // the time of receipt of what comes now; unset: do not check whether a right has ended
};
// `issuer`: what candidate_keys() found for it.
Eligibility eligible(const evidence::Decoded& decoded, const IssuerKeys& issuer, const Policies& policies, const Context& context);

// The chain rule for evidence of kind policy: can this descriptor become a version of its domain's chain.
// A domain without a pin: `introduced` decides (it is stored, and applies nowhere until something pins its owner).
Eligibility eligible_policy(const evidence::Decoded& decoded, const Descriptor& descriptor, const Policies& policies);

}  // namespace cm4it::policy
