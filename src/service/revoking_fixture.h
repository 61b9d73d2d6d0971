// A domain of a manufacturer whose CA has a role, twice, for tests of CRLs.
#pragma once

#include "evidence/formats/x509/crl_test_support.h"
#include "service/network_fixture.h"

namespace cm4it::service::fixture {

using crypto::RevocationReason;
using evidence::x509::test::Authority;
using evidence::x509::test::CertificateDraft;
using evidence::x509::test::CrlDraft;

// A manufacturer whose CA has a role, and whose devices have certificates.
struct Revoking : testing::Test {
  std::string policy(const std::string& admit = {}) const {
    std::string text = acme_policy(1, admit);
    const auto replace = [&](const std::string& from, const std::string& to) { text.replace(text.find(from), from.size(), to); };
    replace("[servers]", "ca = \"" + ca.key->public_key().base64() + "\"\n[servers]");
    replace("manufacturer = [", "manufacturer = [{ key = \"ca\", formats = [\"x509\"] }, ");
    return text;
  }
  explicit Revoking(const std::string& admit = {}) {
    for (Ics* ics : {&a, &b}) {
      const auto item = ics->submit_one(policy_evidence("acme", "acme.example", policy(admit), *ics->clock));
      EXPECT_EQ(item.outcome, Outcome::received) << why(item);
    }
  }
  CertificateDraft issued(std::uint8_t serial, const std::string& whose = "device") const {
    auto draft = ca.issues(key_of(whose)->public_key(), evidence::x509::test::name(whose, "Acme", "42"));
    draft.serial = {serial};
    return draft;
  }
  ItemResult take_certificate(Ics& ics, std::uint8_t serial, const std::string& whose = "device") {
    return ics.submit({issued(serial, whose).encode()}, Format::x509)[0];
  }
  ItemResult take(Ics& ics, const CrlDraft& draft) { return ics.submit({draft.encode()}, Format::crl)[0]; }
  void expect_taken(const ItemResult& item) { EXPECT_EQ(item.outcome, Outcome::received) << why(item); }
  CrlDraft crl(std::uint64_t number, std::vector<CrlDraft::Entry> entries, Seconds later = 0) const {
    return {.by = ca,
            .number = number,
            .this_update = Time{1'800'000'000 + later},
            .next_update = Time{1'800'086'400 + later},
            .entries = std::move(entries)};
  }
  const policy::Judgement* crl_in(const policy::Verdict& verdict, std::size_t which = 0) {
    for (const auto& judgement : verdict.judgements)
      if (judgement.fact->statement.revocations && which-- == 0) return &judgement;
    return nullptr;
  }

  Authority ca{key_of("the ca", crypto::Algorithm::es256), evidence::x509::test::name("ca", "Acme")};
  Ics a{"acme.example", pin("acme.example", "acme")}, b{"acme.example", pin("acme.example", "acme")};
  SubjectId device = SubjectId::key(id_of("device"));
};

}  // namespace cm4it::service::fixture
