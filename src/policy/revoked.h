// What CRLs revoke (docs/x509.md, "CRLs"): certificates by issuer and serial number, also those that are received later.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "evidence/credential.h"
#include "policy/list_signers.h"
#include "policy/fold.h"

namespace cm4it::policy {

// Judges the CRLs among a subject's statements. Of those of one key, name and scope the highest number counts, of those whose
// thisUpdate has come; `in_time` says that, and else why not. Adds the identities that are taken back: statement → CRL.
void find_revoked(std::vector<Judgement>& order, const std::function<bool(Judgement&)>& in_time, ListSigners& signers,
                  std::map<StatementId, const Judgement*>& withdrawals);

// The entry by which a CRL that counts takes an identity back; null: it does not.
const evidence::RevocationList::Entry* entry_of(const Judgement& crl, const evidence::Statement& identity);

// A CRL of a scope of which none counts, and of which not all that are stored were looked at (its name); empty: there is none.
std::string crl_not_found(const std::vector<Judgement>& judgements);

// Since when a CRL that counts calls the subject's key compromised, if it does, and its issuer may say so: in one of the roles in
// which the certificate was its to issue.
struct KeyCompromise {
  Time since;
  const Judgement* crl = nullptr;
};
std::optional<KeyCompromise> key_compromise(const std::vector<Judgement>& judgements, const Descriptor& domain);

// When the next CRL is due, of those that count for this identity: one that is current suffices (RFC 5280 section 6.3.3), be it by
// another key of the CA or of another scope. Where none is surely about it, all of them have to be.
std::optional<Verdict::CrlDue> crl_due(const std::vector<Judgement>& judgements, const evidence::Statement& identity);

// The last of the identities that CRLs took back, in words: which certificate, by which CRL, why, and since when.
std::optional<Verdict::Revoked> last_revoked(const std::vector<Judgement>& judgements);

// Does this CRL count for the domain at this time, or only later, as far as time and place say it?
enum class InForce { no, later, yes };
InForce in_force(const Fact& crl, const Policies& policies, const Descriptor& domain, Time at);

}  // namespace cm4it::policy
