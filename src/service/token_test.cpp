// Verdict tokens as a device checks them: each of its rules, broken one at a time.
#include "service/token.h"

#include <functional>

#include "base/cbor.h"
#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using testing::HasSubstr;
using crypto::Algorithm;

const Time noon{1'800'000'000};

struct Tokens : testing::Test {
  Tokens() {
    verdict.subject = subject_of("sensor");
    verdict.domain = "plant.example";
    verdict.admitted = policy::Admitted::yes;
    verdict.status = Status::in_use;
  }
  Bytes token(View nonce = {}) const {
    auto made = make_token(verdict, key_of("sensor")->public_key(), noon, 900, nonce, *server);
    EXPECT_TRUE(made);
    return *made;
  }
  TokenCheck check() const { return {"plant.example", server->public_key(), key_of("sensor")->public_key(), noon, {}}; }
  static void expect_refused(const Bytes& token, const TokenCheck& check, Code code, const std::string& says) {
    const auto checked = check_token(token, check);
    ASSERT_FALSE(checked) << says;
    EXPECT_EQ(checked.error().code, code) << checked.error().message;
    EXPECT_THAT(checked.error().message, HasSubstr(says));
  }
  // A COSE_Sign1 by the server over these claims.
  Bytes signed_claims(const std::function<void(CborWriter&)>& write, const char* typ = token_type) const {
    CborWriter header;
    header.map(3).uint(1).integer(crypto::cose_id(server->public_key().algorithm())).uint(4).bytes(server->public_key().id().digest);
    header.uint(16).text(typ);
    CborWriter claims;
    write(claims);
    const Bytes protected_bytes = header.take(), payload = claims.take();
    CborWriter structure;
    structure.array(4).text("Signature1").bytes(protected_bytes).bytes({}).bytes(payload);
    const Bytes to_sign = structure.take();
    CborWriter out;
    out.tag(18).array(4).bytes(protected_bytes).map(0).bytes(payload).bytes(*server->sign(to_sign));
    return out.take();
  }

  policy::Verdict verdict;
  const crypto::SignerPtr server = key_of("plant.example server", Algorithm::es256);
};

TEST_F(Tokens, SayWhatTheVerdictWas) {
  const auto checked = check_token(token(), check());
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->subject, subject_of("sensor"));
  EXPECT_EQ(checked->domain, "plant.example");
  EXPECT_EQ(checked->admitted, policy::Admitted::yes);
  EXPECT_EQ(checked->status, "in-use");
  EXPECT_EQ(checked->issued_at, noon);
  EXPECT_EQ(checked->expires, noon + 900);
  EXPECT_TRUE(checked->nonce.empty());
  EXPECT_LT(token().size(), 400u);
}

TEST_F(Tokens, EndWithTheVerdict) {
  verdict.valid_until = noon + 60;
  EXPECT_EQ(check_token(token(), check())->expires, noon + 60);
  verdict.valid_until = Time::never();
  EXPECT_EQ(check_token(token(), check())->expires, noon + 900);
}

TEST_F(Tokens, OfAnotherSignerDomainOrKey) {
  auto other = check();
  other.signer = key_of("acme.example server", Algorithm::es256)->public_key();
  expect_refused(token(), other, Code::not_permitted, "pinned server");
  other = check();
  other.domain = "acme.example";
  expect_refused(token(), other, Code::not_permitted, "domain: ");
  other = check();
  other.proven = key_of("thief")->public_key();  // overheard: it serves nobody else
  expect_refused(token(), other, Code::not_permitted, "cnf: ");
}

TEST_F(Tokens, InTime) {
  auto at = check();
  at.now = noon + 899;
  EXPECT_TRUE(check_token(token(), at));
  at.now = noon + 900;
  expect_refused(token(), at, Code::not_permitted, "exp: ");
  at.now = noon + -300;
  EXPECT_TRUE(check_token(token(), at));
  at.now = noon + -301;
  expect_refused(token(), at, Code::not_permitted, "iat: ");
}

