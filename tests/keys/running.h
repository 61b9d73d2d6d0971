// Real `ics` and `icsd` with keys in tokens and encrypted files.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "base/waiting_for_test.h"
#include "crypto/softhsm_for_test.h"
#include "demo/process.h"

namespace cm4it::keys::test {

using testing::HasSubstr;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

class Running : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cm4it-keys-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    ::setenv("ASAN_OPTIONS", "detect_leaks=0", 1);  // SoftHSM 2.6 loses a few octets with every Ed25519 key
  }
  void TearDown() override {
    icsd_.reset();
    std::error_code ignored;
    if (!HasFailure()) fs::remove_all(directory_, ignored);
    else std::fprintf(stderr, "kept for inspection: %s\n", directory_.c_str());
  }

  std::string file(const std::string& name) const { return (directory_ / name).string(); }
  std::string secret(const std::string& name, const std::string& line) const {
    std::ofstream(file(name)) << line << "\n";
    fs::permissions(file(name), fs::perms::owner_read | fs::perms::owner_write);
    return file(name);
  }
  // `ics WORDS…` without a terminal.
  demo::Output ics(demo::Arguments words) const {
    words.insert(words.begin(), {"/usr/bin/setsid", "--wait", CM4IT_ICS});
    auto output = demo::run(words);
    EXPECT_TRUE(output) << output.error().message;
    return output ? *output : demo::Output{};
  }
  // The same, which must succeed: its first line.
  std::string ok(const demo::Arguments& words) const {
    const auto output = ics(words);
    EXPECT_EQ(output.exit, 0) << output.out << output.err;
    return output.out.substr(0, output.out.find('\n'));
  }
  // Listening when it returns.
  void start(const std::string& name) {
    const fs::path address = directory_ / name / "address";
    auto started =
        demo::Process::start({CM4IT_ICSD, "--config", (directory_ / name / "icsd.toml").string()}, directory_ / (name + ".log"));
    ASSERT_TRUE(started) << started.error().message;
    icsd_ = std::move(*started);
    ASSERT_TRUE(eventually([&] { return !icsd_->running() || content_of(address).ends_with("\n"); }));
    ASSERT_TRUE(icsd_->running()) << log(name);
  }
  std::string log(const std::string& name) const { return content_of(directory_ / (name + ".log")); }
  std::string url(const std::string& name) const {
    auto text = content_of(directory_ / name / "address");
    if (!text.empty()) text.pop_back();
    return text;
  }

  fs::path directory_;
  std::unique_ptr<demo::Process> icsd_;
};

}  // namespace cm4it::keys::test
