// A program at a terminal of its own, for what it asks there.
#pragma once

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "demo/process.h"

namespace cm4it::demo::test {

// What it shows is waited for before anything is typed.
class Terminal {
 public:
  explicit Terminal(const Arguments& words) {
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_ = ::forkpty(&master_, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
  }
  ~Terminal() { ::close(master_); }

  void await(const std::string& text) {
    const auto from = asked_;
    while (shown_.find(text, from) == std::string::npos && read()) {
    }
    ASSERT_NE(shown_.find(text, from), std::string::npos) << shown_;
    asked_ = shown_.size();
  }
  void type(const std::string& text) const {
    ASSERT_EQ(::write(master_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  int end() {
    while (read()) {
    }
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  const std::string& shown() const { return shown_; }

 private:
  bool read() {
    char octets[512];
    const auto got = ::read(master_, octets, sizeof octets);  // an error at its end: nobody is at the other side
    if (got > 0) shown_.append(octets, static_cast<std::size_t>(got));
    return got > 0;
  }

  int master_ = -1;
  pid_t pid_ = -1;
  std::string shown_;
  std::size_t asked_ = 0;
};

}  // namespace cm4it::demo::test
