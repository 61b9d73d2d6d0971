// OCSP as the openssl command asks it, of a server that keeps the certificates of one CA.
#include "base/needs_for_test.h"
#include "frontends/ocsp/ocsp.h"

#include "crypto/certificate.h"
#include "crypto/openssl_for_test.h"
#include "evidence/formats/x509/x509_test_support.h"
#include "net/http/client.h"
#include "net/http/server.h"
#include "service/fixture.h"

namespace cm4it::ocsp {
namespace {

using namespace service::fixture;
using crypto::Certificate;
using testing::HasSubstr;
using testing::Not;

enum class With { delegate, no_delegate };

class Site {
 public:
  explicit Site(With with, Seconds lifetime = 3600, bool sign_ahead = false, const std::string& more = {}) {
    *ics.clock = system_time();  // openssl knows no other
    openssl.make_ca("ca");
    ca_key = crypto::load_key_file(openssl.path("ca.key")).value();
    const std::string policy =
        "domain = \"acme.example\"\nversion = 1\nowner = \"acme\"\n[keys]\nacme = \"" + base64_of(key_of("acme")) + "\"\nca = \"" +
        base64_of(ca_key) + "\"\n" + server_line("acme.example") +
        "[roles]\nmanufacturer = [\"acme\", { key = \"ca\", formats = [\"cose\", \"x509\"] }]\n"
        "[write]\nidentity = [\"manufacturer\"]\nstatus = [\"manufacturer\"]\n" + more;
    EXPECT_EQ(ics.submit_one(policy_evidence("acme", "acme.example", policy, *ics.clock)).outcome, service::ItemResult::Outcome::received);
    OcspOptions options;
    options.authorities.push_back(authority(with, lifetime));
    options.sign_ahead = sign_ahead;
    options.ready = std::make_shared<service::ReadyAnswers>(ics.service->verdicts(), std::size_t{16} << 20, 1);
    door = std::make_unique<Ocsp>(*ics.service, std::move(options));
    auto started = net::HttpServer::start({}, door->handler());
    EXPECT_TRUE(started) << (started ? "" : started.error().message);
    server = std::move(*started);
  }

  // `days`: for which the delegate's certificate holds.
  Authority authority(With with, Seconds lifetime = 3600, const std::string& days = "365") {
    std::vector<Bytes> certificates;
    crypto::SignerPtr key = ca_key;
    if (with == With::delegate) {
      key = key_of("delegate", crypto::Algorithm::es256);
      openssl.put("delegate.der", crypto::ocsp::delegate_request(*key, "delegate").value());
      EXPECT_TRUE(openssl.run("req -inform DER -in delegate.der -out delegate.csr")) << openssl.said();
      openssl.issue("ca", "delegate", 99, "delegate.csr", days);
      certificates.push_back(openssl.der("delegate.cer"));
    }
    auto responder = crypto::ocsp::Responder::make(key, openssl.der("ca.cer"), certificates);
    EXPECT_TRUE(responder) << (responder ? "" : responder.error().message);
    return {std::move(*responder), "acme.example", lifetime};
  }

  // A device whose certificate the CA issued and the server keeps.
  SubjectId device(const std::string& name, unsigned serial, bool stored = true) {
    openssl.issue("ca", name, serial);
    const Bytes der = openssl.der(name + ".cer");
    *ics.clock = system_time();  // it is valid from now on
    if (stored) {
      const auto result = ics.submit({der}, Format::x509, "acme.example").at(0);
      EXPECT_EQ(result.outcome, service::ItemResult::Outcome::received) << (result.error ? result.error->message : "");
    }
    return SubjectId::key(Certificate::from_der(der).value().key().id());
  }
  // What the openssl command makes of the answer to its question.
  std::string ask(const std::string& question) {
    openssl.run("ocsp -url " + server->url() + "/ocsp -CAfile ca.pem -issuer ca.pem " + question);
    return openssl.said();
  }
  Bytes request(const std::string& name) {
    EXPECT_TRUE(openssl.run("ocsp -issuer ca.pem -cert " + name + ".pem -no_nonce -reqout request")) << openssl.said();
    return openssl.der("request");
  }
  net::Reply post(View request, const std::string& type = "application/ocsp-request") {
    auto reply = client.send({"POST", server->url() + "/ocsp", type, std::string(text(request)), {}, {}});
    EXPECT_TRUE(reply) << (reply ? "" : reply.error().message);
    return reply ? *reply : net::Reply{};
  }
  net::Reply get(View request) {
    auto reply = client.send({"GET", server->url() + "/ocsp/" + net::percent_encode(to_base64(request)), {}, {}, {}, {}});
    EXPECT_TRUE(reply) << (reply ? "" : reply.error().message);
    return reply ? *reply : net::Reply{};
  }
  void say(const SubjectId& subject, Body body) {
    const auto result = ics.submit_one(ics.say("acme", subject, std::move(body)));
    EXPECT_EQ(result.outcome, service::ItemResult::Outcome::received) << (result.error ? result.error->message : "");
  }