TEST_F(Tokens, WithoutAClockANonceIsNeeded) {
  const Bytes nonce(16, 7), other(16, 8);
  auto blind = check();
  blind.now.reset();
  expect_refused(token(nonce), blind, Code::not_permitted, "nonce: ");
  blind.nonce = nonce;
  EXPECT_TRUE(check_token(token(nonce), blind));
  expect_refused(token(other), blind, Code::not_permitted, "nonce: ");
  expect_refused(token(), blind, Code::not_permitted, "nonce: ");
  auto with_clock = check();
  with_clock.nonce = nonce;
  expect_refused(token(other), with_clock, Code::not_permitted, "nonce: ");
  EXPECT_TRUE(check_token(token(other), check()));  // a nonce nobody asked for does no harm
}

TEST_F(Tokens, OfNoAndUnknown) {
  for (const auto admitted : {policy::Admitted::no, policy::Admitted::unknown}) {
    verdict.admitted = admitted;
    verdict.status = Status::stolen;
    expect_refused(token(), check(), Code::not_permitted, "status stolen");
  }
  verdict.status.reset();
  expect_refused(token(), check(), Code::not_permitted, "status unset");
}

TEST_F(Tokens, EveryOctetCounts) {
  const Bytes good = token(Bytes(16, 7));
  for (std::size_t i = 0; i < good.size(); ++i)
    for (const unsigned flip : {0x01u, 0x80u}) {
      Bytes bad = good;
      bad[i] = static_cast<std::uint8_t>(bad[i] ^ flip);
      EXPECT_FALSE(check_token(bad, check())) << "octet " << i;
    }
  for (std::size_t length = 0; length < good.size(); ++length) EXPECT_FALSE(check_token(View(good).first(length), check())) << length;
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(check_token(longer, check()));
}

TEST_F(Tokens, OfAnotherType) {
  const auto nothing = [](CborWriter& out) { out.map(0); };
  expect_refused(signed_claims(nothing, "application/cwt"), check(), Code::not_permitted, "typ");
  // A statement by the same key is no token either.
  const auto statement = evidence::sign({subject_of("sensor"), {"plant.example"}, Endorse{"approved", ""}, noon, {}, {}}, *server);
  EXPECT_FALSE(check_token(*statement, check()));
}

TEST_F(Tokens, ClaimsAreExact) {
  const auto claims = [&](CborWriter& out, std::size_t count) -> CborWriter& {
    out.map(count).uint(2).text(verdict.subject.text()).uint(4).integer(noon.seconds + 900).uint(6).integer(noon.seconds);
    out.uint(8).map(1).uint(1).raw(key_of("sensor")->public_key().cose_key());
    return out.integer(-70001).text("plant.example").integer(-70002).boolean(true);
  };
  EXPECT_TRUE(check_token(signed_claims([&](CborWriter& out) { claims(out, 7).integer(-70003).text(""); }), check()));
  expect_refused(signed_claims([&](CborWriter& out) { claims(out, 8).integer(-70003).text("").integer(-70004).text("x"); }), check(),
                 Code::malformed, "claim -70004");
  expect_refused(signed_claims([](CborWriter& out) { out.map(0); }), check(), Code::not_permitted, "domain: ");
  EXPECT_FALSE(check_token(signed_claims([](CborWriter& out) { out.text("no map"); }), check()));
}

// The service's own: of the server's key, and only for keys.
TEST_F(Network, TokensOfTheService) {
  deploy();
  const auto made = plant.service->verdicts().token(sensor_id, "", {}, {});
  ASSERT_TRUE(made) << made.error().message;
  const TokenCheck check{"plant.example", key_of("plant.example server", Algorithm::es256)->public_key(), key_of("sensor")->public_key(),
                         *plant.clock, {}};
  EXPECT_TRUE(check_token(*made, check));
  const auto code = plant.service->verdicts().token(SubjectId::code(crypto::sha256(view("x"))), "", {}, {});
  ASSERT_FALSE(code);
  EXPECT_EQ(code.error().code, Code::unsupported);
  const auto nobody = plant.service->verdicts().token(subject_of("nobody"), "", {}, {});
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, Code::not_found);
  ASSERT_EQ(plant.submit_one(plant.say("volta", sensor_id, StatusChange{Status::stolen, ""})).outcome, Outcome::received);
  EXPECT_FALSE(check_token(*plant.service->verdicts().token(sensor_id, "", {}, {}), check));
}

}  // namespace
}  // namespace cm4it::service
