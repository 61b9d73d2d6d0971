// Two domains for tests: acme makes a sensor, the plant takes it into use.
#pragma once

#include "service/fixture.h"

namespace cm4it::service::fixture {

using Outcome = ItemResult::Outcome;

inline std::vector<policy::Pin> pin(const std::string& domain, const std::string& owner) {
  return {{domain, id_of(owner), policy::Pin::Source::configuration}};
}

inline std::string why(const ItemResult& item) { return item.error ? item.error->message : ""; }

struct Network : testing::Test {
  explicit Network(const std::string& more_of_plant = {}) {
    const Bytes acme_1 = policy_evidence("acme", "acme.example", acme_policy(), *acme.clock);
    const Bytes plant_1 = policy_evidence("plant", "plant.example", plant_policy(1, {}, more_of_plant), *plant.clock);
    const auto at_acme = acme.submit({acme_1, plant_1}), at_plant = plant.submit({acme_1, plant_1});
    EXPECT_EQ(at_acme[0].outcome, Outcome::received) << why(at_acme[0]);
    EXPECT_EQ(at_plant[1].outcome, Outcome::received) << why(at_plant[1]);
  }

  // Identified, and transferred to the plant.
  void make(const std::string& name, const std::string& model = "thermo-2000") {
    auto made = acme.submit({acme.say("acme", subject_of(name), device_identity(name, model)),
                             acme.say("acme", subject_of(name), Transfer{"plant.example", id_of("plant")})});
    for (const auto& item : made) ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  }
  // Carried over, approved, assigned, in use.
  void deploy(const std::string& name = "sensor") {
    make(name);
    const auto report = carry(acme, plant, "acme.example", policy::Selector{{{policy::Field::holder, {"plant.example"}}}});
    ASSERT_EQ(report.refused + report.not_yet, 0u) << report.first_refusal;
    ASSERT_GE(report.taken, 2u);
    const SubjectId id = subject_of(name);
    auto said = plant.submit({plant.say("volta", id, Endorse{"approved", ""}), plant.say("volta", id, Assign{"hall-3"}),
                              plant.say("volta", id, StatusChange{Status::in_use, ""}, {"acme.example", "plant.example"})});
    for (const auto& item : said) ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  }

  Ics acme{"acme.example", pin("acme.example", "acme")};
  Ics plant{"plant.example", pin("plant.example", "plant")};
  SubjectId sensor_id = subject_of("sensor");
};

}  // namespace cm4it::service::fixture
