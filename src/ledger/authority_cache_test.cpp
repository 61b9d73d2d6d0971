#include "ledger/authority_cache.h"

#include "evidence/formats/x509/x509_test_support.h"
#include "ledger/test_support.h"

namespace cm4it::ledger {
namespace {

KeyId key(std::uint8_t first, std::uint8_t second = 0) {
  KeyId id;
  id.digest = {first, 0, 0, 0, 0, 0, 0, 0, second};
  return id;
}

AuthorityCache::Authority of(std::size_t facts, bool has_lists = false) {
  return {std::make_shared<const std::vector<policy::Fact>>(facts), has_lists};
}

TEST(AuthorityCache, GivesWhatWasPut) {
  AuthorityCache cache;
  EXPECT_FALSE(cache.find(key(1)));
  cache.put(key(1), of(1));
  cache.put(key(1, 1), of(2, true));  // begins at the same place
  ASSERT_TRUE(cache.find(key(1)) && cache.find(key(1, 1)));
  EXPECT_EQ(cache.find(key(1))->facts->size(), 1u);
  EXPECT_EQ(cache.find(key(1, 1))->facts->size(), 2u);
  EXPECT_TRUE(cache.find(key(1, 1))->has_lists);
  EXPECT_FALSE(cache.find(key(1, 2)));
}

TEST(AuthorityCache, KnowsListsByKeyAndName) {
  AuthorityCache cache;
  const Bytes name{1}, other{2};
  cache.put_no_lists(key(1), name);
  EXPECT_TRUE(cache.has_no_lists(key(1), name));
  EXPECT_FALSE(cache.has_no_lists(key(1), other));
  EXPECT_FALSE(cache.has_no_lists(key(2), name));
  EXPECT_FALSE(cache.find(key(1)));
}

TEST(AuthorityCache, IsAskedOnceWhetherAnyKeyIsCompromised) {
  AuthorityCache cache;
  int asked = 0;
  const auto fails = [&]() -> Result<bool> { return ++asked, fail(Code::unavailable, "store: not now"); };
  const auto some = [&]() -> Result<bool> { return ++asked, true; };
  EXPECT_FALSE(cache.any_compromised(fails));
  EXPECT_TRUE(cache.any_compromised(some).value());
  EXPECT_TRUE(cache.any_compromised(fails).value());
  EXPECT_EQ(asked, 2);
}

TEST(AuthorityCache, TakesNoMoreThanItHasRoomFor) {
  AuthorityCache cache;
  for (std::size_t i = 0; i < 3 * AuthorityCache::most; ++i)
    cache.put(key(static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)), of(1));
  EXPECT_TRUE(cache.find(key(0)));
  EXPECT_FALSE(
      cache.find(key(static_cast<std::uint8_t>(AuthorityCache::most), static_cast<std::uint8_t>(AuthorityCache::most >> 8))));
}

// A home whose receipt may not be read here decides by a note alone, of which look-ups are not told.
TEST(AuthorityCache, HoldsNothingThatIsUndecided) {
  test::World world;
  world.open();
  const evidence::x509::test::Authority root{test::key_of("root"), evidence::x509::test::name("root", "Acme")},
      below{test::key_of("below"), evidence::x509::test::name("below", "Acme")};
  const auto certificate = test::verified(Format::x509, root.certifies(below).encode(), root.key->public_key());
  ASSERT_TRUE(
      world.append({certificate, "gamma.example", {}, {}, {"gamma.example"}, {{"gamma.example", "nobody may say so yet"}}}));
  const KeyId id = below.key->public_key().id();
  const auto domains = [&] {
    policy::Authorities found;
    EXPECT_TRUE(world.ledger->reader()->add_authorities({id}, found));
    return found.at(id)->at(0).domains;
  };
  EXPECT_TRUE(domains().empty());
  ASSERT_TRUE(world.put_note(taken_note(certificate.id(), "gamma.example"), Bytes{}));
  ASSERT_TRUE(world.put_note(forward_note(certificate.id(), "gamma.example"), std::nullopt));
  EXPECT_EQ(domains(), std::vector<std::string>{"gamma.example"});
}

}  // namespace
}  // namespace cm4it::ledger
