// icsd.toml: every key, and every error with the file, the key and the rule.
#include "apps/icsd/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/temporary_directory_for_test.h"

namespace cm4it::icsd {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct ConfigFile : testing::Test {
  Result<Config> read(const std::string& content) const {
    std::ofstream(directory / "icsd.toml", std::ios::trunc) << content;
    return read_config(directory / "icsd.toml");
  }
  const TemporaryDirectory temporary{"config"};
  const fs::path directory = temporary.path();
};

const std::string small = "name = \"main\"\ndomain = \"plant.example\"\nlisten = [\"127.0.0.1:0\"]\n";
const std::string owner = "key:" + std::string(64, 'a');

TEST_F(ConfigFile, TheSmallestHasDefaults) {
  const auto config = read(small);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->name, "main");
  EXPECT_EQ(config->domain, "plant.example");
  EXPECT_TRUE(config->homes.empty());
  EXPECT_EQ(config->directory, directory);
  EXPECT_EQ(config->key, directory / "server.key");
  EXPECT_EQ(config->log, fs::path());  // no home, no log
  EXPECT_EQ(config->store, directory / "store");
  EXPECT_EQ(config->evidence, directory / "evidence");
  EXPECT_EQ(config->map_bytes, std::size_t{64} << 30);
  EXPECT_EQ(config->cache_bytes, std::size_t{128} << 20);
  EXPECT_EQ(config->threads, 0u);
  EXPECT_EQ(config->workers, 0u);
  EXPECT_EQ(config->log_level, "info");
  EXPECT_EQ(config->issuer_per_minute, 0u);
  EXPECT_EQ(config->subject_statements, 2'000u);
}

TEST_F(ConfigFile, CrlsToFetch) {
  const auto config = read(small + "[[crl]]\nurl = \"http://ca.example/ca.crl\"\n[[crl]]\nfile = \"ca.crl\"\ndomain = \"b.example\"\nevery = \"15m\"\n");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->crls.size(), 2u);
  EXPECT_EQ(config->crls[0].url, "http://ca.example/ca.crl");
  EXPECT_EQ(config->crls[0].domain, "plant.example");
  EXPECT_EQ(config->crls[0].every, 3600);
  EXPECT_EQ(config->crls[1].file, directory / "ca.crl");
  EXPECT_EQ(config->crls[1].domain, "b.example");
  EXPECT_EQ(config->crls[1].every, 900);
}

