#include "frontends/hkp/user_ids.h"

#include "frontends/hkp/hkp_fixture.h"

namespace cm4it::hkp {
namespace {

using namespace fixture;

TEST_F(KeyServer, APartOfAUserIdIsFoundInAnyCaseAndIsNotTheWholeOfIt) {
  const Draft line = Draft(pgp_key("line")).user_id("Acme, line 1").user_id("second name");
  upload(line);
  const auto count = [&](const char* text, Match match) { return with_user_id(ics.service->certificates(), text, match, ics.service->now(), {})->certificates.size(); };
  EXPECT_EQ(count("SECOND", Match::anywhere), 1u);
  EXPECT_EQ(count("second", Match::exact), 0u);
  EXPECT_EQ(count("Second Name", Match::exact), 1u);
  EXPECT_EQ(count("third", Match::anywhere), 0u);
}

}  // namespace
}  // namespace cm4it::hkp
