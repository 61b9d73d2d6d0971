// Tokens of SoftHSM, in a directory that goes with the process. It reads its configuration once, so all tests of a process share
// it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/temporary_directory_for_test.h"
#include "crypto/load_key.h"

extern "C" {
__attribute__((weak)) void __lsan_disable();
__attribute__((weak)) void __lsan_enable();
}

namespace cm4it::crypto {

// SoftHSM 2.6 loses a few octets with every Ed25519 key it reads; what this thread allocates meanwhile is not looked at.
struct LeaksOfSoftHsm {
  LeaksOfSoftHsm() {
    if (__lsan_disable) __lsan_disable();
  }
  ~LeaksOfSoftHsm() {
    if (__lsan_enable) __lsan_enable();
  }
  LeaksOfSoftHsm(const LeaksOfSoftHsm&) = delete;
  LeaksOfSoftHsm& operator=(const LeaksOfSoftHsm&) = delete;
};

class SoftHsm {
 public:
  static constexpr const char* module = "/usr/lib/softhsm/libsofthsm2.so";
  static bool installed() { return std::filesystem::exists(module) && std::filesystem::exists("/usr/bin/softhsm2-util"); }

  SoftHsm() {
    std::filesystem::create_directory(directory_ / "tokens");
    std::ofstream(directory_ / "softhsm2.conf")
        << "directories.tokendir = " << (directory_ / "tokens").string() << "\nlog.level = ERROR\n";
    ::setenv("SOFTHSM2_CONF", (directory_ / "softhsm2.conf").c_str(), 1);
    pin_file("pin", "1234\n");
    pin_file("wrong-pin", "4321\n");
  }

  void add_token(const std::string& label) const {
    const std::string command = "softhsm2-util --init-token --free --label '" + label + "' --pin 1234 --so-pin 12345678 >" +
                                (directory_ / "util.log").string() + " 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  void pin_file(const char* name, const char* content) const {
    std::ofstream(directory_ / name, std::ios::trunc) << content;
    std::filesystem::permissions(directory_ / name, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  // "pkcs11:token=…" and what selects the key, with a PIN file beside the tokens.
  std::string uri(const std::string& path, const std::string& pin = "pin") const {
    return "pkcs11:" + path + "?module-path=" + module + (pin.empty() ? "" : "&pin-source=file:" + (directory_ / pin).string());
  }
  const std::filesystem::path& directory() const { return directory_; }

 private:
  const TemporaryDirectory temporary_{"softhsm"};
  const std::filesystem::path directory_ = temporary_.path();
};

}  // namespace cm4it::crypto
