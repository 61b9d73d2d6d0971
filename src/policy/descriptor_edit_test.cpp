#include "policy/descriptor_edit.h"

#include <gmock/gmock.h>

#include "crypto/signer.h"

namespace cm4it::policy {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

crypto::PublicKey key(std::uint8_t seed, crypto::Algorithm algorithm = crypto::Algorithm::eddsa) {
  return (*crypto::from_seed(algorithm, Bytes(32, seed)))->public_key();
}

std::string text() {
  return "# our rules\n"
         "domain  = \"plant7.example\"   # the plant\n"
         "version = 9   # bump me\n"
         "owner   = \"plant7\"\n\n"
         "[keys]\n"
         "plant7 = \"" + key(1).base64() + "\"   # überwacht\n"
         "volta = \"" + key(2).base64() + "\"\n\n"
         "# machines\n"
         "[servers]\n"
         "main = { key = \"" + key(3, crypto::Algorithm::es256).base64() + "\", log = \"" + key(4).base64() +
         "\", url = \"https://ics.example\", home = true }\n\n"
         "[roles]\n"
         "integrator = [\"volta\"]   # the builders\n"
         "maintainer = [\n  \"volta\",   # day\n]\n\n"
         "[[copy]]\n"
         "domain = \"acme.example\"\n"
         "owner = \"" + key(5).id().text() + "\"\n"
         "from = \"https://acme.example\"\n"
         "select = { holder = [\"@self\"] }\n"
         "# the end\n";
}

DescriptorEdit edit() {
  auto started = DescriptorEdit::start(text());
  EXPECT_TRUE(started) << started.error().message;
  return *started;
}

TEST(DescriptorEdit, ChangesOnlyTheVersion) {
  auto it = edit();
  ASSERT_TRUE(it.set_version(10));
  EXPECT_EQ(it.descriptor().version, 10u);
  EXPECT_THAT(it.text(), HasSubstr("version = 10   # bump me\n"));
  EXPECT_EQ(it.text().size(), text().size() + 1);
}

TEST(DescriptorEdit, AddsNoSecondHome) {
  auto it = edit();
  const auto added = it.add_server({"east", key(6, crypto::Algorithm::es256), key(7), "https://east.example", true, {}});
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message, HasSubstr("several homes of one domain come later"));
  EXPECT_EQ(it.text(), text());
}

TEST(DescriptorEdit, AddsAKeyAtTheEndOfItsSection) {
  auto it = edit();
  EXPECT_EQ(*it.add_key("again", key(2)), "volta");
  EXPECT_EQ(*it.add_key("volta", key(9)), "volta-2");
  EXPECT_THAT(it.text(), HasSubstr("\"\nvolta-2 = \"" + key(9).base64() + "\"\n\n# machines"));
  EXPECT_THAT(it.text(), HasSubstr("# überwacht"));
}

TEST(DescriptorEdit, SetsRolesWhereverTheyAre) {
  auto it = edit();
  const RoleEntry reference{RoleReference{"acme.example", "manufacturer"}, {}, {Format::cose}};
  const RoleEntry ended{key(2).id(), Time{1798761600}, {Format::cose, Format::manifest}};
  ASSERT_TRUE(it.set_role("integrator", {ended}));
  ASSERT_TRUE(it.set_role("maintainer", {}));
  ASSERT_TRUE(it.set_role("manufacturer", {reference}));
  EXPECT_THAT(it.text(), HasSubstr("integrator = [{ key = \"volta\", until = 2027-01-01T00:00:00Z, formats = [\"cose\", "
                                   "\"manifest\"] }]   # the builders\n"));
  EXPECT_THAT(it.descriptor().roles.at("maintainer"), IsEmpty());
  EXPECT_EQ(it.descriptor().roles.at("manufacturer").at(0).who, reference.who);
  EXPECT_FALSE(it.set_role("certifier", {RoleEntry{key(8).id(), {}, {Format::cose}}}));  // not in [keys]
  EXPECT_FALSE(it.descriptor().roles.contains("certifier"));
}

