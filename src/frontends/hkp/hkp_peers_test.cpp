// What other key servers ask: certificates by their digests, and what changed since a day.
#include "frontends/hkp/hkp_fixture.h"

namespace cm4it::hkp {
namespace {

using namespace fixture;

std::string number(std::size_t value) { return std::string(text(u32(static_cast<std::uint32_t>(value)))); }

std::string octets(const crypto::Md5& digest) { return std::string(digest.begin(), digest.end()); }

std::string query_for(const std::vector<crypto::Md5>& digests) {
  std::string body = number(digests.size());
  for (const auto& digest : digests) body += number(16) + octets(digest);
  return body;
}

crypto::Md5 digest_of(const Draft& draft) { return openpgp::sks_digest(draft.bytes()).value(); }

struct Peers : KeyServer {
  explicit Peers(const std::string& more = {}) : KeyServer(more) {}
  net::Reply hash_query(const std::string& body) { return ask("POST", "/pks/hashquery", "application/octet-stream", body); }
  // What came, in the order of its octets.
  std::vector<std::string> found(const std::vector<crypto::Md5>& digests) {
    const auto reply = hash_query(query_for(digests));
    EXPECT_EQ(reply.status, 200u) << reply.body;
    std::string_view rest = reply.body;
    const auto take = [&](std::size_t count) {
      EXPECT_LE(count, rest.size());
      const auto part = rest.substr(0, count);
      rest.remove_prefix(part.size());
      return part;
    };
    const auto take_number = [&] {
      std::size_t value = 0;
      for (const char octet : take(4)) value = value << 8 | static_cast<unsigned char>(octet);
      return value;
    };
    std::vector<std::string> list;
    for (std::size_t left = take_number(); left > 0; --left) list.emplace_back(take(take_number()));
    EXPECT_EQ(rest, "\r\n");
    std::sort(list.begin(), list.end());
    return list;
  }
  std::vector<std::string> prefixes(const std::string& date) {
    const auto reply = get("/pks/v2/prefixlog/" + date);
    EXPECT_EQ(reply.status, 200u) << reply.body;
    EXPECT_THAT(reply.content_type, testing::StartsWith("text/plain"));
    std::vector<std::string> list;
    for (std::size_t at = 0, end; (end = reply.body.find("\r\n", at)) != std::string::npos; at = end + 2) list.push_back(reply.body.substr(at, end - at));
    return list;
  }
};

// Type, length and body of each packet, in the order of type and body.
TEST(SksDigest, IsOverSortedPackets) {
  const Bytes two = joined({packet(tag::user_id, view("b")), packet(tag::public_key, view("k")), packet(tag::user_id, view("ab")), packet(tag::signature, view("s"))});
  const Bytes sorted = from_hex("000000020000000173" "00000006000000016b" "0000000d000000026162" "0000000d0000000162").value();
  EXPECT_EQ(openpgp::sks_digest(two).value(), crypto::md5(sorted));
  EXPECT_EQ(to_hex(crypto::md5(view("abc"))), "900150983cd24fb0d6963f7d28e17f72");  // RFC 1321 appendix A.5
  EXPECT_FALSE(openpgp::sks_digest(view("no packets")));
}

TEST_F(Peers, CertificatesAreFoundByTheirDigests) {
  const Draft alice = certificate("alice"), bob = certificate("bob");
  EXPECT_TRUE(found({digest_of(alice)}).empty());
  upload(alice);
  upload(bob);
  EXPECT_EQ(found({digest_of(alice)}), std::vector{alice.binary()});
  auto both = std::vector{alice.binary(), bob.binary()};
  std::sort(both.begin(), both.end());
  EXPECT_EQ(found({digest_of(bob), digest_of(alice), digest_of(bob), digest_of(certificate("carol"))}), both);
  EXPECT_TRUE(found({}).empty());
  // What has changed has another digest, and none that it had.
  const Draft longer = certificate("alice").user_id("zoe");
  upload(longer);
  EXPECT_TRUE(found({digest_of(alice)}).empty());
  EXPECT_EQ(found({digest_of(longer)}), std::vector{longer.binary()});
  EXPECT_EQ(hash_query(query_for({digest_of(bob)}) + "\r\n").status, 200u);
}

TEST_F(Peers, LegacyPeersAreGivenNoNewCertificates) {
  const Draft six = certificate("six", 6);
  upload(six);
  EXPECT_TRUE(found({digest_of(six)}).empty());
  EXPECT_EQ(prefixes("2000-01-01"), std::vector{hex(six.key()).substr(0, 4)});
}

TEST_F(Peers, WhatIsNoQueryIsToldWhy) {
  const std::string one = query_for({digest_of(certificate("alice"))});
  for (std::size_t size = 0; size < one.size(); ++size) EXPECT_EQ(hash_query(one.substr(0, size)).status, 400u) << size;
  EXPECT_EQ(hash_query(one + "x").status, 400u);
  EXPECT_EQ(hash_query(number(1) + number(15) + std::string(15, 'a')).status, 400u);
  EXPECT_EQ(hash_query(number(1) + number(0xffffffff) + std::string(16, 'a')).status, 400u);
  EXPECT_EQ(hash_query(number(0xffffffff)).status, 413u);
  EXPECT_EQ(hash_query(number(budget::hashquery_digests + 1)).status, 413u);
  {
    HeldReadings held(*ics.service);  // what is too long does not wait, holding its octets
    EXPECT_EQ(hash_query(std::string(100'000, '\0')).status, 413u);
    EXPECT_EQ(hash_query(number(0)).status, 503u);
  }
  EXPECT_EQ(get("/pks/hashquery").status, 405u);
  EXPECT_EQ(ask("POST", "/pks/hashquery/more").status, 501u);
}

TEST_F(Peers, TheLogTellsWhatChangedSinceADay) {
  const Draft alice = certificate("alice"), bob = certificate("bob");
  const std::string of_alice = hex(alice.key()).substr(0, 4), of_bob = hex(bob.key()).substr(0, 4);
  *ics.clock = from_rfc3339("2027-03-01T23:59:59Z").value();
  ics.ledger().vouch(*ics.clock);
  upload(alice);
  *ics.clock = from_rfc3339("2027-03-02T00:00:00Z").value();
  upload(bob);
  auto both = std::vector{of_alice, of_bob};
  std::sort(both.begin(), both.end());
  EXPECT_EQ(prefixes("2027-03-01"), both);
  EXPECT_EQ(prefixes("2027-03-02"), std::vector{of_bob});
  EXPECT_TRUE(prefixes("2027-03-03").empty());
  *ics.clock = from_rfc3339("2027-03-05T12:00:00Z").value();
  upload(certificate("alice").user_id("alice at home"));
  upload(bob);  // nothing new
  EXPECT_EQ(prefixes("2027-03-02"), both);
  EXPECT_EQ(prefixes("2027-03-05"), std::vector{of_alice});

  for (const char* date : {"2027-13-01", "2027-3-01", "yesterday", "2027-03-01T00:00:00Z", "2027-03-01/more", "0000-00-00"})
    EXPECT_EQ(get(std::string("/pks/v2/prefixlog/") + date).status, 422u) << date;
  EXPECT_EQ(get("/pks/v2/prefixlog").status, 403u);
  EXPECT_EQ(get("/pks/v2/prefixlog/").status, 403u);
  EXPECT_EQ(ask("HEAD", "/pks/v2/prefixlog/2027-03-02").status, 200u);
  EXPECT_EQ(ask("POST", "/pks/v2/prefixlog/2027-03-02").status, 405u);
}

struct HiddenPeers : Peers {
  static constexpr const char* closed = "[read]\ndefault = [\"owner\"]\n";
  HiddenPeers() : Peers(closed) {}
  void publish(int version, const std::string& more) {
    std::string policy = keys_policy(more);
    policy.replace(policy.find("version = 1"), 11, "version = " + std::to_string(version));
    const auto made = ics.submit_one(policy_evidence("keys", "keys.example", policy, *ics.clock));
    EXPECT_EQ(made.outcome, service::ItemResult::Outcome::received) << (made.error ? made.error->message : "");
  }
};

TEST_F(HiddenPeers, OnlyWhatAnyoneMayReadIsAnswered) {
  const Draft alice = certificate("alice");
  upload(alice);
  EXPECT_TRUE(found({digest_of(alice)}).empty());
  EXPECT_TRUE(prefixes("2000-01-01").empty());
  publish(2, {});
  EXPECT_EQ(found({digest_of(alice)}), std::vector{alice.binary()});
  EXPECT_EQ(prefixes("2000-01-01").size(), 1u);
  publish(3, closed);
  EXPECT_TRUE(found({digest_of(alice)}).empty());
  EXPECT_TRUE(prefixes("2000-01-01").empty());
}

// A door that was not there before, as after a restart: it reads what is stored first, in several turns.
TEST_F(Peers, EverythingIsThereAfterARestart) {
  std::vector<Draft> all;
  std::string body;
  for (int i = 0; i < 400; ++i) {
    all.push_back(certificate("restart " + std::to_string(i)));
    body += all.back().binary();
  }
  ASSERT_EQ(ask("POST", "/pks/v2/certs", "application/pgp-keys", body).status, 200u);
  Hkp again{*ics.service, {}};
  server = net::HttpServer::start({}, again.handler()).value();
  for (const int i : {0, 200, 399}) EXPECT_EQ(found({digest_of(all[static_cast<std::size_t>(i)])}).size(), 1u) << i;
}

}  // namespace
}  // namespace cm4it::hkp
