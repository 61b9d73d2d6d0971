// The real sq (Sequoia) against a running icsd, before and after a restart.
#include "base/needs_for_test.h"
#include "hkp/running.h"

namespace cm4it::hkp::test {
namespace {

struct Sq : Running {
  void SetUp() override {
    CM4IT_NEEDS(installed("sq"), "sq");
  }
  demo::Output sq(demo::Arguments arguments, const std::string& input = {}) const {
    arguments.insert(arguments.begin(), {"/usr/bin/env", "timeout", "60", "sq"});
    auto output = demo::run(arguments, input);
    EXPECT_TRUE(output) << output.error().message;
    return output ? *output : demo::Output{};
  }
  // hkp:// is plain HTTP, which sq does not use unless it is told so.
  demo::Output keyserver(demo::Arguments arguments) const {
    arguments.insert(arguments.begin(), {"keyserver", "--policy", "insecure", "--server", "hkp://" + address});
    return sq(arguments);
  }
  std::string file(const std::string& name) const { return (directory / name).string(); }
  // A key and its certificate, in files of that name.
  std::string make(const std::string& name, const std::string& user_id, const std::string& suite) const {
    EXPECT_EQ(sq({"key", "generate", "--userid", user_id, "--cipher-suite", suite, "--export", file(name + ".key"), "--rev-cert", file(name + ".rev")}).exit, 0);
    EXPECT_EQ(sq({"key", "extract-cert", "--output", file(name), file(name + ".key")}).exit, 0);
    const std::string shown = sq({"inspect", file(name)}).out;
    const auto at = shown.find("Fingerprint: ");
    return at == shown.npos ? "" : shown.substr(at + 13, 40);
  }
  std::string packets(const std::string& certificate) const { return sq({"packet", "dump"}, certificate).out; }
  static std::multiset<std::string> sorted(const std::string& text) {
    std::multiset<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.insert(line);
    return lines;
  }
};

TEST_F(Sq, SendsAndGets) {
  start("keyserver", "keys.example");
  for (const auto& [name, suite] : {std::pair{"ed", "cv25519"}, {"rsa", "rsa3k"}}) {
    SCOPED_TRACE(name);
    const std::string user_id = name + std::string("@acme.example");
    const std::string fingerprint = make(name, "<" + user_id + ">", suite);
    ASSERT_EQ(fingerprint.size(), 40u);
    const auto sent = keyserver({"send", file(name)});
    EXPECT_EQ(sent.exit, 0) << sent.err;
    for (const std::string& query : {fingerprint, fingerprint.substr(24), user_id}) {
      const auto got = keyserver({"get", query});
      EXPECT_EQ(got.exit, 0) << query << ": " << got.err;
      EXPECT_EQ(sorted(packets(got.out)), sorted(packets(content_of(file(name))))) << query;  // nothing more and nothing less
    }
  }
  EXPECT_NE(keyserver({"get", std::string(40, 'A')}).exit, 0);
  EXPECT_NE(keyserver({"get", "nobody@acme.example"}).exit, 0);
  const std::string before = keyserver({"get", "ed@acme.example"}).out;
  server->kill();
  run();
  EXPECT_EQ(keyserver({"get", "ed@acme.example"}).out, before);
}

TEST_F(Sq, ARevocationArrives) {
  start("keyserver", "keys.example");
  const std::string fingerprint = make("short", "<short@acme.example>", "cv25519");
  ASSERT_EQ(keyserver({"send", file("short")}).exit, 0);
  // What was made along with the key is a bare signature: its place is behind the key, whose packet has a length of one octet.
  std::string certificate = sq({"dearmor", file("short")}).out;
  certificate.insert(2 + static_cast<unsigned char>(certificate.at(1)), sq({"dearmor", file("short.rev")}).out);
  std::ofstream(file("revoked"), std::ios::binary) << certificate;
  ASSERT_EQ(keyserver({"send", file("revoked")}).exit, 0);
  const auto got = keyserver({"get", fingerprint});
  EXPECT_EQ(got.exit, 0) << got.err;
  EXPECT_THAT(sq({"inspect"}, got.out).out, HasSubstr("Revoked"));
}

}  // namespace
}  // namespace cm4it::hkp::test
