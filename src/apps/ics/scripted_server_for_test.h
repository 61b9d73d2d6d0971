// The command line as a person uses it, against a server that a test scripts: a function from request to reply.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "apps/ics/verbs.h"
#include "base/waiting_for_test.h"

namespace cm4it::ics {

inline net::Reply reply(unsigned status, std::string body, std::string type = "application/json") {
  net::Reply answer;
  answer.status = status;
  answer.content_type = std::move(type);
  answer.body = std::move(body);
  return answer;
}

class CommandLine : public ::testing::Test {
 protected:
  struct Sent { std::string method, target, content_type, accept, body; };
  struct Outcome { int code; std::string out, err; };

  void SetUp() override {
    ::unsetenv("ICS_DIR");
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    directory_ = std::filesystem::path(::testing::TempDir()) /
                 ("cm4it-ics-" + std::string(test->name()) + "-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // "ics WORDS…", with --server unless there is one.
  Outcome ics(std::vector<std::string> words, const std::string& input = {}) {
    std::istringstream in(input);
    std::ostringstream out, err;
    const Connect connect = [this](const crypto::SignerPtr&, const std::optional<KeyId>&) {
      return [this](const net::ClientRequest& request) -> Result<net::Reply> {
        Sent sent{request.method, request.url.substr(url_.size()), request.content_type, request.accept, std::string(request.body)};
        {
          const std::lock_guard lock(mutex_);
          sent_.push_back(sent);
        }
        return server_(sent);
      };
    };
    Context context({in, out, err, colour_, false, false}, [] { return Time{1'800'000'000}; }, connect);
    words.insert(words.begin(), {"ics", "--server", url_});
    std::vector<const char*> argv;
    for (const auto& word : words) argv.push_back(word.c_str());
    const int code = run(static_cast<int>(argv.size()), argv.data(), context);
    return {code, out.str(), err.str()};
  }

  std::string file(const std::string& name) const { return (directory_ / name).string(); }
  void write(const std::string& name, std::string_view content) const { std::ofstream(file(name), std::ios::binary) << content; }
  std::string contents(const std::string& name) const { return content_of(file(name)); }

  const std::string url_ = "http://server.example";
  std::filesystem::path directory_;
  bool colour_ = false;
  std::mutex mutex_;
  std::vector<Sent> sent_;  // guarded by mutex_ while `ics` runs
  std::function<Result<net::Reply>(const Sent&)> server_ = [](const Sent& sent) -> Result<net::Reply> {
    ADD_FAILURE() << "not to be asked: " << sent.method << " " << sent.target;
    return reply(500, "{}");
  };
};

}  // namespace cm4it::ics
