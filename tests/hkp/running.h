// icsd with its HKP port open, for tests with real clients.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "base/waiting_for_test.h"
#include "demo/process.h"

namespace cm4it::hkp::test {

using testing::HasSubstr;
namespace fs = std::filesystem;

inline bool installed(const char* program) {
  const auto version = demo::run({"/usr/bin/env", program, "--version"});
  return version && version->exit == 0;
}

// A keyring of its own.
class Keyring {
 public:
  explicit Keyring(const fs::path& directory) : home_(directory) { fs::create_directory(home_), fs::permissions(home_, fs::perms::owner_all); }
  ~Keyring() { (void)demo::run({"/usr/bin/env", "GNUPGHOME=" + home_.string(), "gpgconf", "--kill", "all"}); }

  demo::Output gpg(demo::Arguments arguments, const std::string& input = {}) const {
    arguments.insert(arguments.begin(), {"/usr/bin/env", "GNUPGHOME=" + home_.string(), "LC_ALL=C", "timeout", "60", "gpg", "--batch", "--no-tty", "--yes",
                                         "--no-auto-check-trustdb"});
    auto output = demo::run(arguments, input);
    EXPECT_TRUE(output) << output.error().message;
    return output ? *output : demo::Output{};
  }
  std::string make(const std::string& user_id, const char* algorithm) const {
    EXPECT_EQ(gpg({"--passphrase", "", "--quick-gen-key", user_id, algorithm, "default", "never"}).exit, 0);
    return fingerprint(user_id);
  }
  std::string fingerprint(const std::string& user_id) const {
    const std::string list = gpg({"--with-colons", "--list-keys", user_id}).out;
    const auto at = list.find("\nfpr:::::::::");
    return at == list.npos ? "" : list.substr(at + 13, 40);
  }
  // gpg keeps a revocation ready, with a colon that keeps it from being imported by accident.
  bool revoke(const std::string& fingerprint) const {
    std::string revocation = content_of(home_ / "openpgp-revocs.d" / (fingerprint + ".rev"));
    const auto colon = revocation.find(":-----BEGIN");
    if (colon == revocation.npos) return false;
    revocation.erase(colon, 1);
    return gpg({"--import"}, revocation).exit == 0;
  }

 private:
  const fs::path home_;
};

struct Running : testing::Test {
  Running() {
    std::string name = (fs::temp_directory_path() / "cm4it-hkp-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory = name;
  }
  ~Running() override {
    server.reset();
    std::error_code ignored;
    if (!HasFailure()) fs::remove_all(directory, ignored);
  }
  demo::Output ics(demo::Arguments arguments, const std::string& input = {}) const {
    arguments.insert(arguments.begin(), CM4IT_ICS);
    arguments.insert(arguments.end(), {"--dir", (directory / "ics").string()});
    auto output = demo::run(arguments, input);
    EXPECT_TRUE(output) << output.error().message;
    return output ? *output : demo::Output{};
  }
  void start(const std::string& role, const std::string& domain) {
    const auto made = demo::run({CM4IT_ICS, "init", (directory / "ics").string(), "--role", role, "--domain", domain, "--listen", "127.0.0.1:0",
                                 "--hkp", "127.0.0.1:0"});
    ASSERT_TRUE(made && made->exit == 0) << made->err;
    run();
    const std::string config = content_of(directory / "ics" / "icsd.toml");
    const auto at = config.find("hkp");
    const auto begin = config.find('"', at) + 1;
    address = config.substr(begin, config.find('"', begin) - begin);
  }
  void run() {
    std::error_code ignored;
    fs::remove(directory / "ics" / "address", ignored);
    auto started = demo::Process::start({CM4IT_ICSD, "--config", (directory / "ics" / "icsd.toml").string()}, directory / "log.txt");
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
    ASSERT_TRUE(eventually([&] { return content_of(directory / "ics" / "address").ends_with("\n"); }));
  }

  fs::path directory;
  std::unique_ptr<demo::Process> server;
  std::string address;  // of its HKP port
};

}  // namespace cm4it::hkp::test
