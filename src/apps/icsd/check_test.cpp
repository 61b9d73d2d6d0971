// icsd --check-config: everything that is wrong, each with the key of the configuration it stands under.
#include "apps/icsd/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "apps/icsd/enrolment.h"
#include "base/temporary_directory_for_test.h"
#include "crypto/load_key.h"
#include "crypto/pem.h"
#include "evidence/formats/x509/crl_test_support.h"

namespace cm4it::icsd {
namespace {

namespace fs = std::filesystem;
using namespace evidence::x509::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Time now{1'800'000'000};

struct Checking : testing::Test {
  Checking() {
    fs::create_directories(directory / "evidence");
    server = save("server.key", crypto::Algorithm::es256);
    log = save("log.key", crypto::Algorithm::eddsa);
    owner = save("owner.key", crypto::Algorithm::eddsa);
    sign_policy(1, server, log);
  }
  crypto::SignerPtr save(const std::string& name, crypto::Algorithm algorithm) const {
    auto key = crypto::generate(algorithm);
    fs::remove(directory / name);
    EXPECT_TRUE(crypto::save_key_file(**key, directory / name));
    return *key;
  }
  void write(const std::string& name, const std::string& content) const { std::ofstream(directory / name, std::ios::trunc | std::ios::binary) << content; }
  void sign_policy(int version, const crypto::SignerPtr& server_key, const crypto::SignerPtr& log_key, const std::string& name = "main") const {
    const auto key_text = [](const crypto::SignerPtr& key) { return '"' + key->public_key().base64() + '"'; };
    const std::string policy = "domain = \"plant.example\"\nversion = " + std::to_string(version) + "\nowner = \"plant\"\n[keys]\nplant = " + key_text(owner) +
                               "\n[servers]\n" + name + " = { key = " + key_text(server_key) + ", log = " + key_text(log_key) +
                               ", url = \"https://plant.example\", home = true }\n[read]\ndefault = [\"anyone\"]\n[write]\nidentity = [\"owner\"]\n";
    const auto signed_policy = evidence::sign({evidence::SubjectId::key(owner->public_key().id()), {"plant.example"}, evidence::PolicyText{policy}, now, {}, {}}, *owner);
    ASSERT_TRUE(signed_policy) << signed_policy.error().message;
    write("evidence/000" + std::to_string(version) + "-policy.cose", std::string(text(*signed_policy)));
  }
  std::string home() const {
    return "name = \"main\"\ndomain = \"plant.example\"\nhomes = [\"plant.example\"]\nlisten = [\"127.0.0.1:8443\"]\n" + more + "[[pin]]\ndomain = \"plant.example\"\nowner = \"" +
           owner->public_key().id().text() + "\"\n" + tables;
  }
  Findings found() const {
    write("icsd.toml", home());
    const auto config = read_config(directory / "icsd.toml");
    EXPECT_TRUE(config) << config.error().message;
    return config ? check(*config, now) : Findings{};
  }
  void only_fault(const std::string& says) const { EXPECT_THAT(found().faults, ElementsAre(HasSubstr(says))); }

  const TemporaryDirectory temporary{"check"};
  const fs::path directory = temporary.path();
  crypto::SignerPtr server, log, owner;
  std::string more, tables;  // keys of the server; what comes behind
};

TEST_F(Checking, WhatIsInOrder) {
  EXPECT_THAT(found().faults, IsEmpty());
  EXPECT_THAT(found().remarks, IsEmpty());
}

TEST_F(Checking, KeysThatAreMissingOrOpenToOthersOrOfAnotherKind) {
  fs::permissions(directory / "server.key", fs::perms::group_read, fs::perm_options::add);
  only_fault("key: key file " + (directory / "server.key").string() + ": others than its owner may read it");
  fs::remove(directory / "server.key");
  only_fault("key: key file " + (directory / "server.key").string() + ": No such file or directory");
  write("server.key", "no key");
  fs::permissions(directory / "server.key", fs::perms::owner_read | fs::perms::owner_write);
  only_fault("no PKCS#8 PEM private key");
  sign_policy(1, save("server.key", crypto::Algorithm::es256), log);
  fs::remove(directory / "log.key");
  only_fault("log: key file");
  save("log.key", crypto::Algorithm::es256);
  EXPECT_THAT(found().faults, testing::Contains(HasSubstr("log: it is not an Ed25519 key")));
}

TEST_F(Checking, EveryFaultIsToldAtOnce) {
  fs::remove(directory / "server.key");
  fs::remove(directory / "log.key");
  more = "certificate = \"none.pem\"\n";
  tables = "[[crl]]\nfile = \"none.crl\"\n";
  EXPECT_THAT(found().faults, ElementsAre(HasSubstr("key: "), HasSubstr("log: "), HasSubstr("certificate: "), HasSubstr("crl[0].file: ")));
}

// The server would start, and nobody would take it for the one that the policy names.
TEST_F(Checking, KeysThatTheNewestPolicyDoesNotName) {
  const auto other = save("server.key", crypto::Algorithm::es256);
  only_fault("key: it is " + other->public_key().id().text() + ", but the policy of plant.example, version 1, names " + server->public_key().id().text());
  sign_policy(2, other, log);
  EXPECT_THAT(found().faults, IsEmpty());
  sign_policy(3, other, server->public_key().algorithm() == crypto::Algorithm::eddsa ? server : owner);
  only_fault("log: it is " + log->public_key().id().text());
  sign_policy(4, other, log, "second");
  only_fault("names no server \"main\"");
}

TEST_F(Checking, CertificatesOfAnotherKeyOrOfAnotherTime) {
  more = "certificate = \"chain.pem\"\n";
  const Authority ca{crypto::generate(crypto::Algorithm::es256).value(), name("ca", "Plant")};
  const auto issue = [&](const crypto::SignerPtr& key, Time from, Time until) {
    auto draft = ca.issues(key->public_key(), name("main.plant.example"));
    draft.not_before = der::generalized(from);
    draft.not_after = der::generalized(until);
    write("chain.pem", crypto::certificate_pem(draft.encode()));
  };
  issue(server, now + -10, now + 90 * 86'400);
  EXPECT_THAT(found().faults, IsEmpty());
  issue(server, now + -10, now + 86'400);
  EXPECT_THAT(found().remarks, ElementsAre(HasSubstr("expires at ")));
  issue(server, now + -20, now + -10);
  only_fault("expired at " + to_rfc3339(now + -10));
  issue(server, now + 10, now + 20);
  only_fault("holds only from ");
  issue(log, now + -10, now + 90 * 86'400);
  only_fault("certificate: certificate: its key is");
}

TEST_F(Checking, NamesThatNothingHereKnows) {
  tables = "[[crl]]\nurl = \"http://ca.example/ca.crl\"\ndomain = \"other.example\"\n";
  only_fault("crl[0].domain: other.example is neither among homes nor followed");
  tables = "[[follow]]\ndomain = \"plant.example\"\nfrom = \"https://plant.example\"\n";
  only_fault("follow: plant.example is among homes");
}

TEST_F(Checking, ACopyThatFollowsNobodyIsRemarked) {
  write("icsd.toml", "name = \"field\"\ndomain = \"plant.example\"\nlisten = [\"127.0.0.1:0\"]\n");
  const auto config = read_config(directory / "icsd.toml");
  ASSERT_TRUE(config);
  EXPECT_THAT(check(*config, now).faults, IsEmpty()) << "a policy need not name a copy";
  EXPECT_THAT(check(*config, now).remarks, ElementsAre(HasSubstr("ics trust")));
}

}  // namespace
}  // namespace cm4it::icsd
