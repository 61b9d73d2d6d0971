// CRLs out of files and from a server, as the configuration names them.
#include "apps/icsd/crl_fetch.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "base/temporary_directory_for_test.h"
#include "crypto/pem.h"
#include "evidence/formats/x509/crl_test_support.h"
#include "net/http/server.h"
#include "service/network_fixture.h"

namespace cm4it::icsd {
namespace {

using namespace service::fixture;
using namespace evidence::x509::test;
using testing::HasSubstr;

struct Fetching : testing::Test {
  Fetching() {
    std::string policy = acme_policy();
    const auto replace = [&](const std::string& from, const std::string& to) {
      policy.replace(policy.find(from), from.size(), to);
    };
    replace("[servers]", "ca = \"" + ca.key->public_key().base64() + "\"\n[servers]");
    replace("manufacturer = [", "manufacturer = [{ key = \"ca\", formats = [\"x509\"] }, ");
    const auto item = ics.submit_one(policy_evidence("acme", "acme.example", policy, *ics.clock));
    EXPECT_EQ(item.outcome, service::ItemResult::Outcome::received);
    auto draft = ca.issues(key_of("device")->public_key(), evidence::x509::test::name("device"));
    draft.serial = {7};
    EXPECT_EQ(ics.submit({draft.encode()}, evidence::Format::x509)[0].outcome, service::ItemResult::Outcome::received);
  }

  std::string revoking() const { return std::string(text(CrlDraft{.by = ca, .entries = {{{7}}}}.encode())); }
  CrlSource file(const std::string& content) const {
    std::ofstream(directory / "ca.crl", std::ios::binary) << content;
    return {{}, directory / "ca.crl", "acme.example", 3600};
  }
  bool identified() { return ics.verdict(evidence::SubjectId::key(id_of("device"))).identity.has_value(); }

  const TemporaryDirectory temporary{"crl"};
  const std::filesystem::path directory = temporary.path();
  Authority ca{key_of("the ca", crypto::Algorithm::es256), evidence::x509::test::name("ca", "Acme")};
  Ics ics{"acme.example", {{"acme.example", id_of("acme"), policy::Pin::Source::configuration}}};
  net::HttpClient client;
};

TEST_F(Fetching, OutOfAFile) {
  EXPECT_TRUE(identified());
  const auto fetched = fetch_crl(file(revoking()), client, *ics.service);
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_THAT(*fetched, HasSubstr("received as "));
  EXPECT_FALSE(identified());
  EXPECT_EQ(fetch_crl(file(revoking()), client, *ics.service).value(), "");  // nothing new
}

TEST_F(Fetching, WhatIsNoCrlIsSaidAndNothingIsTaken) {
  const std::string pem = crypto::certificate_pem(ca.itself().encode());
  EXPECT_THAT(fetch_crl(file(pem), client, *ics.service).error().message, HasSubstr("no CRL in it"));
  EXPECT_THAT(fetch_crl(file("<html>"), client, *ics.service).error().message, HasSubstr("ca.crl"));
  CrlSource missing{{}, directory / "none", "acme.example", 3600};
  EXPECT_EQ(fetch_crl(missing, client, *ics.service).error().code, Code::unavailable);
  const Authority stranger{key_of("stranger", crypto::Algorithm::es256), ca.subject};
  const auto refused =
      fetch_crl(file(std::string(text(CrlDraft{.by = stranger, .entries = {{{7}}}}.encode()))), client, *ics.service);
  EXPECT_EQ(refused.error().code, Code::not_yet);
  EXPECT_TRUE(identified());
}

TEST_F(Fetching, FromAServerAgainAfterItFailed) {
  std::atomic<int> asked{0};
  const std::string content = revoking();
  auto server = net::HttpServer::start({}, [&](const net::Request& request, net::Responder respond) {
    net::Response response;
    response.status = request.path == "/ca.crl" && ++asked > 2 ? 200 : 404;
    response.body = content;
    respond(std::move(response));
  });
  ASSERT_TRUE(server) << server.error().message;
  const CrlSource source{(*server)->url() + "/ca.crl", {}, "acme.example", 1};
  EXPECT_THAT(fetch_crl(source, client, *ics.service).error().message, HasSubstr("answered 404"));
  const CrlFetcher fetcher({source}, *ics.service);
  for (;;) {
    const std::uint64_t next = ics.ledger().published()->next;
    if (!identified()) break;
    std::promise<void> changed;
    ASSERT_TRUE(ics.service->watch().subscribe({}, next, [&] { changed.set_value(); }));
    changed.get_future().wait();
  }
  EXPECT_EQ(asked, 3);
}

}  // namespace
}  // namespace cm4it::icsd
