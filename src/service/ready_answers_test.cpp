// Ready answers are good until something came, or their time has; of each event loop its own.
#include "service/ready_answers.h"

#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

class Ready : public Network {
 public:
  void SetUp() override { deploy(); }

  AnswerKey key{sensor_id.digest, static_cast<std::uint8_t>(AnswerKind::http_verdict), 0};
  void keep(ReadyAnswers& ready, const std::string& text, Time until = Time::never()) {
    ready.put(0, key, {std::make_shared<const std::string>(text), plant.service->verdicts().stamp(sensor_id), until});
  }
};

TEST_F(Ready, AnAnswerIsGivenUntilSomethingComesAboutItsSubject) {
  ReadyAnswers ready(plant.service->verdicts(), 1 << 20, 2);
  EXPECT_EQ(ready.find(0, key), nullptr);
  keep(ready, "yes");
  ASSERT_NE(ready.find(0, key), nullptr);
  EXPECT_EQ(*ready.find(0, key), "yes");
  EXPECT_EQ(ready.find(1, key), nullptr);  // another loop's
  EXPECT_EQ(ready.find(7, key), nullptr);  // there is none
  ASSERT_EQ(plant.submit_one(plant.say("volta", sensor_id, StatusChange{Status::stolen, ""})).outcome, Outcome::received);
  EXPECT_EQ(ready.find(0, key), nullptr);
  keep(ready, "no");
  EXPECT_EQ(*ready.find(0, key), "no");
}

TEST_F(Ready, AnAnswerIsGivenUntilItsTimeHasCome) {
  ReadyAnswers ready(plant.service->verdicts(), 1 << 20, 1);
  keep(ready, "yes", plant.service->now() + 10);
  EXPECT_NE(ready.find(0, key), nullptr);
  *plant.clock = *plant.clock + 10;
  EXPECT_EQ(ready.find(0, key), nullptr);
}

}  // namespace
}  // namespace cm4it::service
