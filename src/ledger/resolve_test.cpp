// How subjects are found: by ids, prefixes, aliases and search terms.
#include <gmock/gmock.h>

#include "evidence/names.h"
#include "ledger/test_support.h"

namespace cm4it::ledger {
namespace {

using namespace test;
using testing::ElementsAre;

Identity identity_of(const std::string& name) {
  Identity identity;
  identity.spki = to_bytes(key_of(name)->public_key().spki());
  return identity;
}
SubjectId subject_of(const std::string& name) { return SubjectId::key(id_of(name)); }

class Resolve : public testing::Test {
 protected:
  void add(const std::string& name, Identity identity) { ASSERT_TRUE(world.append(say("line1", subject_of(name), std::move(identity)))); }
  Result<SubjectId> resolve(const std::string& name) { return world.ledger->reader()->resolve(name); }
  World world;
};

TEST_F(Resolve, WholeIdsAndPrefixes) {
  add("d", identity_of("d"));
  const std::string id = subject_of("d").text();
  EXPECT_EQ(resolve(id).value(), subject_of("d"));
  for (std::size_t digits = 8; digits < 64; ++digits) EXPECT_EQ(resolve(id.substr(0, 4 + digits)).value(), subject_of("d")) << digits;
  EXPECT_EQ(resolve(id.substr(0, 4 + 7)).error().code, Code::malformed);
  EXPECT_EQ(resolve("code:" + id.substr(4, 12)).error().code, Code::not_found);
  EXPECT_EQ(resolve(subject_of("nobody's").text()).value(), subject_of("nobody's"));  // a whole id is itself, known or not
  EXPECT_EQ(resolve(subject_of("nobody's").text().substr(0, 20)).error().code, Code::not_found);
  EXPECT_EQ(resolve("model:acme.example/x")->text(), "model:acme.example/x");
  EXPECT_EQ(resolve("").error().code, Code::not_found);
}

TEST_F(Resolve, Aliases) {
  Identity one = identity_of("one"), two = identity_of("two");
  one.serial = "T-1";
  one.uris = {"urn:dev:ow:1", "https://acme.example/" + std::string(200, 'x') + "/1"};
  two.serial = "T-2";
  two.uris = {"urn:dev:ow:1"};
  add("one", one);
  add("two", two);
  EXPECT_EQ(resolve("serial:T-1").value(), subject_of("one"));
  EXPECT_EQ(resolve("serial:t-1").value(), subject_of("one"));
  EXPECT_EQ(resolve("serial:T-").error().code, Code::not_found);
  EXPECT_EQ(resolve(one.uris[1]).value(), subject_of("one"));
  EXPECT_EQ(resolve("https://acme.example/" + std::string(200, 'x') + "/2").error().code, Code::not_found);
  const auto both = resolve("urn:dev:ow:1");
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().code, Code::ambiguous);
  for (const char* name : {"one", "two"}) EXPECT_NE(both.error().detail.find(subject_of(name).text()), std::string::npos);
}

// A secure element's other keys lead to it; a subject's own id leads nowhere else.
TEST_F(Resolve, OtherKeysOfASecureElement) {
  const Verified manifest = manifest_identity("0123");
  ASSERT_TRUE(world.append(Submission{manifest, "acme.example", {"acme.example"}, {}, {}}));
  const auto element = manifest.statements()[0].subject;
  const auto other = SubjectId::key(key_of("slot 1 of 0123", crypto::Algorithm::es256)->public_key().id());
  EXPECT_EQ(resolve(other.text()).value(), element);
  EXPECT_EQ(resolve("serial:0123").value(), element);
  ASSERT_TRUE(world.append(say("line1", other, evidence::StatusChange{evidence::Status::stolen, ""})));
  EXPECT_EQ(resolve(other.text()).value(), other);
}

// A URI is freely chosen: it claims no name that evidence has to prove.
TEST_F(Resolve, UrisClaimNoProvedNames) {
  Identity victim = identity_of("victim"), other = identity_of("other");
  other.uris = {"fpr:" + std::string(40, 'a'), "KEYID:" + std::string(16, 'a'), subject_of("nobody").text(), "x509-ca:aa", "urn:dev:other"};
  add("other", other);
  for (std::size_t i = 0; i + 1 < other.uris.size(); ++i) {
    const auto found = resolve(other.uris[i]);
    EXPECT_TRUE(!found || *found != subject_of("other")) << other.uris[i];
  }
  EXPECT_EQ(resolve("urn:dev:other").value(), subject_of("other"));
}

// Words are intersected: what is rare is found behind any number of those that have one of them.
TEST_F(Resolve, SearchOfAllTerms) {
  const auto named = [](const std::string& name, const std::string& text) {
    Identity identity = identity_of(name);
    identity.name = text;
    return identity;
  };
  for (int i = 0; i < 30; ++i) add("a" + std::to_string(i), named("a" + std::to_string(i), "teller bank " + std::to_string(i)));
  add("wanted", named("wanted", "teller of the other bank"));
  const auto reader = world.ledger->reader();
  const auto found = [&](std::vector<std::string> words, std::size_t most = 1000, std::optional<SubjectId> after = {}) {
    std::vector<Reader::Term> terms;
    for (auto& word : words) terms.push_back({"word", word});
    std::vector<SubjectId> all;
    const auto stopped = reader->search_all(terms, after, most, [&](const SubjectId& subject) {
      all.push_back(subject);
      return true;
    });
    EXPECT_TRUE(stopped);
    return std::pair(all, stopped->has_value());
  };
  EXPECT_EQ(found({"teller", "bank", "other"}).first, std::vector{subject_of("wanted")});
  EXPECT_EQ(found({"other"}).first, std::vector{subject_of("wanted")});
  EXPECT_EQ(found({"teller", "bank"}).first.size(), 31u);
  EXPECT_EQ(found({"teller", "bank"}, 1000, subject_of("a29")).first, std::vector{subject_of("wanted")});
  EXPECT_TRUE(found({"teller", "nothing"}).first.empty());
  EXPECT_FALSE(found({"teller", "bank"}).second);
  EXPECT_TRUE(found({"teller", "bank"}, 10).second) << "and it is said that there is more";
}

TEST_F(Resolve, Search) {
  Identity one = identity_of("one");
  one.maker = "Acme";
  one.model = "Thermo 2000";
  add("one", one);
  ASSERT_TRUE(world.append(say("line1", SubjectId::model_of("acme.example", "Thermo 2000").value(), Endorse{"certified", ""})));
  const std::string long_domain = std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c');
  ASSERT_TRUE(world.append(say("line1", subject_of("far"), Endorse{"x", ""}, {long_domain + ".example"})));
  const auto found = [&](const char* field, const std::string& value) {
    std::vector<std::string> all;
    EXPECT_TRUE(world.ledger->reader()->search(field, value, {}, [&](const SubjectId& subject) {
      all.push_back(subject.text());
      return true;
    }));
    return all;
  };
  EXPECT_THAT(found("maker", "ACME"), ElementsAre(subject_of("one").text()));
  EXPECT_THAT(found("model", "thermo 2000"), ElementsAre(subject_of("one").text()));
  EXPECT_THAT(found("word", "thermo"), ElementsAre(subject_of("one").text()));
  EXPECT_THAT(found("type", "device"), ElementsAre(subject_of("one").text()));
  EXPECT_THAT(found("maker", "acm"), ElementsAre());
  EXPECT_THAT(found("domain", "acme.example"), ElementsAre(subject_of("one").text(), "model:acme.example/Thermo 2000"));
  EXPECT_THAT(found("domain", long_domain + ".example"), ElementsAre(subject_of("far").text()));
  EXPECT_THAT(found("domain", long_domain + ".other"), ElementsAre());
}

// What many have in common is found in the order of arrival, whatever of them comes later; a domain's in that of ids.
TEST_F(Resolve, SearchGoesOnBehindASubject) {
  std::vector<std::string> arrived;
  for (const char* name : {"one", "two", "three", "four", "five"}) {
    Identity identity = identity_of(name);
    identity.maker = "Acme";
    add(name, identity);
    arrived.push_back(subject_of(name).text());
  }
  Identity again = identity_of("one");
  again.maker = "Acme";
  again.name = "renamed";
  add("one", again);
  const auto from = [&](const char* field, const std::string& value, std::optional<SubjectId> after) {
    std::vector<std::string> all;
    EXPECT_TRUE(world.ledger->reader()->search(field, value, after, [&](const SubjectId& subject) {
      all.push_back(subject.text());
      return true;
    }));
    return all;
  };
  EXPECT_EQ(from("maker", "Acme", {}), arrived);
  EXPECT_EQ(from("maker", "Acme", subject_of("three")), std::vector(arrived.begin() + 3, arrived.end()));
  EXPECT_THAT(from("maker", "Acme", subject_of("five")), ElementsAre());
  EXPECT_FALSE(world.ledger->reader()->search("maker", "Acme", subject_of("nobody"), [](const SubjectId&) { return true; }));
  auto by_id = arrived;
  std::sort(by_id.begin(), by_id.end());
  EXPECT_EQ(from("domain", "acme.example", {}), by_id);
  const auto behind = from("domain", "acme.example", subject_of("nobody"));
  EXPECT_EQ(behind, std::vector(std::upper_bound(by_id.begin(), by_id.end(), subject_of("nobody").text()), by_id.end()));
}

}  // namespace
}  // namespace cm4it::ledger
