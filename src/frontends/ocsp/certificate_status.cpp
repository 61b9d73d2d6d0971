#include "frontends/ocsp/certificate_status.h"

#include <algorithm>

#include "base/budgets.h"
#include "evidence/formats/x509/credential.h"
#include "evidence/formats/x509/x509.h"
#include "policy/revoked.h"
#include "service/access.h"
#include "service/verdicts.h"

namespace cm4it::ocsp {
namespace {

using crypto::RevocationReason;
using evidence::Status;
using State = crypto::ocsp::Single::Status;

// RFC 5280 section 5.3.1. A thing that is lost or stolen still has its key; it is not to be trusted with it any more.
RevocationReason reason_of(Status alarm) {
  switch (alarm) {
    case Status::compromised: return RevocationReason::key_compromise;
    case Status::stolen:
    case Status::lost: return RevocationReason::privilege_withdrawn;
    case Status::destroyed: return RevocationReason::cessation_of_operation;
    case Status::suspended: return RevocationReason::certificate_hold;
    case Status::deprecated: return RevocationReason::superseded;
    default: return RevocationReason::unspecified;
  }
}

// The status of the certificate by one subject's verdict.
class OfSubject {
 public:
  OfSubject(const policy::Verdict& verdict, const AskedCertificate& asked) : verdict_(verdict), asked_(asked) {}

  CertificateStatus status() const {
    CertificateStatus found;
    found.valid_until = verdict_.valid_until;
    if (!verdict_.crl_not_found.empty()) return found;
    for (const policy::Judgement& judgement : verdict_.judgements) {
      if (!is_certificate(judgement)) continue;
      if (judgement.decided_by) return taken_back(judgement);
      if (judgement.counts) found.status = State::good;
    }
    if (found.status == State::good && verdict_.status && evidence::is_alarm(*verdict_.status))
      return revoked(verdict_.status_statement ? said_at(*verdict_.status_statement) : verdict_.at, reason_of(*verdict_.status));
    return found;
  }

 private:
  bool is_certificate(const policy::Judgement& judgement) const {
    const auto& statement = judgement.fact->statement;
    if (!statement.is_certificate() || statement.issuer != asked_.ca || statement.credentials.empty()) return false;
    const auto* certificate = evidence::x509::certificate_in(*statement.credentials[0]);
    return certificate && equal(certificate->fields().serial, asked_.serial) && equal(certificate->fields().issuer_canonical, asked_.issuer_name) &&
           asked_.so_written(certificate->fields().issuer_name);
  }

  CertificateStatus taken_back(const policy::Judgement& identity) const {
    for (const policy::Judgement& judgement : verdict_.judgements) {
      if (judgement.fact->statement.id != *identity.decided_by) continue;
      const auto* entry = policy::entry_of(judgement, identity.fact->statement);
      if (entry) return revoked(std::min(entry->at, verdict_.at), entry->reason);
    }
    return revoked(said_at(*identity.decided_by), RevocationReason::unspecified);
  }

  // A model's alarm is none of the subject's own statements: then the present is all that is known.
  Time said_at(const evidence::StatementId& statement) const {
    for (const policy::Judgement& judgement : verdict_.judgements)
      if (judgement.fact->statement.id == statement) return std::min(judgement.fact->statement.issued_at, verdict_.at);
    return verdict_.at;
  }

  CertificateStatus revoked(Time at, RevocationReason reason) const {
    CertificateStatus status;
    status.status = State::revoked;
    status.revocation.at = at;
    if (reason != RevocationReason::unspecified) status.revocation.reason = reason;
    status.valid_until = verdict_.valid_until;
    return status;
  }

  const policy::Verdict& verdict_;
  const AskedCertificate& asked_;
};

}  // namespace

Result<CertificateStatus> certificate_status(service::Service& service, const AskedCertificate& asked, std::string_view domain, const service::Principal& who) {
  const std::string name = evidence::x509::issued_name(asked.issuer_name, asked.serial);
  // Anybody can create a CA with the same name and use the same serial number: only certificates issued by this key matter.
  TRY(const auto subjects, service.verdicts().named_by(asked.ca, name));
  // If a CA used a serial number twice, the number is revoked as soon as one of the certificates is.
  CertificateStatus worst;
  for (const evidence::SubjectId& subject : subjects) {
    const service::Stamp stamp = service.verdicts().stamp(subject);  // before reading: what comes meanwhile makes it stale
    const auto looked = service.verdicts().look_up(subject, domain, who);
    if (!looked && looked.error().code == Code::not_found) continue;
    if (!looked) return tl::unexpected<Error>(looked.error());
    // An alarm that may not be seen would look like none: who may not read statuses is told nothing.
    if (!service.access().may_read(*looked->published->policies, looked->verdict.domain, evidence::Kind::status,
                          {{looked->verdict.holder, false, looked->verdict.holder_owner}, &subject}, who))
      continue;
    CertificateStatus one = OfSubject(looked->verdict, asked).status();
    if (subjects.size() == 1 && looked->open) {
      one.subject = subject;
      one.stamp = stamp;
    }
    const Time until = std::min(worst.valid_until, one.valid_until);
    if (one.status == State::revoked || worst.status == State::unknown) worst = std::move(one);
    worst.valid_until = until;
    if (worst.status == State::revoked) break;
  }
  return worst;
}

}  // namespace cm4it::ocsp
