// A domain whose manufacturer is a CA, for tests: what is under it is made as each test needs it.
#pragma once

#include "evidence/formats/x509/x509.h"
#include "evidence/formats/x509/x509_test_support.h"
#include "policy/fold.h"
#include "service/fixture.h"

namespace cm4it::service::fixture {

using evidence::x509::test::Authority;
using evidence::x509::test::CertificateDraft;

inline Authority authority(const std::string& name) { return {key_of("ca " + name), evidence::x509::test::name(name, "Acme")}; }
inline crypto::PublicKey device_key(const std::string& name) {
  return key_of("device " + name, crypto::Algorithm::es256)->public_key();
}
inline SubjectId device_of(const std::string& name) { return SubjectId::key(device_key(name).id()); }
inline CertificateDraft device_by(const Authority& issuer, const std::string& name) {
  return issuer.issues(device_key(name), evidence::x509::test::name(name, "Acme", "serial " + name));
}

// acme.example, with "Acme Root" as manufacturer; `root` false: without it.
inline std::string pki_policy(std::uint64_t version = 1, bool root = true, const std::string& until = {}) {
  const std::string entry = "{ key = \"root\", formats = [\"x509\"]" + (until.empty() ? "" : ", until = " + until) + " }";
  return "domain = \"acme.example\"\nversion = " + std::to_string(version) + "\nowner = \"acme\"\n[keys]\nacme = \"" +
         base64_of(key_of("acme")) + "\"\nroot = \"" + base64_of(key_of("ca Acme Root")) + "\"\n" + server_line("acme.example") +
         "[roles]\nmanufacturer = [\"acme\"" + (root ? ", " + entry : "") + "]\n" +
         "[write]\nidentity = [\"manufacturer\"]\nendorse = [\"manufacturer\"]\nstatus = [\"manufacturer\", "
         "\"holder\"]\ntransfer = [\"holder\"]\n"
         "[admit.device]\nidentified_by = [\"manufacturer\"]\n";
}

struct Pki : Ics {
  explicit Pki(std::unique_ptr<store::Store> store = nullptr)
      : Ics("acme.example", {{"acme.example", id_of("acme"), policy::Pin::Source::configuration}}, true, std::move(store)) {
    set_policy(1);
  }

  void set_policy(std::uint64_t version, bool with_root = true, const std::string& until = {}) {
    const auto result = submit_one(policy_evidence("acme", "acme.example", pki_policy(version, with_root, until), *clock));
    EXPECT_FALSE(result.error) << result.error->message;
  }

  std::vector<ItemResult> push(const std::vector<CertificateDraft>& drafts) {
    std::vector<Bytes> certificates;
    for (const auto& draft : drafts) certificates.push_back(draft.encode());
    return submit(std::move(certificates), Format::x509);
  }
  // "received", or why not.
  std::string outcome(const CertificateDraft& draft) {
    const auto result = push({draft}).at(0);
    if (result.error)
      return std::string(result.outcome == ItemResult::Outcome::not_yet ? "not yet: " : "refused: ") + result.error->message;
    return result.outcome == ItemResult::Outcome::received ? "received" : "provisional";
  }
  StatementId take(const CertificateDraft& draft) {
    const auto result = push({draft}).at(0);
    EXPECT_FALSE(result.error) << result.error->message;
    return result.statement.value_or(StatementId{});
  }

  // "counts", or why not: of a subject's first statement.
  std::string judged(const SubjectId& subject, const std::string& domain = "acme.example") {
    const auto seen = verdict(subject, domain);
    if (seen.judgements.empty()) return "nothing is kept";
    return seen.judgements[0].counts ? "counts" : seen.judgements[0].why_not;
  }

  const Authority root = authority("Acme Root");
};

}  // namespace cm4it::service::fixture
