// A copy that selects a hall, and the code that its things may run: a list of selectors, at both ends.
#include "crypto/digest.h"
#include "sync/node.h"

namespace cm4it::sync::test {
namespace {

using policy::Field;
using policy::Selector;
using policy::Selectors;

const SubjectId firmware = SubjectId::code(crypto::sha256(view("firmware 1.4.2")));

Selectors hall_and_code(const std::string& cloud) {
  Selectors select;
  select.any_of = {Selector{{{Field::cloud, {cloud}}}}, Selector{{{Field::type, {"code", "model"}}}}};
  return select;
}

// acme makes sensors, and their firmware; the plant copies what it holds, and code.
struct Code : TwoNodes {
  Code() {
    Identity identity;
    identity.type = Type::code;
    identity.name = "firmware";
    identity.version = "1.4.2";
    received({acme.ics.submit_one(acme.ics.say("acme", firmware, identity))});
    make("sensor");
    sell("sensor");
    std::string text = plant_text(1, "[admit.code]\nidentified_by = [\"manufacturer\"]\n");
    const std::string mine = "select = { holder = [\"@self\"] }";
    text.replace(text.find(mine), mine.size(), "select = [{ holder = [\"@self\"] }, { type = [\"code\"] }]");
    found_plant(text);
    plant.follow();
    EXPECT_TRUE(eventually([&] { return of_code(plant) == policy::Admitted::yes && stored_of(plant, "sensor") == 2; }));
    received({plant.ics.submit_one(plant.ics.say("volta", subject_of("sensor"), Assign{"hall-3"}))});
  }
  ~Code() override { field.unfollow(); }

  policy::Admitted of_code(const Node& node) const { return node.told(firmware, "plant.example").admitted; }

  Node field{"field.example", pin("plant.example", "plant"), false};
};

TEST_F(Code, IsRefusedInAHallAsSoonAsItIsDeprecated) {
  field.follow({Follow{"plant.example", plant.url(), {}, hall_and_code("hall-3")}});
  ASSERT_TRUE(eventually([&] { return of_code(field) == policy::Admitted::yes && stored_of(field, "sensor") > 0; }));
  received({acme.ics.submit_one(acme.ics.say("acme", firmware, StatusChange{Status::deprecated, "CVE-2026-1234"}))});
  const auto said = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually([&] { return of_code(field) == policy::Admitted::no; }));
  RecordProperty("milliseconds_until_refused", static_cast<int>((std::chrono::steady_clock::now() - said) / 1ms));
  EXPECT_EQ(field.told(firmware, "plant.example").status, Status::deprecated);
}

TEST_F(Code, AListChoosesWhatAnyOfItChooses) {
  field.follow({Follow{"plant.example", plant.url(), {}, hall_and_code("hall-4")}});
  ASSERT_TRUE(eventually([&] { return of_code(field) == policy::Admitted::yes && field.follows("plant.example"); }));
  EXPECT_EQ(stored_of(field, "sensor"), 0u) << "it is in hall 3";
  received({plant.ics.submit_one(plant.ics.say("volta", subject_of("sensor"), Assign{"hall-4"}))});
  EXPECT_TRUE(eventually([&] { return stored_of(field, "sensor") > 2; })) << "with what was said before";
}

// What a policy enrols a server with decides, whatever it asks; a hall alone has no code.
TEST_F(Code, AHallAloneHasNone) {
  field.follow({Follow{"plant.example", plant.url(), {}, Selector{{{Field::cloud, {"hall-3"}}}}}});
  ASSERT_TRUE(eventually([&] { return stored_of(field, "sensor") > 0 && field.follows("plant.example"); }));
  EXPECT_EQ(of_code(field), policy::Admitted::unknown);
  const std::string listed = "[servers.field]\nkey = \"" + base64_of(key_of("field.example server", crypto::Algorithm::es256)) + "\"\nurl = \"" + field.url() +
                             "\"\nselect = [{ cloud = [\"hall-3\"] }, { type = [\"code\"] }]\n";
  std::string text = plant_text(2, "[admit.code]\nidentified_by = [\"manufacturer\"]\n" + listed);
  const std::string mine = "select = { holder = [\"@self\"] }";
  text.replace(text.find(mine), mine.size(), "select = [{ holder = [\"@self\"] }, { type = [\"code\"] }]");
  found_plant(text);
  EXPECT_TRUE(eventually([&] { return of_code(field) == policy::Admitted::yes; }));
}

}  // namespace
}  // namespace cm4it::sync::test
