// The openssl command in a directory of its own, for tests that ask a stranger. Keys of CAs are made once a directory.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/temporary_directory_for_test.h"

namespace cm4it::crypto::test {

class OpenSsl {
 public:
  static bool there() { return std::system("openssl version >/dev/null 2>&1") == 0; }

  // Runs `openssl ARGUMENTS` there; what it printed on both streams is in said().
  bool run(const std::string& arguments) const {
    return std::system(("cd '" + home_ + "' && LC_ALL=C openssl " + arguments + " </dev/null >said 2>&1").c_str()) == 0;
  }
  std::string said() const { return get("said"); }
  bool says(const std::string& text) const { return said().find(text) != std::string::npos; }

  std::string path(const std::string& name) const { return home_ + "/" + name; }
  void put(const std::string& name, std::string_view content) const { std::ofstream(path(name), std::ios::binary) << content; }
  void put(const std::string& name, View content) const { put(name, text(content)); }
  std::string get(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Bytes der(const std::string& name) const { return to_bytes(view(get(name))); }

  // NAME.key, NAME.pem and NAME.cer (DER) of a CA of its own. `key`: what -newkey takes.
  void make_ca(const std::string& name, const std::string& key = "ec -pkeyopt ec_paramgen_curve:P-256") const {
    EXPECT_TRUE(run("req -x509 -newkey " + key + " -nodes -keyout " + name + ".key -out " + name +
                    ".pem -days 3650 -subj '/O=Acme/CN=" + name +
                    "' -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature"))
        << said();
    to_der(name);
  }
  // NAME.pem and NAME.cer, by the CA; `request`: a PKCS#10 file that is there already, whose extensions are taken over.
  void issue(const std::string& ca, const std::string& name, unsigned serial, const std::string& request = {},
             const std::string& days = "365") const {
    if (request.empty()) {
      EXPECT_TRUE(run("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout " + name + ".key -out " + name +
                      ".csr -subj /O=Acme/CN=" + name + "/serialNumber=no-" + name + " -addext keyUsage=critical,digitalSignature"))
          << said();
    }
    EXPECT_TRUE(run("x509 -req -in " + (request.empty() ? name + ".csr" : request) + " -CA " + ca + ".pem -CAkey " + ca +
                    ".key -days " + days + " -set_serial " + std::to_string(serial) + " -copy_extensions copy -out " + name + ".pem"))
        << said();
    to_der(name);
  }

  // NAME.pem and NAME.crl (DER) by the CA, as `openssl ca -gencrl` makes it. `revoked`: serial numbers (hex) with the reason's
  // name, "" for none; all at 2026-01-01. `this_update` empty: now. `more`: lines of the section of extensions.
  using Revoked = std::vector<std::pair<std::string, std::string>>;
  void make_crl(const std::string& ca, const std::string& name, unsigned number, const Revoked& revoked,
                const std::string& this_update = {}, const std::string& next_update = {},
                const std::string& more = {}) const {
    put("ca.cnf",
        "[ca]\ndefault_ca = d\n[d]\ndatabase = index\ncrlnumber = number\ndefault_md = default\ncrl_extensions = e\n"
        "unique_subject = no\n[e]\nauthorityKeyIdentifier = keyid\n" +
            more);
    std::string index;
    for (const auto& [serial, reason] : revoked)
      index += "R\t361231235959Z\t260101000000Z" + (reason.empty() ? "" : "," + reason) + "\t" + serial +
               "\tunknown\t/CN=" + serial + "\n";
    put("index", index);
    char digits[16];
    std::snprintf(digits, sizeof digits, "%04X", number);
    put("number", std::string(digits) + "\n");
    EXPECT_TRUE(run("ca -config ca.cnf -cert " + ca + ".pem -keyfile " + ca + ".key -gencrl " +
                    (this_update.empty() ? "-crldays 30" : "-crl_lastupdate " + this_update + " -crl_nextupdate " + next_update) +
                    " -out " + name + ".pem"))
        << said();
    EXPECT_TRUE(run("crl -in " + name + ".pem -outform DER -out " + name + ".crl")) << said();
  }

 private:
  void to_der(const std::string& name) const {
    EXPECT_TRUE(run("x509 -in " + name + ".pem -outform DER -out " + name + ".cer")) << said();
  }

  const TemporaryDirectory temporary_{"openssl"};
  const std::string home_ = temporary_.path().string();
};

}  // namespace cm4it::crypto::test
