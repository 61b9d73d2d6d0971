#include "evidence/names.h"

#include <gmock/gmock.h>

namespace cm4it::evidence {
namespace {

using testing::ElementsAre;

TEST(Names, Folding) {
  EXPECT_EQ(case_folded("Thermo-2000 ÜBER"), "thermo-2000 Über");
  EXPECT_EQ(case_folded(""), "");
  EXPECT_LE(case_folded(std::string(512, 'X')).size(), 128u);  // keys of a store have a bound
}

// Two long names that begin alike are two names: a long alias never leads to another's subject.
TEST(Names, LongNamesStayApart) {
  const std::string begin(200, 'x');
  EXPECT_NE(case_folded(begin + "1"), case_folded(begin + "2"));
  EXPECT_EQ(case_folded(begin + "A"), case_folded(begin + "a"));
  EXPECT_NE(case_folded(std::string(128, 'x')), case_folded(std::string(129, 'x')));
}

// What only evidence can prove leads to nobody who merely says so (decisions/0057), however it is written.
TEST(Names, UrisInTheSpacesOfProvedNamesAreNoAliases) {
  Statement claims;
  Identity identity;
  identity.uris = {"urn:dev:os:32473-1"};
  for (const char* space : {"key:", "code:", "model:", "fpr:", "keyid:", "x509:", "x509-issued:", "x509-ca:", "x509-ski:", "method1:", "METHOD1:", "X509-Ski:"})
    identity.uris.push_back(space + std::string(40, 'a'));
  claims.body = identity;
  EXPECT_THAT(aliases_of(claims), ElementsAre(Alias{"urn:dev:os:32473-1", AliasRank::own}));
}

TEST(Names, Words) {
  EXPECT_THAT(words_of("Thermo-2000, v1.2 (ÜBER)"), ElementsAre("thermo", "2000", "v1", "2", "Über"));
  EXPECT_TRUE(words_of(" -- ").empty());
  EXPECT_TRUE(words_of("").empty());
  EXPECT_EQ(words_of(std::string(100, 'a')).at(0).size(), 64u);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "w" + std::to_string(i) + " ";
  EXPECT_EQ(words_of(many).size(), 32u);
}

}  // namespace
}  // namespace cm4it::evidence