TEST(DescriptorEdit, EnrolsAndRemovesServers) {
  auto it = edit();
  Server field{"field-a", key(6, crypto::Algorithm::es256), {}, "https://gw.example", false, Selectors(Selector{{{Field::cloud, {"hall-3"}}}})};
  ASSERT_TRUE(it.add_server(field));
  EXPECT_EQ(it.descriptor().servers.at("field-a").select, field.select);
  EXPECT_EQ(it.add_server(field).error().code, Code::conflict);
  ASSERT_TRUE(it.remove_server("field-a"));
  EXPECT_EQ(it.text(), text());
  EXPECT_EQ(it.remove_server("field-a").error().code, Code::not_found);
  EXPECT_FALSE(it.remove_server("main"));  // a domain has a home
  EXPECT_EQ(it.text(), text());
}

TEST(DescriptorEdit, ReplacesOrAddsCopies) {
  auto it = edit();
  CopyRule rule{"acme.example", key(7).id(), "https://new.example", {}};
  ASSERT_TRUE(it.set_copy(rule));
  ASSERT_EQ(it.descriptor().copies.size(), 1u);
  EXPECT_EQ(it.descriptor().copies[0].from, "https://new.example");
  EXPECT_THAT(it.text(), HasSubstr("# the end"));
  rule.domain = "tuev.example";
  ASSERT_TRUE(it.set_copy(rule));
  EXPECT_EQ(it.descriptor().copies.size(), 2u);
  ASSERT_TRUE(it.add_permit({}));
  EXPECT_EQ(it.descriptor().permits.size(), 1u);
}

TEST(DescriptorEditTest, APermitIsStruckAndTheOthersStay) {
  auto it = edit();
  const auto before = it.descriptor().permits.size();
  ASSERT_TRUE(it.add_permit({Selector::parse("{ type = [\"device\"] }").value(), {}}));
  ASSERT_TRUE(it.add_permit({Selector::parse("{ type = [\"gateway\"] }").value(), {}}));
  ASSERT_TRUE(it.remove_permit(before));
  ASSERT_EQ(it.descriptor().permits.size(), before + 1);
  EXPECT_EQ(it.descriptor().permits.back().from.text(), "{ type = [\"gateway\"] }");
  EXPECT_FALSE(it.remove_permit(before + 1));
  EXPECT_THAT(it.text(), HasSubstr("# the end"));
}

TEST(DescriptorDiff, SaysEveryChangeInALine) {
  auto it = edit();
  const auto before = it.descriptor();
  EXPECT_THAT(diff(before, before), IsEmpty());
  ASSERT_TRUE(it.set_version(10));
  ASSERT_TRUE(it.set_role("maintainer", {}));
  const auto volta = "volta (" + key(2).id().text().substr(0, 20) + ")";
  EXPECT_THAT(diff(before, it.descriptor()), ElementsAre("~ version 9 → 10", "- roles.maintainer " + volta));
  EXPECT_THAT(diff(it.descriptor(), before), ElementsAre("~ version 10 → 9", "+ roles.maintainer " + volta));
}

TEST(DescriptorAdvice, NamesWhatIsProbablyNotMeant) {
  const auto lines = advice(edit().descriptor());
  EXPECT_THAT(lines, Contains(HasSubstr("write.identity")));
  EXPECT_THAT(lines, Contains(HasSubstr("roles.integrator may neither")));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("acme.example"))));
}

// A maker's policy admits devices, and nobody opens conversations there.
TEST(DescriptorAdvice, IsOfWhatTheDomainCouldWant) {
  auto maker = edit().descriptor();
  maker.admit = {{Type::device, {{"manufacturer"}, {}, {}, MaxStaleness{true, 90, {}}}}};
  maker.permits.clear();
  EXPECT_THAT(advice(maker), Not(Contains(HasSubstr("[[permit]]"))));
  EXPECT_THAT(advice(maker), Not(Contains(HasSubstr("[admit.gateway]"))));
  EXPECT_THAT(advice(maker), Contains(HasSubstr("max_staleness is below 2m")));
  maker.admit[Type::gateway] = {{"manufacturer"}, {}, {}, {}};
  EXPECT_THAT(advice(maker), Contains(HasSubstr("no [[permit]]")));
  maker.permits = {{}};
  maker.admit.erase(Type::gateway);
  EXPECT_THAT(advice(maker), Contains(HasSubstr("no [admit.gateway]")));
}

}  // namespace
}  // namespace cm4it::policy
