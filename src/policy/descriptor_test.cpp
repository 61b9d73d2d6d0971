// The descriptor's grammar: the example of the design reads as meant, and each departure from the rules is refused with
// the path of the key and the rule.
#include "policy/policy_fixture.h"

#include "base/budgets.h"

namespace cm4it::policy {
namespace {

using namespace fixture;

std::string p256(const std::string& name) { return base64_of(name, crypto::Algorithm::es256); }

// The plant of the model, with real keys; acme's owner pinned by id.
std::string plant7() {
  return "domain  = \"plant7.example\"\nversion = 3\nowner   = \"plant7\"                          # a name in [keys]\n\n"
         "[keys]\nplant7 = \"" + p256("plant7") + "\"\nvolta  = \"" + base64_of("volta") + "\"\ntuev   = \"" + p256("tuev") + "\"\n\n"
         "[servers]\n"
         "main    = { key = \"" + p256("main") + "\", log = \"" + base64_of("log") + "\", url = \"https://ics.plant7.example:8443\", home = true }\n"
         "field-a = { key = \"" + p256("field-a") + "\", url = \"https://gw-a.plant7.example:8443\", select = { cloud = [\"hall-3\"] } }\n\n"
         R"([roles]
integrator   = ["volta"]
maintainer   = ["volta"]
certifier    = [{ key = "tuev", until = 2026-12-31T00:00:00Z }]
manufacturer = [{ domain = "acme.example", role = "manufacturer" }]
developer    = [{ domain = "dev.example", role = "developer" }]
agent        = ["volta"]

[read]
default = ["anyone"]

[write]
identity = ["manufacturer", "integrator", "developer"]
endorse  = ["integrator", "certifier", "holder"]
status   = ["maintainer", "holder", "manufacturer", "developer", "certifier"]
transfer = ["holder"]
assign   = ["maintainer"]

[admit.device]
identified_by = ["manufacturer"]
endorsed_by   = { integrator = ["approved"] }
status        = ["in-use"]
max_staleness = "24h"

[admit.gateway]
identified_by = ["integrator"]
endorsed_by   = { integrator = ["approved"] }
status        = ["in-use"]
max_staleness = "24h"

[[permit]]
from = { model = ["thermo-*"] }
to   = { type = ["gateway"], cloud = ["hall-3"] }

[[copy]]
domain = "acme.example"
owner  = ")" + id_of("acme").text() + R"("
from   = "https://acme.example:8443"
select = { holder = ["@self"] }

[tokens]
ttl = "10m"
)";
}

Descriptor parsed(const std::string& text) {
  auto descriptor = parse_descriptor(text);
  EXPECT_TRUE(descriptor) << (descriptor ? "" : descriptor.error().message);
  return descriptor ? std::move(*descriptor) : Descriptor{};
}

TEST(Descriptor, HeadKeysAndServers) {
  const Descriptor plant = parsed(plant7());
  EXPECT_EQ(plant.text, plant7());
  EXPECT_EQ(plant.domain, "plant7.example");
  EXPECT_EQ(plant.version, 3u);
  EXPECT_EQ(plant.name_of(plant.owner), "plant7");
  EXPECT_EQ(plant.keys.size(), 3u);
  ASSERT_EQ(plant.servers.size(), 2u);
  const Server& main = plant.servers.at("main");
  EXPECT_TRUE(main.home);
  EXPECT_EQ(main.url, "https://ics.plant7.example:8443");
  EXPECT_EQ(plant.home_with_log(id_of("log")), &main);
  const Server& copy = plant.servers.at("field-a");
  EXPECT_FALSE(copy.home);
  EXPECT_FALSE(copy.log);
  ASSERT_TRUE(copy.select);
  EXPECT_EQ(copy.select->text(), "{ cloud = [\"hall-3\"] }");
  EXPECT_EQ(plant.server_with_key(copy.key.id()), &copy);
}

TEST(Descriptor, RolesReadAndWrite) {
  const Descriptor plant = parsed(plant7());
  const RoleEntry& certifier = plant.roles.at("certifier").at(0);
  EXPECT_EQ(std::get<KeyId>(certifier.who), plant.keys.at("tuev").id());
  EXPECT_EQ(to_rfc3339(certifier.until.value()), "2026-12-31T00:00:00Z");
  EXPECT_EQ(certifier.formats, std::set{Format::cose});
  EXPECT_EQ(std::get<RoleReference>(plant.roles.at("developer").at(0).who), (RoleReference{"dev.example", "developer"}));
  EXPECT_EQ(plant.readers(Kind::status), std::vector<std::string>{"anyone"});
  EXPECT_EQ(plant.write.at(Kind::endorse), (std::vector<std::string>{"integrator", "certifier", "holder"}));
  EXPECT_EQ(plant.write.size(), 5u);
  EXPECT_EQ(plant.referenced(), (std::vector<std::string>{"acme.example", "dev.example"}));
}

TEST(Descriptor, AdmissionPermitsCopiesAndTokens) {
  const Descriptor plant = parsed(plant7());
  const Admit& device = plant.admit.at(Type::device);
  EXPECT_EQ(device.identified_by, std::vector<std::string>{"manufacturer"});
  EXPECT_EQ(device.endorsed_by.at("integrator"), std::vector<std::string>{"approved"});
  EXPECT_EQ(device.status, std::vector{Status::in_use});
  EXPECT_EQ(device.max_staleness.value().own, Seconds{86'400});
  EXPECT_EQ(device.max_staleness->rest, Seconds{7 * 86'400}) << "of other domains";
  EXPECT_EQ(plant.admit.size(), 2u);
  ASSERT_EQ(plant.permits.size(), 1u);
  EXPECT_EQ(plant.permits[0].to.text(), "{ type = [\"gateway\"], cloud = [\"hall-3\"] }");
  ASSERT_EQ(plant.copies.size(), 1u);
  EXPECT_EQ(plant.copies[0].owner, id_of("acme"));
  EXPECT_EQ(plant.copies[0].select.text(), "{ holder = [\"@self\"] }");
  EXPECT_EQ(plant.token_ttl, 600);
}

TEST(Descriptor, TheLeastThatIsOne) {
  const Descriptor least = parsed(head("tiny.example", 1, "me", {"me"}));
  EXPECT_EQ(least.token_ttl, 900);
  EXPECT_EQ(least.verdict_readers(), std::vector<std::string>{"anyone"});
  EXPECT_EQ(least.default_readers(), std::vector<std::string>{"anyone"});
  EXPECT_TRUE(least.write.empty());
}

TEST(Descriptor, ReadersFallBackToDefault) {
  const Descriptor plant = parsed(edited(plant7(), "default = [\"anyone\"]", "default = [\"maintainer\"]\nverdict = [\"anyone\"]\nstatus = []"));
  EXPECT_EQ(plant.readers(Kind::identity), std::vector<std::string>{"maintainer"});
  EXPECT_EQ(plant.verdict_readers(), std::vector<std::string>{"anyone"});
  EXPECT_TRUE(plant.readers(Kind::status).empty());
  EXPECT_EQ(plant.default_readers(), std::vector<std::string>{"maintainer"});
}

TEST(Descriptor, OtherSpellings) {
  const std::string pem = "\"\"\"-----BEGIN PUBLIC KEY-----\n" + base64_of("volta") + "\n-----END PUBLIC KEY-----\n\"\"\"";
  EXPECT_EQ(parsed(edited(plant7(), "\"" + base64_of("volta") + "\"", pem)).keys.at("volta").id(), id_of("volta"));
  EXPECT_EQ(parsed(edited(plant7(), "integrator   = [\"volta\"]", "integrator = [\"" + id_of("volta").text() + "\"]")).roles.at("integrator").size(), 1u);
  EXPECT_EQ(to_rfc3339(*parsed(edited(plant7(), "2026-12-31T00:00:00Z", "2026-12-31 02:00:00+02:00")).roles.at("certifier")[0].until),
            "2026-12-31T00:00:00Z");
  EXPECT_EQ(parsed(edited(plant7(), id_of("acme").text(), "volta")).copies[0].owner, id_of("volta"));
}

struct Case { std::string from, to, says; };

void expect_refused(const std::string& text, const std::string& says, Code code = Code::malformed) {
  const auto descriptor = parse_descriptor(text);
  ASSERT_FALSE(descriptor) << "expected: " << says;
  EXPECT_THAT(descriptor.error().message, HasSubstr(says));
  EXPECT_EQ(descriptor.error().code, code) << says;
}
void expect_refused(const std::vector<Case>& cases) {
  for (const Case& one : cases) expect_refused(edited(plant7(), one.from, one.to), one.says);
}

TEST(DescriptorRefused, UnknownKeysAnywhereNameTheirPath) {
  expect_refused({{"domain  =", "colour = 1\ndomain  =", "colour: unknown key; known here: domain, version"},
                  {"home = true }", "home = true, port = 1 }", "servers.main.port: unknown key"},
                  {"{ key = \"tuev\", ", "{ key = \"tuev\", from = 1, ", "roles.certifier[0].from: unknown key"},
                  {"role = \"developer\" }", "role = \"developer\", as = \"x\" }", "roles.developer[0].as: unknown key"},
                  {"default =", "everything =", "read.everything: a kind of statement, \"verdict\" or \"default\""},
                  {"assign   =", "release   =", "write.release: a kind of statement expected"},
                  {"[admit.gateway]", "[admit.toaster]", "admit.toaster: a type of subject expected"},
                  {"max_staleness = \"24h\"", "max_staleness = \"24h\"\nmax_age = 1", "admit.device.max_age: unknown key"},
                  {"from = { model", "name = 1\nfrom = { model", "permit[0].name: unknown key"},
                  {"from = { model", "from = { colour = [\"x\"], model", "permit[0].from.colour: \"colour\" is no field"},
                  {"select = { holder", "every = \"1h\"\nselect = { holder", "copy[0].every: unknown key"},
                  {"select = { holder", "select = { holders", "copy[0].select.holders: \"holders\" is no field"},
                  {"select = { cloud", "select = { clouds", "servers.field-a.select.clouds"},
                  {"ttl =", "life = 1\nttl =", "tokens.life: unknown key"}});
}

TEST(DescriptorRefused, WhatIsMissing) {
  expect_refused({{"domain  = \"plant7.example\"", "", "domain: missing"}, {"version = 3", "", "version: missing"},
                  {"owner   = \"plant7\"", "", "owner: missing"}, {"url = \"https://ics.plant7.example:8443\", ", "", "servers.main.url: missing"},
                  {"identified_by = [\"manufacturer\"]", "", "admit.device.identified_by: missing"},
                  {"to   = {", "# ", "permit[0].to: missing"}, {"role = \"developer\"", "", "TOML"},
                  {", role = \"developer\"", "", "roles.developer[0].role: missing"}, {"ttl = \"10m\"", "", "tokens.ttl: missing"},
                  {"from   = \"https://acme", "# ", "copy[0].from: missing"}, {"{ key = \"tuev\", ", "{ ", "roles.certifier[0].key: missing"}});
  expect_refused("domain = \"a.example\"\nversion = 1\nowner = \"me\"\n", "keys: missing");
  expect_refused("domain = \"a.example\"\nversion = 1\nowner = \"me\"\n[keys]\nme = \"" + base64_of("me") + "\"\n", "servers: missing");
}

TEST(DescriptorRefused, WrongTypesAndRanges) {
  expect_refused({{"\"plant7.example\"", "7", "domain: a string expected"}, {"plant7.example", "Plant7.example", "domain: not a domain name"},
                  {"version = 3", "version = \"3\"", "version: an integer expected"}, {"version = 3", "version = 0", "version: 1 or more"},
                  {"version = 3", "version = -1", "version: 1 or more"}, {"version = 3", "version = 9007199254740993", "version: 1 or more"},
                  {"home = true", "home = 1", "servers.main.home: true or false expected"},
                  {"integrator   = [\"volta\"]", "integrator = \"volta\"", "roles.integrator: a list of who plays it"},
                  {"integrator   = [\"volta\"]", "integrator = [1]", "roles.integrator[0]: a name, { key"},
                  {"2026-12-31T00:00:00Z", "\"2026-12-31\"", "roles.certifier[0].until: a date and time with its offset"},
                  {"2026-12-31T00:00:00Z", "2026-12-31T00:00:00", "roles.certifier[0].until: a date and time with its offset"},
                  {"2026-12-31T00:00:00Z", "2026-12-31", "roles.certifier[0].until: a date and time with its offset"},
                  {"default = [\"anyone\"]", "default = \"anyone\"", "read.default: a list of strings"},
                  {"[\"in-use\"]", "[\"in use\"]", "admit.device.status"}, {"\"24h\"", "24", "admit.device.max_staleness: a string"},
                  {"\"24h\"", "\"a day\"", "admit.device.max_staleness: duration"}, {"ttl = \"10m\"", "ttl = \"1s\"", "tokens.ttl: 10s to 7d"},
                  {"ttl = \"10m\"", "ttl = \"8d\"", "tokens.ttl: 10s to 7d"}, {"[[permit]]", "[permit]", "permit: a list of tables"},
                  {"https://ics.plant7", "ftp://ics.plant7", "servers.main.url: http:// or https://"},
                  {"from   = \"https://acme", "from = \"acme", "copy[0].from: http:// or https://"},
                  {"[\"approved\"] }", "\"approved\" }", "admit.device.endorsed_by.integrator: a list of strings"},
                  {"{ model = [\"thermo-*\"] }", "{ model = [] }", "permit[0].from.model: an empty list"}});
}

TEST(DescriptorRefused, NamesThatAreNotInKeys) {
  expect_refused({{"owner   = \"plant7\"", "owner = \"someone\"", "owner: \"someone\" is not in [keys]"},
                  {"integrator   = [\"volta\"]", "integrator = [\"volta\", \"volt\"]", "roles.integrator[1]: \"volt\" is not in [keys]"},
                  {"{ key = \"tuev\"", "{ key = \"TUEV\"", "roles.certifier[0].key: \"TUEV\" is not in [keys]"},
                  {"integrator   = [\"volta\"]", "integrator = [\"" + id_of("stranger").text() + "\"]", "roles.integrator[0]"},
                  {id_of("acme").text(), "acme", "copy[0].owner: \"acme\" is not in [keys]"}});
}

TEST(DescriptorRefused, RolesThatAreNotDefinedOrCannotBe) {
  expect_refused({{"integrator   =", "holder =", "roles.holder: a built-in role"}, {"integrator   =", "owner =", "roles.owner: a built-in role"},
                  {"integrator   =", "anyone =", "roles.anyone: a built-in role"}, {"integrator   =", "self =", "roles.self: a built-in role"},
                  {"integrator   =", "home =", "roles.home: a built-in role"},
                  {"integrator   =", "\"in tegrator\" =", "roles.in tegrator: a name is made of"},
                  {"default = [\"anyone\"]", "default = [\"everyone\"]", "read.default: role \"everyone\" is neither"},
                  {"assign   = [\"maintainer\"]", "assign = [\"janitor\"]", "write.assign: role \"janitor\" is neither"},
                  {"assign   = [\"maintainer\"]", "assign = [\"anyone\"]", "write.assign: \"anyone\" may read, but not write"},
                  {"assign   =", "withdraw =", "write.withdraw: always the issuer"}, {"assign   =", "policy =", "write.policy: always the owner"},
                  {"default = [\"anyone\"]", "policy = [\"anyone\"]", "read.policy: a policy is read by whoever can name the domain; not to be set"},
                  {"identified_by = [\"manufacturer\"]", "identified_by = [\"maker\"]", "admit.device.identified_by: role \"maker\""},
                  {"identified_by = [\"manufacturer\"]", "identified_by = [\"anyone\"]", "admit.device.identified_by"},
                  {"identified_by = [\"manufacturer\"]", "identified_by = []", "admit.device.identified_by: at least one role"},
                  {"{ integrator = [\"approved\"] }", "{ builder = [\"approved\"] }", "admit.device.endorsed_by.builder: role \"builder\""},
                  {"agent        = [\"volta\"]", "agent = [{ domain = \"acme.example\", role = \"agent\" }]", "roles.agent[0].domain: agents are keys"},
                  {"role = \"developer\"", "role = \"owner\"", "roles.developer[0].role: a role that a policy can define"}});
}

TEST(DescriptorRefused, ReferencesThatMakeNoSense) {
  expect_refused({{"\"dev.example\"", "\"plant7.example\"", "roles.developer[0].domain: a reference to the domain itself"},
                  {"\"dev.example\"", "\"dev example\"", "roles.developer[0].domain: not a domain name"},
                  {"role = \"developer\" }", "role = \"developer\", until = 2027-01-01T00:00:00Z }", "roles.developer[0].domain: a reference has domain and role alone"},
                  {"role = \"developer\" }", "role = \"developer\", formats = [\"cose\"] }", "roles.developer[0].domain: a reference has domain and role alone"},
                  {"domain = \"acme.example\"\nowner", "domain = \"plant7.example\"\nowner", "copy[0].domain: the domain itself"},
                  {"[tokens]", copy_of("acme.example", "other") + "[tokens]", "copy[1].domain: copied twice"},
                  {"{ key = \"tuev\"", "{ formats = [], key = \"tuev\"", "roles.certifier[0].formats: at least one format"},
                  {"{ key = \"tuev\"", "{ formats = [\"pdf\"], key = \"tuev\"", "roles.certifier[0].formats"}});
}

TEST(DescriptorRefused, KeysOfTheWrongKind) {
  expect_refused({{p256("main"), base64_of("main"), "servers.main.key: a server's key is P-256"},
                  {p256("main"), base64_of("main", crypto::Algorithm::es256).substr(4), "servers.main.key"},
                  {base64_of("log"), p256("log"), "servers.main.log: a log key is Ed25519"},
                  {"log = \"" + base64_of("log") + "\", ", "", "servers.main.log: a home has a log key"},
                  {"home = true", "home = false", "servers.main.log: only homes have a log key"},
                  {"home = true", "home = true, select = {}", "servers.main.select: a home keeps the whole domain"},
                  {base64_of("volta"), p256("tuev"), "the same key as"}, {base64_of("volta"), "not a key", "keys.volta"}});
  expect_refused(edited(edited(plant7(), "log = \"" + base64_of("log") + "\", ", ""), ", home = true", ""), "servers: none of them is a home");
}

// Several homes would not take each other's receipts, and come to differ.
TEST(DescriptorRefused, ASecondHome) {
  const std::string first = "main    = { key";
  const std::string second = "east = { key = \"" + p256("east") + "\", log = \"" + base64_of("east log") + "\", url = \"https://east.plant7.example\", home = true }\n";
  const std::string two = edited(plant7(), first, second + first);
  expect_refused(two, "servers.main.home: \"east\" is this domain's home; several homes of one domain come later");
  const auto before_the_rule = parse_descriptor(two, Homes::several);  // what a home took once stays what it was
  ASSERT_TRUE(before_the_rule) << before_the_rule.error().message;
  EXPECT_EQ(before_the_rule->servers.size(), 3u);
}

TEST(DescriptorRefused, WhatIsNotToml) {
  expect_refused("", "domain: missing");
  expect_refused(edited(plant7(), "version = 3", "version = "), "TOML, line 2");
  expect_refused(edited(plant7(), "version = 3", "version = 3\nversion = 4"), "TOML, line 3");
  expect_refused(edited(plant7(), "tuev   =", "volta ="), "TOML, line 8");
  expect_refused(edited(plant7(), "[admit.gateway]", "[admit.device]"), "TOML");
  expect_refused(plant7() + "x = \"\xff\"\n", "TOML");
  expect_refused(plant7() + std::string("x = \"\0\"\n", 8), "TOML");
}

TEST(DescriptorRefused, WhatIsTooLongOrTooDeep) {
  expect_refused(plant7() + std::string(budget::descriptor_bytes, '#'), "TOML: more than", Code::too_large);
  expect_refused(plant7() + "x = " + std::string(60'000, '['), "nested deeper than 16", Code::too_large);
}

// Each would make a tree of tens of thousands of tables, one within the other.
TEST(DescriptorRefused, DeepTreesInEveryDisguise) {
  std::string tables = "x = ", quotes = "a", keys = "a", lines = "x = [";
  for (int i = 0; i < 20'000; ++i) tables += "{a=", quotes += ".\"=\"";
  for (int i = 0; i < 60'000; ++i) keys += ".a";
  for (int i = 0; i < 200; ++i) lines += "\n{a.a.a.a.a.a.a.a.a.a.a.a = [";
  const std::vector<std::string> disguises = {
      tables, quotes + " = 1", keys + " = 1", "[" + keys + "]", "[[" + keys + "]]", "x = { " + keys + " = 1 }", lines,
      "x = ''''''''\n" + keys + " = 1", "x = \"\"\"\\\"\"\"\"\"\n" + keys + " = 1", "x = \"\" # \"\"\"\n" + keys + " = 1",
      "x = '\\'\n" + keys + " = 1", "x = ''\n" + keys + " = 1", "x = '''\n'''\n" + keys + " = 1"};
  for (const auto& text : disguises) expect_refused(text, "nested deeper than 16", Code::too_large);
}

TEST(Descriptor, DotsAndBracketsInTextsAndCommentsAreNoDepth) {
  const std::string dots(50, '.'), brackets(50, '[');
  parsed(edited(plant7(), "version = 3", "version = 3 # " + dots + brackets));
  parsed(edited(plant7(), "\"thermo-*\"", "\"" + dots + brackets + "\\\"" + brackets + "\", '" + brackets + "\\', \"\"\"\n" + brackets +
                "\"\"\"\"\", '''\n" + brackets + "'''''"));
}

TEST(DescriptorRefused, TooManyEntries) {
  std::string many = "[roles]\nmany = [", globs = "[[permit]]\nto = {}\nfrom = { name = [";
  for (std::size_t i = 0; i <= budget::descriptor_entries; ++i) many += "\"me\",", globs += "\"x\",";
  const std::string tiny = head("tiny.example", 1, "me", {"me"});
  expect_refused(tiny + many + "]\n", "roles.many: too many entries");
  expect_refused(tiny + globs + "] }\n", "permit[0].from.name: too many entries");
}

}  // namespace
}  // namespace cm4it::policy