TEST_F(ConfigFile, EveryKey) {
  const auto config = read("name = \"main\"\ndomain = \"plant.example\"\nhomes = [\"plant.example\", \"b.example\"]\n"
                           "listen = [\"[::1]:8443\"]\nhttp = [\"127.0.0.1:8080\", \"127.0.0.1:8081\"]\nkey = \"tls.pem\"\nlog = \"/keys/log.pem\"\n"
                           "store = \"db\"\nevidence = \"own\"\nthreads = 3\nworkers = 4\ncache = \"8M\"\nmap = \"4194304\"\nlog_level = \"warn\"\n"
                           "[quotas]\nissuer_per_minute = 100\nsubject_statements = 50\n"
                           "[[pin]]\ndomain = \"acme.example\"\nowner = \"" + owner + "\"\n"
                           "[[follow]]\ndomain = \"acme.example\"\nfrom = \"https://acme.example:8443\"\nserver_key = \"" + owner + "\"\n"
                           "select = [{ cloud = [\"hall-*\"] }, { type = [\"code\"] }]\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->homes, (std::vector<std::string>{"plant.example", "b.example"}));
  EXPECT_EQ(config->listen, std::vector<std::string>{"[::1]:8443"});
  EXPECT_EQ(config->http.size(), 2u);
  EXPECT_EQ(config->key, directory / "tls.pem");
  EXPECT_EQ(config->log, "/keys/log.pem");
  EXPECT_EQ(config->store, directory / "db");
  EXPECT_EQ(config->evidence, directory / "own");
  EXPECT_EQ(config->threads, 3u);
  EXPECT_EQ(config->workers, 4u);
  EXPECT_EQ(config->cache_bytes, 8u << 20);
  EXPECT_EQ(config->map_bytes, 4u << 20);
  EXPECT_EQ(config->log_level, "warn");
  EXPECT_EQ(config->issuer_per_minute, 100u);
  EXPECT_EQ(config->subject_statements, 50u);
  ASSERT_EQ(config->pins.size(), 1u);
  EXPECT_EQ(config->pins[0].owner.text(), owner);
  EXPECT_EQ(config->pins[0].source, policy::Pin::Source::configuration);
  ASSERT_EQ(config->follow.size(), 1u);
  EXPECT_EQ(config->follow[0].server_key->text(), owner);
  EXPECT_EQ(config->follow[0].select.text(), "[{ cloud = [\"hall-*\"] }, { type = [\"code\"] }]");
}

TEST_F(ConfigFile, KeysMayBeElsewhere) {
  const std::string uri = "pkcs11:token=plant;object=log?pin-source=file:pin";
  const auto config = read(small + "key = \"pkcs11:token=plant;object=tls\"\nkey_pass = \"pin\"\ncertificate = \"chain.pem\"\nlog = \"" + uri +
                           "\"\nlog_pass = \"/run/pass\"\nowner_key = \"pkcs11:token=owner\"\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->key, "pkcs11:token=plant;object=tls");
  EXPECT_EQ(config->key_pass, directory / "pin");
  EXPECT_EQ(config->certificate, directory / "chain.pem");
  EXPECT_EQ(config->log, uri);
  EXPECT_EQ(config->log_pass, "/run/pass");
}

TEST_F(ConfigFile, AHomeHasALogKeyByDefault) {
  EXPECT_EQ(read("homes = [\"plant.example\"]\n" + small)->log, directory / "log.key");
}

TEST_F(ConfigFile, ErrorsNameFileKeyAndRule) {
  struct Case { const char* what; std::string content, says; };
  const std::vector<Case> cases = {
      {"no TOML", "name = ", "icsd.toml"},
      {"unknown key", small + "colour = \"red\"\n", "colour"},
      {"unknown table", small + "[limits]\nx = 1\n", "limits"},
      {"no name", "domain = \"plant.example\"\nlisten = [\"127.0.0.1:0\"]\n", "name"},
      {"a name that no policy can have", "name = \"main home\"\ndomain = \"plant.example\"\nlisten = [\"127.0.0.1:0\"]\n", "name: 1 to 64 letters"},
      {"an empty name", "name = \"\"\ndomain = \"plant.example\"\nlisten = [\"127.0.0.1:0\"]\n", "name: 1 to 64 letters"},
      {"a long name", "name = \"" + std::string(65, 'a') + "\"\ndomain = \"plant.example\"\nlisten = [\"127.0.0.1:0\"]\n", "name: 1 to 64 letters"},
      {"no domain", "name = \"main\"\nlisten = [\"127.0.0.1:0\"]\n", "domain"},
      {"no domain name", "name = \"main\"\ndomain = \"Plant\"\nlisten = [\"127.0.0.1:0\"]\n", "not a domain name"},
      {"a home that is none", "homes = [\"a b\"]\n" + small, "no domain name"},
      {"no listener", "name = \"main\"\ndomain = \"plant.example\"\n", "no address to listen at"},
      {"no port", "name = \"main\"\ndomain = \"plant.example\"\nlisten = [\"127.0.0.1\"]\n", "listen: address '127.0.0.1': ADDRESS:PORT"},
      {"a port beyond all", "name = \"main\"\ndomain = \"plant.example\"\nlisten = [\"127.0.0.1:99999\"]\n", "a port is 0 to 65535"},
      {"a word for a port", small + "http = [\"127.0.0.1:http\"]\n", "http: address"},
      {"an address of HKP that is a URL", small + "hkp = [\"http://127.0.0.1:11371\"]\n", "hkp: address"},
      {"one address twice", small + "http = [\"127.0.0.1:80\"]\nhkp = [\"127.0.0.1:80\"]\n", "listened at twice"},
      {"following a port beyond all", small + "[[follow]]\ndomain = \"acme.example\"\nfrom = \"https://a:99999\"\n", "from: url"},
      {"following no host", small + "[[follow]]\ndomain = \"acme.example\"\nfrom = \"https://\"\n", "from: url"},
      {"following with a password", small + "[[follow]]\ndomain = \"acme.example\"\nfrom = \"https://a:b@c\"\n", "no user may stand in it"},
      {"a CRL of no host", small + "[[crl]]\nurl = \"http://:1/x\"\n", "a host and a port"},
      {"a number for a text", "name = 7\ndomain = \"plant.example\"\nlisten = [\"127.0.0.1:0\"]\n", "name"},
      {"a text for a number", small + "threads = \"3\"\n", "threads"},
      {"negative", small + "threads = -1\n", "0 to 256 expected"},
      {"too many", small + "workers = 257\n", "0 to 256 expected"},
      {"no pkcs11 URI", small + "key = \"pkcs11:token\"\n", "key: pkcs11 URI: name=value expected"},
      {"a PIN in a URI", small + "log = \"pkcs11:token=a?pin-value=1234\"\n", "log: pkcs11 URI: pin-value"},
      {"no owner's key", small + "owner_key = \"pkcs11:a=b\"\n", "owner_key"},
      {"no size", small + "map = \"much\"\n", "a size expected"},
      {"an unknown unit", small + "map = \"2T\"\n", "a size expected"},
      {"a size as number", small + "map = 4096\n", "map"},
      {"a size beyond reckoning", small + "map = \"99999999999999999999G\"\n", "a size expected"},
      {"a size that wraps round", small + "map = \"17179869184G\"\n", "a size expected"},
      {"a small map", small + "map = \"512K\"\n", "at least 1M"},
      {"no statements", small + "[quotas]\nsubject_statements = 0\n", "at least 1"},
      {"beyond the budget", small + "[quotas]\nsubject_statements = 10001\n", "0 to 10000 expected"},
      {"an unknown quota", small + "[quotas]\nrequests = 1\n", "requests"},
      {"a pin without owner", small + "[[pin]]\ndomain = \"acme.example\"\n", "owner"},
      {"a pin of no domain", small + "[[pin]]\ndomain = \"Acme\"\nowner = \"" + owner + "\"\n", "not a domain name"},
      {"a CRL from nowhere", small + "[[crl]]\nevery = \"1h\"\n", "either a url or a file"},
      {"a CRL from two places", small + "[[crl]]\nurl = \"http://a/b\"\nfile = \"c\"\n", "either a url or a file"},
      {"a CRL by another protocol", small + "[[crl]]\nurl = \"ldap://a\"\n", "http:// or https:// expected"},
      {"a CRL all the time", small + "[[crl]]\nfile = \"c\"\nevery = \"1s\"\n", "at least 10 seconds"},
      {"following no domain", small + "[[follow]]\ndomain = \"\"\nfrom = \"https://a\"\n", "not a domain name"},
      {"following no URL", small + "[[follow]]\ndomain = \"acme.example\"\nfrom = \"acme.example:8443\"\n", "http:// or https:// expected"},
      {"a pin of no key", small + "[[pin]]\ndomain = \"acme.example\"\nowner = \"key:12\"\n", "owner"},
      {"following without source", small + "[[follow]]\ndomain = \"acme.example\"\n", "from"},
      {"an unknown selector", small + "[[follow]]\ndomain = \"acme.example\"\nfrom = \"https://a\"\nselect = { colour = [\"red\"] }\n", "colour"},
      {"a long address", small + "[[follow]]\ndomain = \"acme.example\"\nfrom = \"https://" + std::string(300, 'a') + "\"\n", "octets"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.what);
    const auto config = read(one.content);
    ASSERT_FALSE(config);
    EXPECT_THAT(config.error().message, HasSubstr("icsd.toml"));
    EXPECT_THAT(config.error().message, HasSubstr(one.says));
  }
}

TEST_F(ConfigFile, NotThere) {
  const auto config = read_config(directory / "none.toml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Code::not_found);
  EXPECT_THAT(config.error().message, HasSubstr("none.toml"));
  EXPECT_THAT(config.error().detail, HasSubstr("ics init"));
}

}  // namespace
}  // namespace cm4it::icsd
