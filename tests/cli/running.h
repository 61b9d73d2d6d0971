// `ics` as a shell runs it, and `icsd` beside it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "base/waiting_for_test.h"
#include "demo/process.h"

namespace cm4it::cli::test {

namespace fs = std::filesystem;
using testing::HasSubstr;
using namespace std::chrono_literals;

class Shell : public testing::Test {
 protected:
  Shell() {
    std::string name = (fs::temp_directory_path() / "cm4it-cli-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory = name;
  }
  ~Shell() override {
    running.clear();
    std::error_code ignored;
    if (!HasFailure()) fs::remove_all(directory, ignored);
  }
  // In the directory, by bash, without a terminal; $ICS and $ICSD are the programs.
  demo::Output sh(const std::string& line) const {
    const auto output = demo::run({"/usr/bin/setsid", "--wait", "/bin/bash", "-c",
                                   "cd " + directory.string() + "; ICS=" CM4IT_ICS " ICSD=" CM4IT_ICSD "; unset ICS_DIR ICS_KEY; ics() { $ICS \"$@\"; }; " + line});
    EXPECT_TRUE(output) << output.error().message;
    return output.value_or(demo::Output{});
  }
  // The same, which must succeed: what it says.
  std::string ok(const std::string& line) const {
    const auto output = sh(line);
    EXPECT_EQ(output.exit, 0) << line << "\n" << output.out << output.err;
    return output.out;
  }
  std::string content(const std::string& name) const { return content_of(directory / name); }
  // Listening when it returns.
  void start(const std::string& name) {
    auto started = demo::Process::start({CM4IT_ICSD, "--config", (directory / name / "icsd.toml").string()}, directory / (name + ".log"));
    ASSERT_TRUE(started) << started.error().message;
    auto& process = running[name] = std::move(*started);
    ASSERT_TRUE(eventually([&] { return !process->running() || content(name + "/address").ends_with("\n"); }));
    ASSERT_TRUE(process->running()) << content(name + ".log");
  }
  // A manufacturer and a plant that trusts it, both running.
  void start_maker_and_plant() {
    ok("ics init acme --role manufacturer --domain acme.example --listen 127.0.0.1:0");
    ok("ics init plant --role maintenance --domain plant7.example --listen 127.0.0.1:0");
    start("acme");
    start("plant");
    ok("ics trust plant $(cat acme/address) --as manufacturer --owner $(ics key id acme/owner.key) --yes");
  }
  void stop(const std::string& name) {
    running.at(name)->stop();
    running.erase(name);
  }

  fs::path directory;
  std::map<std::string, std::unique_ptr<demo::Process>> running;
};

}  // namespace cm4it::cli::test
