// What lies beside the configuration is all taken at start, whatever its number and order; or the start fails.
#include "apps/icsd/own_evidence.h"

#include <fstream>

#include "base/temporary_directory_for_test.h"
#include "service/network_fixture.h"

namespace cm4it::icsd {
namespace {

using namespace service::fixture;
using testing::HasSubstr;
namespace fs = std::filesystem;

struct OwnEvidence : testing::Test {
  void put(const std::string& file, const Bytes& bytes) const { std::ofstream(directory / file, std::ios::binary) << text(bytes); }
  static Bytes plant_version(std::uint64_t version, const std::string& volta_until = {}) {
    return policy_evidence("plant", "plant.example", plant_policy(version, volta_until), Time{1'799'000'000});
  }
  Result<void> take(Ics& ics) const { return take_own_evidence(*ics.service, directory, {"plant.example"}); }
  static std::uint64_t newest(Ics& ics, const std::string& domain = "plant.example") {
    const auto* descriptor = ics.ledger().published()->policies->newest(domain);
    return descriptor ? descriptor->version : 0;
  }
  static Ics plant(service::fixture::Quotas quotas = {}) { return Ics("plant.example", {pin("plant.example", "plant")}, true, nullptr, quotas); }

  const TemporaryDirectory temporary{"own"};
  const fs::path directory = temporary.path();
};

TEST_F(OwnEvidence, AllVersionsWhateverTheirNumberAndTheNamesOfTheirFiles) {
  constexpr std::uint64_t versions = 40;
  for (std::uint64_t version = 1; version <= versions; ++version)
    put(std::to_string(900 - version) + ".cose", plant_version(version, version == versions ? "2026-01-01T00:00:00Z" : ""));
  Ics ics = plant({.issuer_per_minute = 3});
  const auto taken = take(ics);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(newest(ics), versions);
  EXPECT_TRUE(take(ics));  // once more, with the next start: nothing changes
}

TEST_F(OwnEvidence, AnotherPartysVersionsToo) {
  for (std::uint64_t version = 1; version <= 70; ++version) {  // more than are stored of a domain that nothing pins
    const std::string number = std::to_string(100 + version);
    put(number + "-policy-of-acme.cose", policy_evidence("acme", "acme.example", acme_policy(version), Time{1'799'000'000}));
  }
  put("900-policy-1.cose", plant_version(1));
  Ics ics = plant();
  ASSERT_TRUE(take(ics));
  EXPECT_EQ(newest(ics, "acme.example"), 70u);
}

TEST_F(OwnEvidence, AGapIsNoStart) {
  for (const std::uint64_t version : {1, 2, 4}) put(std::to_string(version) + ".cose", plant_version(version));
  Ics ics = plant();
  const auto taken = take(ics);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message, HasSubstr("4.cose: version 4 of the policy of plant.example is not taken"));
  EXPECT_THAT(taken.error().message, HasSubstr("needs version 3 first"));
  EXPECT_FALSE(taken.error().detail.empty());
}

TEST_F(OwnEvidence, ASecondHomeIsNoStart) {
  const std::string one = plant_policy(1);
  const std::string home = server_line("plant.example"), east = "east" + home.substr(home.find("main") + 4);
  std::string two = one;
  two.replace(two.find(home), home.size(), home + east);
  put("1.cose", policy_evidence("plant", "plant.example", two, Time{1'799'000'000}));
  Ics ics = plant();
  const auto taken = take(ics);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message, HasSubstr("several homes of one domain come later"));
}

TEST_F(OwnEvidence, WhatCannotBeReadIsNoStart) {
  put("1.cose", plant_version(1));
  put("2.cose", Bytes{0xd2, 0x84, 0x00});
  Ics ics = plant();
  const auto taken = take(ics);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message, HasSubstr("2.cose"));
}

// A home that signs nothing at present comes up, and says so: an operator finds out by asking it.
TEST_F(OwnEvidence, AHomeThatSignsNothingStarts) {
  put("1.cose", plant_version(1));
  Ics ics = plant();
  ASSERT_TRUE(take(ics));
  for (const std::uint64_t version : {2, 3}) put(std::to_string(version) + ".cose", plant_version(version));
  ics.ledger().hold("its peers are being asked");
  testing::internal::CaptureStderr();
  const auto taken = take(ics);
  const std::string logged = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(taken) << taken.error().message;
  EXPECT_THAT(logged, HasSubstr("2.cose is not taken: "));
  EXPECT_EQ(newest(ics), 1u);
  ics.ledger().hold({});
  ASSERT_TRUE(take(ics));
  EXPECT_EQ(newest(ics), 3u);
}

// Of others nothing is lost: it comes with their feeds.
TEST_F(OwnEvidence, AGapInAnothersIsNone) {
  put("1.cose", plant_version(1));
  put("2.cose", policy_evidence("acme", "acme.example", acme_policy(1), Time{1'799'000'000}));
  put("3.cose", policy_evidence("acme", "acme.example", acme_policy(3), Time{1'799'000'000}));
  Ics ics = plant();
  ASSERT_TRUE(take(ics));
  EXPECT_EQ(newest(ics, "acme.example"), 1u);
}

}  // namespace
}  // namespace cm4it::icsd