  crypto::test::OpenSsl openssl;
  crypto::SignerPtr ca_key;
  Ics ics{"acme.example", {{"acme.example", id_of("acme"), policy::Pin::Source::configuration}}};
  std::unique_ptr<Ocsp> door;
  std::unique_ptr<net::HttpServer> server;
  net::HttpClient client;
};

class OcspDoor : public testing::Test {
 protected:
  void SetUp() override {
    CM4IT_NEEDS(crypto::test::OpenSsl::there(), "openssl");
  }
};

// Who may not read statuses is not told that there is none.
TEST_F(OcspDoor, AnAlarmThatMayNotBeReadDoesNotLookGood) {
  Site site(With::no_delegate, 3600, false, "[read]\ndefault = [\"anyone\"]\nstatus = [\"owner\"]\n");
  const auto device = site.device("a", 1);
  EXPECT_THAT(site.ask("-cert a.pem"), HasSubstr("a.pem: unknown"));
  site.say(device, StatusChange{Status::stolen, "van broken into"});
  EXPECT_THAT(site.ask("-cert a.pem"), HasSubstr("a.pem: unknown"));
}

TEST_F(OcspDoor, GoodThenRevokedForADelegateAndForTheCaItself) {
  for (const With with : {With::delegate, With::no_delegate}) {
    Site site(with);
    const auto device = site.device("a", 1);
    site.device("stranger", 2, false);
    for (const char* question : {"-cert a.pem", "-sha256 -cert a.pem", "-no_nonce -cert a.pem"}) {
      const auto said = site.ask(question);
      EXPECT_THAT(said, HasSubstr("Response verify OK")) << question;
      EXPECT_THAT(said, HasSubstr("a.pem: good")) << question;
    }
    EXPECT_THAT(site.ask("-cert stranger.pem"), HasSubstr("stranger.pem: unknown"));
    site.say(device, StatusChange{Status::destroyed, "run over"});
    const auto revoked = site.ask("-cert a.pem");
    EXPECT_THAT(revoked, HasSubstr("Response verify OK"));
    EXPECT_THAT(revoked, HasSubstr("a.pem: revoked"));
    EXPECT_THAT(revoked, HasSubstr("Reason: cessationOfOperation"));
    EXPECT_THAT(revoked, HasSubstr("Revocation Time: "));
  }
}

TEST_F(OcspDoor, SeveralCertificatesAtOnce) {
  Site site(With::delegate);
  site.device("a", 1);
  site.say(site.device("b", 0x7fffffff), StatusChange{Status::compromised, ""});
  site.device("c", 3, false);
  const auto said = site.ask("-cert a.pem -cert b.pem -sha256 -cert c.pem -serial 77");
  EXPECT_THAT(said, HasSubstr("Response verify OK"));
  EXPECT_THAT(said, HasSubstr("a.pem: good"));
  EXPECT_THAT(said, HasSubstr("b.pem: revoked"));
  EXPECT_THAT(said, HasSubstr("Reason: keyCompromise"));
  EXPECT_THAT(said, HasSubstr("c.pem: unknown"));
  EXPECT_THAT(said, HasSubstr("77: unknown"));
}

// The CA takes an identity back with a statement of its own: that certificate is revoked, the key's others are not.
TEST_F(OcspDoor, AWithdrawnIdentityIsRevoked) {
  Site site(With::delegate);
  const auto device = site.device("a", 1);
  const auto looked = site.ics.service->verdicts().look_up(device, {}, {}).value();
  const auto id = looked.verdict.judgements.at(0).fact->statement.id;
  const auto taken_back = evidence::sign({device, {"acme.example"}, Withdraw{id, "issued in error"}, *site.ics.clock, {}, {}}, *site.ca_key).value();
  EXPECT_EQ(site.ics.submit_one(taken_back).outcome, service::ItemResult::Outcome::received);
  EXPECT_THAT(site.ask("-cert a.pem"), HasSubstr("a.pem: revoked"));
}

TEST_F(OcspDoor, GetAnswersAsPostDoesAndMayBeCached) {
  Site site(With::delegate);
  site.device("a", 1);
  const Bytes request = site.request("a");
  const auto post_response = site.post(request), get_response = site.get(request);
  EXPECT_EQ(post_response.status, 200u);
  EXPECT_EQ(post_response.content_type, "application/ocsp-response");
  EXPECT_EQ(post_response.header("Cache-Control"), "no-store");
  EXPECT_EQ(get_response.body, post_response.body);
  for (const auto* reply : {&get_response, &post_response}) EXPECT_EQ(reply->header("Access-Control-Allow-Origin"), "*");
  EXPECT_THAT(std::string(get_response.header("Cache-Control")), HasSubstr("max-age=900, public"));
  site.openssl.put("answer", get_response.body);
  ASSERT_TRUE(site.openssl.run("ocsp -respin answer -CAfile ca.pem -issuer ca.pem -cert a.pem -no_nonce")) << site.openssl.said();
  EXPECT_TRUE(site.openssl.says("a.pem: good")) << site.openssl.said();
}

TEST_F(OcspDoor, AnswersAreGivenAgainUntilSomethingComes) {
  Site site(With::delegate);
  const auto device = site.device("a", 1);
  const Bytes request = site.request("a");
  const auto first = site.post(request).body;
  EXPECT_EQ(site.post(request).body, first);
  EXPECT_EQ(site.get(request).body, first);
  site.say(device, StatusChange{Status::suspended, ""});
  const auto second = site.post(request).body;
  EXPECT_NE(second, first);
  EXPECT_EQ(site.post(request).body, second);
}

// What is asked for is signed again before it ends; what nobody asks for any more is let go.
TEST_F(OcspDoor, AnswersAreSignedAhead) {
  Site site(With::delegate, 400);
  site.device("a", 1);
  const Bytes request = site.request("a");
  const auto first = site.post(request).body;
  EXPECT_EQ(site.door->sign_due(), 0u);
  const Time begin = *site.ics.clock;
  *site.ics.clock = begin + 299;  // a quarter is left to others' caches
  EXPECT_EQ(site.door->sign_due(), 1u);
  *site.ics.clock = begin + 301;
  const auto second = site.post(request).body;
  EXPECT_NE(second, first);
  EXPECT_EQ(site.post(request).body, second);
  *site.ics.clock = begin + 600;
  EXPECT_EQ(site.door->sign_due(), 1u);
  *site.ics.clock = begin + 900;
  EXPECT_EQ(site.door->sign_due(), 0u);
}

TEST_F(OcspDoor, WhatCannotBeAnsweredIsToldByItsCode) {
  Site site(With::delegate);
  site.device("a", 1);
  // OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED } alone.
  const auto status = [](const net::Reply& reply) { return reply.body.size() == 5 ? static_cast<int>(reply.body[4]) : -1; };
  EXPECT_EQ(status(site.post(view("no request"))), 1);
  EXPECT_EQ(status(site.post({})), 1);
  Bytes longer = site.request("a");
  longer.push_back(0);
  EXPECT_EQ(status(site.post(longer)), 1);
  site.openssl.make_ca("other");
  site.openssl.issue("other", "x", 1);
  ASSERT_TRUE(site.openssl.run("ocsp -issuer other.pem -cert x.pem -reqout request"));
  EXPECT_EQ(status(site.post(site.openssl.der("request"))), 6);  // unauthorized
  EXPECT_EQ(site.post(longer).header("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(site.post(longer, "text/plain").status, 415u);
  const auto send = [&](const std::string& method, const std::string& path) {
    return site.client.send({method, site.server->url() + path, {}, {}, {}, {}}).value();
  };
  EXPECT_EQ(send("GET", "/ocsp").status, 405u);
  const auto preflight = send("OPTIONS", "/ocsp");
  EXPECT_EQ(preflight.status, 200u);
  EXPECT_EQ(preflight.header("Access-Control-Allow-Methods"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(preflight.header("Access-Control-Allow-Headers"), "Content-Type");
  EXPECT_EQ(send("DELETE", "/ocsp/MAo=").status, 405u);
  EXPECT_EQ(status(send("GET", "/ocsp/no%20base64")), 1);
}

using OcspDelegate = OcspDoor;

int refusal_of(const net::Reply& reply) { return reply.body.size() == 5 ? static_cast<int>(reply.body[4]) : -1; }

// A line of what openssl prints of an answer: a time.
std::string time_in(const std::string& printed, const std::string& name) {
  const auto at = printed.find(name);
  if (at == printed.npos) return "no " + name;
  const auto begin = printed.find(": ", at) + 2;
  return printed.substr(begin, printed.find('\n', begin) - begin);
}

TEST_F(OcspDelegate, NoAnswerOutlivesItsCertificate) {
  Site site(With::delegate);
  site.device("a", 1);
  const Time end = site.door->delegates_until().at(0).second;
  ASSERT_NE(end, Time::never());
  *site.ics.clock = end + -100;
  site.openssl.put("answer", site.post(site.request("a")).body);
  site.openssl.run("ocsp -respin answer -resp_text -noverify");
  const auto printed = site.openssl.said();
  EXPECT_EQ(time_in(printed, "Next Update"), time_in(printed, "Not After ")) << printed;
}

TEST_F(OcspDelegate, WhoseCertificateHasEndedSignsNothingUntilThereIsAnother) {
  Site site(With::delegate);
  const auto device = site.device("a", 1);
  const Bytes request = site.request("a");
  const auto first = site.post(request).body;
  *site.ics.clock = site.door->delegates_until().at(0).second;
  constexpr int try_later = 3;
  EXPECT_EQ(refusal_of(site.post(request)), try_later);
  site.door->sign_due();
  std::vector<Authority> renewed;
  renewed.push_back(site.authority(With::delegate, 3600, "800"));
  site.door->replace(std::move(renewed));
  EXPECT_EQ(refusal_of(site.post(request)), -1);
  EXPECT_GT(site.door->delegates_until().at(0).second, *site.ics.clock);
}

// What was signed with the old one is not given again: it may have been replaced because its key was stolen.
TEST_F(OcspDelegate, ANewOneSignsAnew) {
  Site site(With::delegate);
  site.device("a", 1);
  const Bytes request = site.request("a");
  const auto first = site.post(request).body;
  EXPECT_EQ(site.get(request).body, first);
  std::vector<Authority> renewed;
  renewed.push_back(site.authority(With::no_delegate));
  site.door->replace(std::move(renewed));
  EXPECT_NE(site.post(request).body, first);
  EXPECT_NE(site.get(request).body, first);
  EXPECT_EQ(site.door->delegates_until().at(0).second, Time::never());
}

// The device's certificate has the CA's name in other letters than the CA's own has: openssl hashes those.
TEST_F(OcspDoor, TheIssuersNameMayBeWrittenInAnotherWay) {
  Site site(With::no_delegate);
  const auto& ca = site.ca_key;
  const auto key = key_of("a", crypto::Algorithm::es256)->public_key();
  auto draft = evidence::x509::test::Authority{ca, evidence::x509::test::name("CA", "acme", {}, evidence::x509::test::printable_string)}.issues(
      key, evidence::x509::test::name("a", "Acme"));
  draft.not_before = der::generalized(*site.ics.clock + -60);
  draft.not_after = der::generalized(*site.ics.clock + 86'400);
  draft.serial = {0x21};
  const Bytes certificate = draft.encode();
  ASSERT_EQ(site.ics.submit({certificate}, Format::x509, "acme.example").at(0).outcome, service::ItemResult::Outcome::received);
  site.openssl.put("a.cer", certificate);
  ASSERT_TRUE(site.openssl.run("x509 -inform DER -in a.cer -out a.pem")) << site.openssl.said();
  EXPECT_THAT(site.ask("-cert a.pem"), HasSubstr("a.pem: good"));
  EXPECT_THAT(site.ask("-serial 0x21"), HasSubstr("0x21: good"));
  // A name that is none of these.
  auto other = site.request("a");
  const Bytes hash = crypto::digest(crypto::Hash::sha1, evidence::x509::test::name("CA", "acme", {}, evidence::x509::test::printable_string));
  const auto at = std::search(other.begin(), other.end(), hash.begin(), hash.end());
  ASSERT_NE(at, other.end());
  *at ^= 1;
  site.openssl.put("answer", site.post(other).body);
  site.openssl.run("ocsp -respin answer -resp_text -noverify");
  EXPECT_THAT(site.openssl.said(), HasSubstr("Cert Status: unknown"));
}

TEST_F(OcspDoor, ClientsOfABusySignerAreToldToComeLater) {
  Site site(With::delegate);
  site.device("a", 1);
  const Bytes request = site.request("a");
  HeldTurns held(*site.ics.service, &service::Queues::sign_in_turn);
  EXPECT_EQ(site.post(request).body, text(crypto::ocsp::refuse(crypto::ocsp::Refusal::try_later)));
  held.release();
}

}  // namespace
}  // namespace cm4it::ocsp
