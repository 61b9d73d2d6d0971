// What CRLs take back (docs/x509.md, "CRLs"): certificates by their issuer and serial number, also those that come later.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "evidence/crl.h"
#include "policy/fold.h"

namespace cm4it::policy {

// Judges the CRLs among a subject's statements. Of those of one key, name and scope the highest number counts, of those whose
// thisUpdate has come; `in_time` says that, and else why not. Adds the identities that are taken back: statement → CRL.
void find_revoked(std::vector<Judgement>& order, const std::function<bool(Judgement&)>& in_time,
                  std::map<StatementId, const Judgement*>& withdrawals);

// The entry by which a CRL takes an identity back; null: it does not.
const evidence::CrlPart::Entry* entry_of(const evidence::Statement& crl, const evidence::Statement& identity);

// Since when a CRL that counts calls the subject's key compromised, if it does, and its issuer may say so: in one of the roles in
// which the certificate was its to issue.
struct KeyCompromise {
  Time since;
  const Judgement* crl = nullptr;
};
std::optional<KeyCompromise> key_compromise(const std::vector<Judgement>& judgements, const Descriptor& domain);

// When the next CRL is due, of those that count for this identity; of several scopes the first.
std::optional<Verdict::CrlDue> crl_due(const std::vector<Judgement>& judgements, const evidence::Statement& identity);

}  // namespace cm4it::policy
