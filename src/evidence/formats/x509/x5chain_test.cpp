// Statements that bring certificates along (RFC 9360).
#include <gmock/gmock.h>

#include "base/budgets.h"
#include "evidence/credential.h"
#include "evidence/test_support.h"
#include "evidence/formats/x509/x509_test_support.h"

namespace cm4it::evidence {
namespace {

using namespace evidence::test;
using namespace x509::test;
using testing::HasSubstr;

struct Chains : testing::Test {
  Authority root{key_of("chain root"), x509::test::name("Root")}, below{key_of("chain below"), x509::test::name("Below")};
  crypto::SignerPtr signer = key_of("chain signer");

  CertificateDraft leaf(const std::vector<std::string>& purpose = {document_signing_oid}) const {
    auto draft = below.issues(signer->public_key(), x509::test::name("Inspector"));
    if (!purpose.empty()) draft.extensions.push_back(purposes(purpose));
    return draft;
  }
  static std::vector<crypto::Certificate> chain_of(const std::vector<CertificateDraft>& drafts) {
    std::vector<crypto::Certificate> chain;
    for (const auto& draft : drafts) chain.push_back(crypto::Certificate::from_der(draft.encode()).value());
    return chain;
  }
  Result<Bytes> say(const std::vector<CertificateDraft>& drafts) const {
    return sign({SubjectId::code(Digest{}), {"acme.example"}, Endorse{"approved", ""}, now, {}, {}}, *signer, chain_of(drafts));
  }
};

TEST_F(Chains, GoAlongInTheProtectedHeader) {
  for (const auto& drafts : {std::vector{leaf()}, std::vector{leaf(), root.certifies(below)},
                             std::vector{leaf(), root.certifies(below), root.itself()}}) {
    const auto bytes = say(drafts);
    ASSERT_TRUE(bytes) << bytes.error().message;
    const auto decoded = decode(Format::cose, *bytes);
    ASSERT_TRUE(decoded) << decoded.error().message;
    ASSERT_TRUE(decoded->carried_key());
    EXPECT_EQ(*decoded->carried_key(), signer->public_key());
    const auto verified = verify(*decoded, signer->public_key());
    ASSERT_TRUE(verified) << verified.error().message;
    const Statement& statement = verified->statements()[0];
    ASSERT_EQ(statement.credentials.size(), drafts.size());
    for (std::size_t i = 0; i < drafts.size(); ++i) EXPECT_TRUE(equal(statement.credentials[i]->octets(), drafts[i].encode()));
    const auto stored = statements_of_stored(Format::cose, *bytes, statement.issuer);
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->at(0).credentials.size(), drafts.size());
    // They are signed along with the rest.
    EXPECT_NE(verified->id(),
              accept(Format::cose, say({leaf(), root.certifies(below), root.itself(1)}).value(), signer->public_key())->id());
  }
}

TEST_F(Chains, StartWithTheIssuersCertificateAndHangTogether) {
  auto another = leaf();
  another.key = key_of("another")->public_key();
  EXPECT_THAT(say({another}).error().message, HasSubstr("of another key than kid"));
  EXPECT_THAT(say({leaf(), root.itself()}).error().message, HasSubstr("not signed by the key in the certificate behind it"));
  EXPECT_THAT(say(std::vector<CertificateDraft>(budget::path_certificates + 1, leaf())).error().message,
              HasSubstr("more than 8 certificates"));
}

TEST_F(Chains, StartWithACertificateForSigning) {
  EXPECT_TRUE(say({leaf({code_signing_oid})}));
  EXPECT_THAT(say({leaf({})}).error().message, HasSubstr("extKeyUsage"));
  EXPECT_THAT(say({leaf({client_auth_oid, server_auth_oid})}).error().message, HasSubstr("extKeyUsage"));
  auto encrypts = leaf();
  encrypts.extensions.push_back(key_usage(0x20));
  EXPECT_THAT(say({encrypts}).error().message, HasSubstr("keyUsage"));
}

}  // namespace
}  // namespace cm4it::evidence
