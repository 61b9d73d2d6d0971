// A format is a folder and a line: one that is made up here goes every way that evidence goes, and no other file knows of it.
#include "apps/ics/scripted_server_for_test.h"
#include "formats/toy.h"
#include "frontends/http/door_fixture.h"

namespace cm4it {
namespace {

using namespace http::fixture;
namespace toy = evidence::toy;

class ToyFormat : public ics::CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    server_ = [this](const Sent& sent) -> Result<net::Reply> {
      return site.ask({.path = sent.target, .method = sent.method, .accept = sent.accept, .content_type = sent.content_type, .body = sent.body});
    };
    ASSERT_EQ(acme.submit_one(policy()).outcome, Outcome::received);
  }

  Bytes policy() const {
    std::string text = acme_policy();
    text.replace(text.find("\"manifest\""), 10, "\"toy\"");
    return policy_evidence("acme", "acme.example", text, *acme.clock);
  }
  std::string line(const std::string& name, const std::string& issuer = "acme") const {
    return toy::sign(name, key_of(name)->public_key(), *acme.clock, *key_of(issuer)) + "\n";
  }
  // How the door shows the identity in the subject's history.
  json::object identity(const std::string& name) const {
    const auto history = object(site.get("/v1/subjects/" + in_path(subject_of(name)) + "/history"));
    return history.contains("statements") ? history.at("statements").as_array().at(0).as_object() : json::object{};
  }

  using Outcome = service::ItemResult::Outcome;
  Ics acme{"acme.example", {{"acme.example", id_of("acme"), policy::Pin::Source::configuration}}};
  Ics copy{"acme.example", {{"acme.example", id_of("acme"), policy::Pin::Source::configuration}}, false};
  Site site{acme};
};

TEST_F(ToyFormat, IsTakenOverHttpByTypeAndByContent) {
  EXPECT_EQ(site.post(line("one") + line("two"), "text/toy", "?domain=acme.example").status, 200u);
  EXPECT_EQ(site.post(line("three"), "application/octet-stream", "?domain=acme.example").status, 200u);
  EXPECT_EQ(site.post(line("four", "stranger"), "text/toy", "?domain=acme.example").status, 422u);
  for (const char* name : {"one", "two", "three"}) {
    const auto shown = identity(name);
    EXPECT_EQ(at(shown, "format"), "toy") << name;
    EXPECT_EQ(at(shown, "counts"), "true") << at(shown, "why_not");
    EXPECT_EQ(at(shown, "body/name"), name);
    const auto evidence = site.get("/v1/evidence/" + at(shown, "statement"));
    EXPECT_EQ(evidence.content_type, "text/toy");
    EXPECT_EQ(evidence.body + "\n", line(name));
  }
  EXPECT_EQ(at(site.get("/v1/subjects?q=toymaker"), "subjects/2/identity/maker"), "Toymaker");
}

TEST_F(ToyFormat, IsImportedAndExported) {
  write("toys", line("one") + line("two"));
  const auto imported = ics({"--domain", "acme.example", "import", file("toys")});
  EXPECT_EQ(imported.code, ics::exit_yes) << imported.err;
  EXPECT_EQ(at(identity("two"), "counts"), "true");
  const auto exported = ics({"--domain", "acme.example", "export", "--format", "toy", "--out", file("out"), subject_of("two").text(), subject_of("one").text()});
  EXPECT_EQ(exported.code, ics::exit_yes) << exported.err;
  EXPECT_EQ(contents("out"), line("two") + line("one"));
}

TEST_F(ToyFormat, GoesToCopiesByTheFeed) {
  EXPECT_EQ(site.post(line("one"), "text/toy", "?domain=acme.example").status, 200u);
  const auto report = carry(acme, copy, "acme.example");
  EXPECT_EQ(report.refused + report.not_yet, 0u) << report.first_refusal;
  const auto there = copy.service->verdicts().look_up(subject_of("one"), "acme.example", {});
  ASSERT_TRUE(there) << there.error().message;
  EXPECT_TRUE(there->known);
  EXPECT_EQ(there->verdict.identity ? there->verdict.identity->maker : "", "Toymaker");
}

}  // namespace
}  // namespace cm4it
