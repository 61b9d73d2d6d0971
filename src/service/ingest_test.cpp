// Records of a peer's feed, in whatever order they come.
#include "service/network_fixture.h"
#include "service/x509_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

TEST(Copies, ThatCameInAnyOrderGiveTheSameVerdict) {
  const auto below = authority("Below");
  Pki ics;
  ics.push({ics.root.certifies(below), device_by(below, "sensor")});
  ics.ledger().drain();
  const auto page = ics.service->feed().page({"acme.example", 0, {}}, {});
  ASSERT_TRUE(page);
  auto records = peer_records(*page);
  std::reverse(records.begin() + 1, records.end());  // the policy stays first
  Ics copy("acme.example", {{"acme.example", id_of("acme"), policy::Pin::Source::configuration}}, false);
  // What cannot be verified yet is not yet, and is asked for again.
  const auto first = copy.service->intake().ingest("acme.example", {records.begin(), records.end() - 1});  // without the CA
  ASSERT_TRUE(first);
  EXPECT_EQ(first->refused, 0u) << first->first_refusal;
  EXPECT_EQ(first->not_yet, 1u);
  const auto second = copy.service->intake().ingest("acme.example", records);  // it comes behind what waits for it
  ASSERT_TRUE(second);
  EXPECT_EQ(second->not_yet, 0u) << second->first_refusal;
  carry(ics, copy, "acme.example");  // heads
  const auto here = ics.verdict(device_of("sensor")), there = copy.verdict(device_of("sensor"), "acme.example");
  EXPECT_EQ(here.valid_until, there.valid_until);
  EXPECT_EQ(here.identity_statement, there.identity_statement);
  EXPECT_EQ(here.holder, there.holder);
}

// More than are examined at once, each of which waits for what comes behind it.
TEST(Copies, OfAWholePageThatCameBackToFront) {
  Pki ics;
  constexpr int devices = 150;
  const auto below = authority("Below");
  std::vector<CertificateDraft> drafts{ics.root.certifies(below)};
  for (int i = 0; i < devices; ++i) drafts.push_back(device_by(below, "sensor " + std::to_string(i)));
  ics.push(drafts);
  ics.ledger().drain();
  const auto page = ics.service->feed().page({"acme.example", 0, {}}, {});
  ASSERT_TRUE(page);
  auto records = peer_records(*page);
  ASSERT_EQ(records.size(), devices + 2u);
  std::reverse(records.begin() + 1, records.end());  // the policy stays first
  Ics copy("acme.example", {{"acme.example", id_of("acme"), policy::Pin::Source::configuration}}, false);
  std::size_t rounds = 0, taken = 0;
  for (std::size_t not_yet = 1; not_yet > 0 && rounds < 3; ++rounds) {
    const auto report = copy.service->intake().ingest("acme.example", records);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->refused, 0u) << report->first_refusal;
    not_yet = report->not_yet;
    taken += report->taken;
  }
  EXPECT_EQ(taken, records.size()) << "each once";
  EXPECT_LE(rounds, 2u) << "what came before its CA's certificate is taken when it is asked for again";
}

}  // namespace
}  // namespace cm4it::service
