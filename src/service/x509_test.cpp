// Certificates by CAs that play a role, directly or above others: what enters, what counts, and for how long.
#include "evidence/formats/manifest/manifest_writer.h"
#include "service/x509_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using namespace evidence::x509::test;
using testing::HasSubstr;

const Time now{1'800'000'000};

TEST(CertificateOfARoleHolder, IsAnIdentityHere) {
  Pki ics;
  const auto draft = device_by(ics.root, "sensor");
  const Bytes certificate = draft.encode();
  const auto results = ics.submit({certificate}, Format::x509);
  ASSERT_FALSE(results[0].error) << results[0].error->message;
  const auto verdict = ics.verdict(device_of("sensor"));
  ASSERT_TRUE(verdict.identity);
  EXPECT_EQ(verdict.identity->serial, "serial sensor");
  EXPECT_EQ(verdict.holder, "acme.example");
  EXPECT_EQ(verdict.admitted, policy::Admitted::yes);
  EXPECT_EQ(verdict.valid_until, Time{2'000'000'001});
  // Again: the first answer.
  const auto again = ics.submit({certificate}, Format::x509);
  EXPECT_FALSE(again[0].is_new);
  EXPECT_EQ(again[0].statement, results[0].statement);
  const auto reader = ics.ledger().reader();
  ASSERT_TRUE(reader);
  for (const std::string& name :
       {"x509:" + to_hex(crypto::sha256(certificate)), "X509:" + to_hex(crypto::digest(crypto::Hash::sha1, certificate)),
        std::string("x509-issued:CN=Acme Root,O=Acme#01"), std::string("serial:serial sensor"),
        device_of("sensor").text().substr(0, 20)}) {
    const auto found = reader->resolve(name);
    ASSERT_TRUE(found) << name << ": " << found.error().message;
    EXPECT_EQ(*found, device_of("sensor")) << name;
  }
}

TEST(CertificateOfARoleHolder, IsFoundWithoutAKeyIdentifier) {
  Pki ics;
  auto draft = device_by(ics.root, "sensor");
  draft.extensions.clear();
  EXPECT_EQ(ics.outcome(draft), "received");
}

// In whatever letters the CA's name is asked for.
TEST(CertificateOfARoleHolder, IsFoundByItsIssuersName) {
  Pki ics;
  ics.take(device_by(ics.root, "sensor"));
  const auto reader = ics.ledger().reader();
  for (const char* name : {"x509-issued:cn=acme  root, o=ACME#01", "X509-issued:CN=Acme Root,O=Acme#01"}) {
    const auto found = reader->resolve(name);
    ASSERT_TRUE(found) << name << ": " << found.error().message;
    EXPECT_EQ(*found, device_of("sensor"));
  }
}

// A policy may list many CAs, and their certificates need not say which key made them.
TEST(CertificateOfARoleHolder, IsFoundAmongManyCas) {
  Pki ics;
  std::string keys, entries;
  for (int i = 0; i < 40; ++i) {
    const std::string name = "ca" + std::to_string(i);
    keys += name + " = \"" + base64_of(key_of("ca " + name)) + "\"\n";
    entries += ", { key = \"" + name + "\", formats = [\"x509\"] }";
  }
  std::string policy = pki_policy(2);
  policy.insert(policy.find("root = \""), keys);
  const std::string role = "manufacturer = [\"acme\"";
  policy.insert(policy.find(role) + role.size(), entries);
  const auto taken = ics.submit_one(policy_evidence("acme", "acme.example", policy, *ics.clock));
  ASSERT_FALSE(taken.error) << taken.error->message;
  for (const int i : {0, 17, 39}) {
    auto draft = device_by(authority("ca" + std::to_string(i)), "sensor " + std::to_string(i));
    draft.extensions.clear();
    EXPECT_EQ(ics.outcome(draft), "received") << i;
  }
}

// A CA below the root gives its key the identifier of another's: whose certificate it is says the signature.
TEST(CertificateOfARoleHolder, ABorrowedKeyIdentifierShutsNobodyOut) {
  Pki ics;
  const Bytes identifier(20, 0x5a);  // no hash of the key
  const auto numbered = [&](const Authority& ca) {
    auto draft = ics.root.issues(ca.key->public_key(), ca.subject);
    draft.extensions.push_back(basic_constraints());
    draft.extensions.push_back(subject_key_id(identifier));
    return draft;
  };
  const auto honest = authority("Honest");
  ics.take(numbered(honest));
  for (int i = 0; i < 6; ++i) ics.take(numbered({key_of("thief " + std::to_string(i)), honest.subject}));
  auto draft = device_by(honest, "sensor");
  draft.extensions = {authority_key_id(identifier)};
  EXPECT_EQ(ics.outcome(draft), "received");
  // Nobody's, by this identifier: the signature is wrong.
  draft = device_by({key_of("somebody"), honest.subject}, "another");
  draft.extensions = {authority_key_id(identifier)};
  EXPECT_THAT(ics.outcome(draft), HasSubstr("does not verify under the issuer's key"));
}

TEST(CertificateOfAStranger, IsRefusedOrWaits) {
  Pki ics;
  const auto stranger = authority("Stranger");
  EXPECT_THAT(ics.outcome(device_by(stranger, "sensor")), HasSubstr("not yet: issuer: none of the keys that play a role"));
  auto forged = device_by(ics.root, "sensor");  // with the name and the identifier of the root
  forged.signer = stranger.key;
  EXPECT_THAT(ics.outcome(forged), HasSubstr("does not verify under the issuer's key"));
  EXPECT_THAT(ics.outcome(stranger.itself()), HasSubstr("refused: kid: the issuer named CN=Stranger,O=Acme plays no role"));
  EXPECT_EQ(ics.judged(device_of("sensor")), "nothing is kept");
  ics.set_policy(2, false);
  EXPECT_THAT(ics.outcome(device_by(ics.root, "sensor")),
              HasSubstr("refused: kid: the issuer named CN=Acme Root,O=Acme plays no role"));
}

TEST(Intermediate, GivesItsRightOnlyOnceItsCertificateIsHere) {
  Pki ics;
  const auto below = authority("Acme Devices");
  const auto device = device_by(below, "sensor");
  EXPECT_THAT(ics.outcome(device), HasSubstr("not yet"));
  // In one submission the order does not matter.
  const auto results = ics.push({device, ics.root.certifies(below)});
  for (const auto& result : results) EXPECT_FALSE(result.error) << result.error->message;
  EXPECT_EQ(ics.judged(device_of("sensor")), "counts");
  EXPECT_EQ(ics.verdict(device_of("sensor")).admitted, policy::Admitted::yes);
}

TEST(Intermediate, MayBeSeveralDeep) {
  Pki ics;
  const auto a = authority("A"), b = authority("B"), c = authority("C");
  for (const auto& result : ics.push({device_by(c, "sensor"), b.certifies(c), a.certifies(b), ics.root.certifies(a)}))
    EXPECT_FALSE(result.error) << result.error->message;
  EXPECT_EQ(ics.judged(device_of("sensor")), "counts");
}

TEST(Intermediate, MayNotBeTooManyDeep) {
  Pki ics;
  std::vector<Authority> cas{ics.root};
  std::vector<CertificateDraft> all;
  for (std::size_t i = 1; i <= budget::path_certificates; ++i) {
    cas.push_back(authority("CA " + std::to_string(i)));
    all.push_back(cas[i - 1].certifies(cas[i]));
  }
  for (const auto& result : ics.push(all)) EXPECT_FALSE(result.error) << result.error->message;
  EXPECT_EQ(ics.outcome(device_by(cas[budget::path_certificates - 1], "last")), "received");
  EXPECT_EQ(ics.outcome(device_by(cas.back(), "deeper")),
            "refused: path: more than 8 certificates up to a key that plays a role");
}

TEST(Constraints, OfCasBind) {
  Pki ics;
  const auto below = authority("Below"), deeper = authority("Deeper"), plain = authority("Plain"),
             unusable = authority("Unusable");
  ics.take(ics.root.certifies(below, 0));
  EXPECT_EQ(ics.outcome(device_by(below, "sensor")), "received");
  // Path length 0: no CA between it and what it issues (RFC 5280 section 4.2.1.9).
  EXPECT_EQ(ics.outcome(below.certifies(deeper)), "received");
  EXPECT_EQ(ics.outcome(device_by(deeper, "deep")), "refused: path: CN=Below,O=Acme: path length constraint exceeded");
  // No CA at all.
  auto flagless = ics.root.issues(plain.key->public_key(), plain.subject);
  EXPECT_EQ(ics.outcome(flagless), "received");
  EXPECT_THAT(ics.outcome(device_by(plain, "other")), HasSubstr("not yet: issuer: none of the keys"));
  // A CA whose key signs no certificates.
  auto draft = ics.root.issues(unusable.key->public_key(), unusable.subject);
  draft.extensions.push_back(basic_constraints());
  draft.extensions.push_back(key_usage(0x80));
  EXPECT_EQ(ics.outcome(draft), "received");
  EXPECT_THAT(ics.outcome(device_by(unusable, "other")), HasSubstr("CN=Unusable,O=Acme: invalid CA certificate"));
  EXPECT_EQ(ics.judged(device_of("other")), "nothing is kept");
}

TEST(Constraints, OnNamesAndUsesBind) {
  Pki ics;
  const auto below = authority("Below"), servers = authority("Servers");
  auto constrained = ics.root.certifies(below);
  constrained.extensions.push_back(permitted_dns("plant.example"));
  ics.take(constrained);
  auto good = device_by(below, "good"), bad = device_by(below, "bad");
  good.extensions.push_back(alternative_names({dns("sensor.plant.example")}));
  bad.extensions.push_back(alternative_names({dns("sensor.other.example")}));
  EXPECT_EQ(ics.outcome(good), "received");
  EXPECT_EQ(ics.outcome(bad), "refused: path: CN=bad,serialNumber=serial bad,O=Acme: permitted subtree violation");
  auto for_servers = ics.root.certifies(servers);
  for_servers.extensions.push_back(purposes({server_auth_oid}));
  ics.take(for_servers);
  auto server = device_by(servers, "server"), client = device_by(servers, "client");
  server.extensions.push_back(purposes({server_auth_oid}));
  client.extensions.push_back(purposes({client_auth_oid}));
  EXPECT_EQ(ics.outcome(server), "received");
  EXPECT_THAT(ics.outcome(client), HasSubstr("CN=Servers,O=Acme: "));
}

TEST(Constraints, OfTheRootItselfBindOnceItsCertificateIsHere) {
  Pki ics;
  const auto below = authority("Below");
  ics.take(ics.root.itself(0));
  EXPECT_EQ(ics.outcome(ics.root.certifies(below)), "received") << "a CA right below it";
  EXPECT_THAT(ics.outcome(device_by(below, "sensor")), HasSubstr("path length constraint exceeded"));
}

TEST(Roots, RemovedFromTheirRoleUnsayAllThatIsBelow) {
  Pki ics;
  const auto below = authority("Below");
  ics.push({ics.root.certifies(below), device_by(below, "sensor")});
  EXPECT_EQ(ics.judged(device_of("sensor")), "counts");
  ics.set_policy(2, false);
  EXPECT_THAT(ics.judged(device_of("sensor")), HasSubstr("plays no role"));
  ics.set_policy(3);
  EXPECT_EQ(ics.judged(device_of("sensor")), "counts");
}

TEST(Roots, WhoseRoleEndsKeepWhatCameBefore) {
  Pki ics;
  const auto below = authority("Below"), late = authority("Late");
  ics.push({ics.root.certifies(below), device_by(below, "sensor")});
  *ics.clock = now + 1000;
  ics.set_policy(2, true, to_rfc3339(now + 2000));
  EXPECT_EQ(ics.judged(device_of("sensor")), "counts");
  *ics.clock = now + 3000;
  EXPECT_EQ(ics.judged(device_of("sensor")), "counts");
  ics.push({device_by(below, "another"), ics.root.certifies(late), device_by(late, "third")});
  EXPECT_THAT(ics.judged(device_of("another")), HasSubstr("role manufacturer had ended"));
  EXPECT_THAT(ics.judged(device_of("third")), HasSubstr("role manufacturer had ended"));
}

TEST(Expiry, OfAnIntermediateEndsWhatItSaid) {
  Pki ics;
  const auto below = authority("Below");
  auto draft = ics.root.certifies(below);
  draft.not_after = der::generalized(now + 1000);
  ics.push({draft, device_by(below, "sensor")});
  ASSERT_EQ(ics.judged(device_of("sensor")), "counts");
  EXPECT_EQ(ics.verdict(device_of("sensor")).valid_until, now + 1001);
  EXPECT_EQ(ics.verdict(device_of("sensor")).holder, "acme.example");
  *ics.clock = now + 1001;
  EXPECT_EQ(ics.judged(device_of("sensor")), "the certificates of the CAs above it have expired");
  EXPECT_EQ(ics.verdict(device_of("sensor")).holder, "");
  EXPECT_FALSE(ics.verdict(device_of("sensor")).identity);
  // Renewed, with the same key: it counts again.
  ics.take(ics.root.certifies(below));
  EXPECT_EQ(ics.judged(device_of("sensor")), "counts");
}

TEST(Expiry, OfAnIntermediateDoesNotUnsell) {
  Pki ics;
  const auto below = authority("Below");
  auto draft = ics.root.certifies(below);
  draft.not_after = der::generalized(now + 1000);
  ics.push({draft, device_by(below, "sensor")});
  const auto sold = ics.submit_one(ics.say("acme", device_of("sensor"), Transfer{"plant.example", id_of("plant")}));
  ASSERT_FALSE(sold.error) << sold.error->message;
  EXPECT_EQ(ics.verdict(device_of("sensor")).holder, "plant.example");
  *ics.clock = now + 5000;
  EXPECT_EQ(ics.verdict(device_of("sensor")).holder, "plant.example");
}

TEST(Expiry, IsToldByTheFoldAndNotByAdmission) {
  Pki ics;
  auto past = device_by(ics.root, "past"), future = device_by(ics.root, "future");
  past.not_after = der::generalized(now + -1000);
  future.not_before = der::generalized(now + 1000);
  EXPECT_EQ(ics.outcome(past), "received");
  EXPECT_EQ(ics.outcome(future), "received");
  EXPECT_THAT(ics.judged(device_of("past")), HasSubstr("expired at"));
  EXPECT_THAT(ics.judged(device_of("future")), HasSubstr("not valid before"));
  *ics.clock = now + 1000;
  EXPECT_EQ(ics.judged(device_of("future")), "counts") << "it was made before it began to hold";
}

TEST(Expiry, OfTheRootsOwnCertificateBinds) {
  Pki ics;
  auto draft = ics.root.itself();
  draft.not_after = der::generalized(now + 1000);
  ics.push({draft, device_by(ics.root, "sensor")});
  EXPECT_EQ(ics.judged(device_of("sensor")), "counts");
  *ics.clock = now + 1001;
  EXPECT_NE(ics.judged(device_of("sensor")), "counts");
  ics.take(ics.root.itself());
  EXPECT_EQ(ics.judged(device_of("sensor")), "counts");
}

TEST(Withdrawal, OfAnIntermediateUnsaysWhatItSaid) {
  Pki ics;
  const auto below = authority("Below");
  const auto certificate = ics.take(ics.root.certifies(below));
  ics.take(device_by(below, "sensor"));
  ASSERT_EQ(ics.judged(device_of("sensor")), "counts");
  const SubjectId subject = SubjectId::key(below.key->public_key().id());
  const auto taken_back = ics.submit_one(ics.say("ca Acme Root", subject, Withdraw{certificate, "lost its key"}));
  ASSERT_FALSE(taken_back.error) << taken_back.error->message;
  EXPECT_NE(ics.judged(device_of("sensor")), "counts");
  EXPECT_EQ(ics.verdict(device_of("sensor")).admitted, policy::Admitted::no);
}

TEST(Loops, OfCrossSignedCasEnd) {
  Pki ics;
  const auto a = authority("A"), b = authority("B"), c = authority("C");
  // Each signs both others; the root signs one of them.
  std::vector<CertificateDraft> all;
  for (const auto* one : {&a, &b, &c})
    for (const auto* other : {&a, &b, &c})
      if (one != other) all.push_back(one->certifies(*other));
  all.push_back(device_by(c, "sensor"));
  for (const auto& result : ics.push(all)) EXPECT_EQ(result.outcome, ItemResult::Outcome::not_yet);
  all.push_back(ics.root.certifies(a));
  for (const auto& result : ics.push(all)) EXPECT_FALSE(result.error) << result.error->message;
  EXPECT_EQ(ics.judged(device_of("sensor")), "counts");
  ics.set_policy(2, false);
  EXPECT_THAT(ics.judged(device_of("sensor")), HasSubstr("plays no role"));
}

TEST(Manifests, BringTheCertificatesInThemAlong) {
  Pki ics;
  std::string text = pki_policy(2);
  const auto line = key_of("line", crypto::Algorithm::es256);
  text.insert(text.find("[servers]"), "line = \"" + base64_of(line) + "\"\n");
  text.insert(text.find("manufacturer = [") + 16, "{ key = \"line\", formats = [\"manifest\"] }, ");
  ASSERT_FALSE(ics.submit_one(policy_evidence("acme", "acme.example", text, *ics.clock)).error);
  const auto below = authority("Below"), stranger = authority("Stranger");
  const auto element = [&](const std::string& name, const Authority& issuer) {
    return make_manifest_element({.serial_hex = "0123",
                                  .maker = "Acme",
                                  .model = "SE",
                                  .part_number = "SE-1",
                                  .key = device_key(name),
                                  .other_slots = {},
                                  .provisioned_at = "2026-11-01T00:00:00Z",
                                  .certificates = {device_by(issuer, name).encode(), ics.root.certifies(below).encode()}},
                                 *line)
        .value();
  };
  // What becomes of them is not told, and changes nothing about the element.
  const auto results = ics.submit({element("one", below), element("two", stranger)}, Format::manifest);
  ASSERT_EQ(results.size(), 2u);
  for (const auto& result : results) EXPECT_FALSE(result.error) << result.error->message;
  const auto one = ics.verdict(device_of("one")), two = ics.verdict(device_of("two"));
  ASSERT_EQ(one.judgements.size(), 2u);
  for (const auto& judgement : one.judgements) EXPECT_TRUE(judgement.counts) << judgement.why_not;
  ASSERT_EQ(two.judgements.size(), 1u);
  EXPECT_EQ(two.judgements[0].fact->statement.format, Format::manifest);
}

TEST(SerialNumbers, GivenTwiceLeadToBoth) {
  Pki ics;
  ics.push({device_by(ics.root, "one"), device_by(ics.root, "two")});
  EXPECT_EQ(ics.judged(device_of("one")), "counts");
  EXPECT_EQ(ics.judged(device_of("two")), "counts");
  const auto reader = ics.ledger().reader();
  const auto found = reader->resolve("x509-issued:CN=Acme Root,O=Acme#01");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::ambiguous);
}

TEST(Copies, OfWhatCasSayGiveTheSameVerdict) {
  Pki ics;
  const auto below = authority("Below");
  ics.push({ics.root.itself(), ics.root.certifies(below), device_by(below, "sensor"), device_by(below, "other")});
  *ics.clock = now + 10;
  ics.ledger().drain();
  Ics copy("acme.example", {{"acme.example", id_of("acme"), policy::Pin::Source::configuration}}, false);
  *copy.clock = now + 10;
  const auto report = carry(ics, copy, "acme.example");
  EXPECT_EQ(report.refused + report.not_yet, 0u) << report.first_refusal;
  EXPECT_EQ(copy.verdict(device_of("sensor"), "acme.example").admitted, policy::Admitted::yes);
  // A selected one: CAs come along, whatever was chosen.
  Ics selected("acme.example", {{"acme.example", id_of("acme"), policy::Pin::Source::configuration}}, false);
  *selected.clock = now + 10;
  policy::Selector selector;
  selector.globs[policy::Field::serial] = {"serial sensor"};
  const auto chosen = carry(ics, selected, "acme.example", selector);
  EXPECT_EQ(chosen.refused + chosen.not_yet, 0u) << chosen.first_refusal;
  EXPECT_EQ(selected.verdict(device_of("sensor"), "acme.example").admitted, policy::Admitted::yes);
  EXPECT_TRUE(selected.verdict(device_of("other"), "acme.example").judgements.empty());
  EXPECT_FALSE(selected.verdict(SubjectId::key(below.key->public_key().id()), "acme.example").judgements.empty());
}

// A CA whose signers may speak, and an inspector below it.
struct Signers : testing::Test {
  Signers() {
    set_formats(1, "\"x509\", \"cose\"");
    ics.take(device_by(ics.root, "sensor"));
  }
  void set_formats(std::uint64_t version, const std::string& formats) {
    std::string text = pki_policy(version + 1);
    text.replace(text.find("formats = [\"x509\"]"), 18, "formats = [" + formats + "]");
    const auto result = ics.submit_one(policy_evidence("acme", "acme.example", text, *ics.clock));
    EXPECT_FALSE(result.error) << result.error->message;
  }
  CertificateDraft inspector(Time not_after = Time{2'000'000'000}) const {
    auto draft = below.issues(signer->public_key(), evidence::x509::test::name("Inspector"));
    draft.extensions.push_back(purposes({document_signing_oid}));
    draft.not_after = der::generalized(not_after);
    return draft;
  }
  std::string endorse(const std::vector<CertificateDraft>& drafts, const std::string& label = "inspected") {
    std::vector<crypto::Certificate> chain;
    for (const auto& draft : drafts) chain.push_back(crypto::Certificate::from_der(draft.encode()).value());
    auto evidence = sign({device_of("sensor"), {"acme.example"}, Endorse{label, ""}, *ics.clock, {}, {}}, *signer, chain);
    EXPECT_TRUE(evidence) << evidence.error().message;
    const auto result = ics.submit_one(*evidence);
    return result.error ? result.error->message : "received";
  }
  std::vector<std::string> labels() {
    std::vector<std::string> found;
    for (const auto& endorsement : ics.verdict(device_of("sensor")).endorsements) found.push_back(endorsement.label);
    return found;
  }

  Pki ics;
  const Authority below = authority("Below");
  const crypto::SignerPtr signer = key_of("inspector");
};

TEST_F(Signers, SpeakWhereTheirChainLeadsToARole) {
  EXPECT_EQ(endorse({inspector(), ics.root.certifies(below), ics.root.itself()}, "one"), "received");
  EXPECT_EQ(endorse({inspector(), ics.root.certifies(below)}, "two"), "received") << "the root is found by its identifier";
  EXPECT_THAT(labels(), testing::ElementsAre("one", "two"));
  EXPECT_THAT(endorse({inspector()}), HasSubstr("plays no role")) << "what is between is missing";
  const auto stranger = authority("Stranger");
  EXPECT_THAT(endorse({inspector(), stranger.certifies(below), stranger.itself()}), HasSubstr("plays no role"));
  // An identifier is a claim, and no proof.
  auto forged = stranger.certifies(below);
  forged.issuer = ics.root.subject;
  forged.extensions[0] = authority_key_id(ics.root.key->public_key().method1_id());
  EXPECT_THAT(endorse({inspector(), forged}), HasSubstr("plays no role"));
}

TEST_F(Signers, AreHeardOnlyWhereThePolicySaysSo) {
  EXPECT_EQ(endorse({inspector(), ics.root.certifies(below), ics.root.itself()}), "received");
  set_formats(2, "\"x509\"");
  EXPECT_TRUE(labels().empty());
  EXPECT_THAT(endorse({inspector(), ics.root.certifies(below), ics.root.itself()}, "again"), HasSubstr("plays no role"));
  set_formats(3, "\"cose\"");
  EXPECT_THAT(endorse({inspector(), ics.root.certifies(below), ics.root.itself()}, "again"), HasSubstr("plays no role"));
}

TEST_F(Signers, ObeyConstraints) {
  auto deep = ics.root.certifies(below, 0);
  const auto deeper = authority("Deeper");
  auto draft = deeper.issues(signer->public_key(), evidence::x509::test::name("Inspector"));
  draft.extensions.push_back(purposes({document_signing_oid}));
  EXPECT_THAT(endorse({draft, below.certifies(deeper), deep, ics.root.itself()}), HasSubstr("path length constraint exceeded"));
}

TEST_F(Signers, AreHeardForWhatWasReceivedWhileTheirCertificatesHeld) {
  const auto brief = inspector(now + 1000);
  EXPECT_EQ(endorse({brief, ics.root.certifies(below), ics.root.itself()}, "in time"), "received");
  *ics.clock = now + 2000;
  EXPECT_EQ(endorse({brief, ics.root.certifies(below), ics.root.itself()}, "late"), "received");
  EXPECT_THAT(labels(), testing::ElementsAre("in time"));
  const auto verdict = ics.verdict(device_of("sensor"));
  EXPECT_THAT(verdict.judgements.back().why_not, HasSubstr("x5chain: CN=Inspector: expired at"));
}

TEST_F(Signers, WhoseCertificateWasTakenBackAreHeardNoMore) {
  const auto draft = inspector();
  ics.take(ics.root.certifies(below));
  const auto certificate = ics.take(draft);
  EXPECT_EQ(endorse({draft, ics.root.certifies(below), ics.root.itself()}), "received");
  ASSERT_THAT(labels(), testing::ElementsAre("inspected"));
  // By its CA, which no policy lists: its own certificate gives the key.
  auto evidence =
      sign({SubjectId::key(signer->public_key().id()), {"acme.example"}, Withdraw{certificate, "left"}, *ics.clock, {}, {}},
           *below.key);
  ASSERT_TRUE(evidence);
  const auto taken_back = ics.submit_one(*evidence);
  EXPECT_FALSE(taken_back.error) << taken_back.error->message;
  EXPECT_TRUE(labels().empty());
}

}  // namespace
}  // namespace cm4it::service
