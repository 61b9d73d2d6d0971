// CAs whose keys say of themselves that they are compromised.
#include "service/x509_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using testing::HasSubstr;

ItemResult says_of_itself(Pki& ics, const std::string& key) {
  *ics.clock = *ics.clock + 10;
  const auto item = ics.submit_one(ics.say(key, subject_of(key), StatusChange{Status::compromised, "stolen"}));
  *ics.clock = *ics.clock + 10;
  return item;
}

TEST(CompromisedAuthority, IssuesNothingMore) {
  Pki ics;
  const auto below = authority("Acme Devices");
  for (const auto& result : ics.push({ics.root.certifies(below), device_by(below, "first"), device_by(ics.root, "direct")}))
    ASSERT_FALSE(result.error) << result.error->message;
  const auto alarm = says_of_itself(ics, "ca Acme Root");
  ASSERT_FALSE(alarm.error) << alarm.error->message;
  EXPECT_THAT(ics.outcome(device_by(ics.root, "late")), HasSubstr("says of itself that it is compromised"));
  EXPECT_THAT(ics.outcome(ics.root.certifies(authority("Another"))), HasSubstr("says of itself that it is compromised"));
  for (const char* device : {"first", "direct"}) EXPECT_EQ(ics.judged(device_of(device)), "counts") << device;
  // The one below it was certified before.
  EXPECT_EQ(ics.outcome(device_by(below, "second")), "received");
  EXPECT_EQ(ics.judged(device_of("second")), "counts");

  const auto below_too = says_of_itself(ics, "ca Acme Devices");
  ASSERT_FALSE(below_too.error) << below_too.error->message;
  EXPECT_THAT(ics.outcome(device_by(below, "third")), HasSubstr("says of itself that it is compromised"));
  for (const char* device : {"first", "second"}) EXPECT_EQ(ics.judged(device_of(device)), "counts") << device;
}

}  // namespace
}  // namespace cm4it::service
