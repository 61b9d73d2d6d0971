// What an operator does with real servers: tokens, watching, a page about a server; and what is installed.
#include "base/needs_for_test.h"
#include "cli/running.h"

namespace cm4it::cli::test {
namespace {

class Operator : public Shell {
 protected:
  void SetUp() override {
    ok("ics init acme --role manufacturer --domain acme.example --listen 127.0.0.1:0");
    start("acme");
    ok("ics key new a1.key && ics --dir acme identify a1.key --type device --maker Acme --model thermo-2000 --serial A-1 --name thermo-hall-3");
  }
};

TEST_F(Operator, ATokenIsLookedIntoAndChecked) {
  EXPECT_THAT(ok("ics --dir acme token A-1"), HasSubstr("A-1.cwt"));
  EXPECT_THAT(ok("ics token show A-1.cwt"), testing::AllOf(HasSubstr("admitted in acme.example"), HasSubstr(ok("ics key id a1.key").substr(0, 68))));
  EXPECT_THAT(ok("ics --dir acme token verify A-1.cwt"), HasSubstr("holds"));
  ok("ics key pub acme/server.key --out server.pem && ics token verify A-1.cwt --signer server.pem --subject a1.key --domain acme.example");
  // Another's key, another server, and a verdict that is no.
  ok("ics key new b.key && ics key new other.key --alg p256");
  EXPECT_EQ(sh("ics --dir acme token verify A-1.cwt --subject b.key").exit, 1);
  EXPECT_EQ(sh("ics --dir acme token verify A-1.cwt --signer other.key").exit, 1);
  ok("ics --dir acme status A-1 stolen && ics --dir acme token A-1 --out no.cwt");
  const auto refused = sh("ics --dir acme token verify no.cwt");
  EXPECT_EQ(refused.exit, 1);
  EXPECT_THAT(refused.err, HasSubstr("stolen"));
  EXPECT_THAT(sh("ics token show a1.key").err, HasSubstr("no verdict token"));
}

// For browsers and curl, which look at names.
TEST_F(Operator, ItsCertificateBearsTheNamesThatInitWasGiven) {
  EXPECT_THAT(ok("ics init plant --role maintenance --domain plant7.example --listen 127.0.0.1:0 --san ics.plant7.example,127.0.0.1"), HasSubstr("plant/tls.pem, self-signed, for"));
  EXPECT_THAT(ok("$ICSD --config plant/icsd.toml --check-config 2>&1"), HasSubstr("in order"));
  start("plant");
  EXPECT_EQ(ok("curl -sf --cacert plant/tls.pem $(cat plant/address)/healthz"), "ok\n");
  EXPECT_EQ(ok("curl -sf --cacert plant/tls.pem --resolve ics.plant7.example:$(sed 's/.*://' plant/address):127.0.0.1 https://ics.plant7.example:$(sed 's/.*://' plant/address)/healthz"), "ok\n");
  EXPECT_EQ(sh("ics init q --role maintenance --domain q.example --san 'a b'").exit, 2);
  EXPECT_EQ(sh("ics init q --role maintenance --domain q.example --certificate plant/tls.pem").exit, 2) << "of which key?";
}

TEST_F(Operator, ACertificateThatThereIsIsCheckedAndTaken) {
  ok("ics key new tls.key --alg p256 && ics key new other.key --alg p256 && "
     "openssl req -x509 -new -key tls.key -subj /CN=ics.plant7.example -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -days 30 -out tls.pem 2>&1");
  EXPECT_THAT(sh("ics init plant --role maintenance --domain plant7.example --listen 127.0.0.1:0 --tls-key other.key --certificate tls.pem").err, HasSubstr("--certificate: tls.pem"));
  EXPECT_FALSE(fs::exists(directory / "plant")) << "made whole or not at all";
  ok("ics init plant --role maintenance --domain plant7.example --listen 127.0.0.1:0 --tls-key tls.key --certificate tls.pem");
  start("plant");
  EXPECT_EQ(ok("curl -sf --cacert tls.pem $(cat plant/address)/healthz"), "ok\n");
}

TEST_F(Operator, AnAlarmIsLiftedToWhatWasBefore) {
  const auto nothing = sh("ics --dir acme status A-1 --lift");
  EXPECT_EQ(nothing.exit, 3);
  EXPECT_THAT(nothing.err, HasSubstr("in-use"));
  ok("ics --dir acme status A-1 in-stock && ics --dir acme status A-1 lost");
  const auto lifted = sh("ics --dir acme status thermo-hall-3 --lift --reason found");
  EXPECT_THAT(lifted.err, testing::Not(HasSubstr("still")));
  EXPECT_THAT(ok("ics --dir acme show A-1"), HasSubstr("in-stock"));
}

// It holds nothing, so what it says of a single thing is not found by who holds that.
TEST_F(Operator, FromACertifierEverythingIsCopied) {
  ok("ics init tuev --role certifier --domain tuev.example --listen 127.0.0.1:0 && ics init plant --role maintenance --domain plant7.example --listen 127.0.0.1:0");
  start("tuev");
  start("plant");
  ok("ics trust plant $(cat acme/address) --as manufacturer --owner $(ics key id acme/owner.key) --yes");
  ok("ics trust plant $(cat tuev/address) --as certifier --owner $(ics key id tuev/owner.key) --yes");
  // All of them call their server `main`.
  EXPECT_THAT(ok("$ICSD --config plant/icsd.toml --check-config 2>&1"), HasSubstr("in order"));
  ok("ics --dir acme transfer A-1 --to plant7.example && ics --dir tuev endorse a1.key --label ce");
  EXPECT_TRUE(eventually([&] { return sh("ics --dir plant show A-1").out.find("ce by tuev.example/tuev (certifier)") != std::string::npos; })) << sh("ics --dir plant history A-1").out;
  // Nobody is admitted at the certifier's, and no role is asked for.
  EXPECT_THAT(sh("ics --dir tuev show a1.key").out, testing::AllOf(HasSubstr("no identity that counts"), testing::Not(HasSubstr("()"))));
}

TEST_F(Operator, WatchSaysWhatChanges) {
  auto watching = demo::Process::start({CM4IT_ICS, "--dir", (directory / "acme").string(), "watch", "--once"}, directory / "watch.log");
  ASSERT_TRUE(watching);
  // It is there when it asks; what is said before that is not its affair.
  ASSERT_TRUE(eventually([&] {
    ok("ics --dir acme status A-1 in-use");
    return !(*watching)->running();
  }));
  const auto line = (*watching)->await(0, [](const std::string& said) { return said.find("A-1") != std::string::npos; }, demo::in(10s));
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, HasSubstr("in-use  admitted"));
}

TEST_F(Operator, OnePageAboutAServer) {
  const auto page = sh("ics --dir acme status");
  EXPECT_THAT(page.out, testing::AllOf(HasSubstr("main of acme.example"), HasSubstr("free on its disk"), HasSubstr("self-signed"), HasSubstr("home")));
  ok("openssl req -x509 -key acme/server.key -subj /CN=acme -days 3 -out acme/tls.pem 2>&1");
  ok("sed -i 's/^# certificate = /certificate = /' acme/icsd.toml");
  stop("acme");
  start("acme");
  const auto soon = sh("ics --dir acme status");
  EXPECT_EQ(soon.exit, 1) << soon.out;
  EXPECT_THAT(soon.out, HasSubstr("certificate  expires at "));
  EXPECT_THAT(content("acme.log"), HasSubstr("acme/tls.pem: expires at "));
  CM4IT_NEEDS(fs::exists("/usr/bin/curl"), "curl");
  const auto metrics = ok("curl -sk $(cat acme/address)/metrics");
  EXPECT_THAT(metrics, HasSubstr("\ncm4it_certificate_seconds_left 25"));  // three days less a moment
  EXPECT_THAT(metrics, HasSubstr("\ncm4it_disk_free_octets "));
}

TEST_F(Operator, WhatAShellCompletes) {
  const auto completed = [&](const std::string& line) {
    return ok("export PATH=$(dirname $ICS):$PATH ICS_DIR=acme; source <(ics completion bash); COMP_WORDS=(" + line + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _ics; echo ${COMPREPLY[@]}");
  };
  EXPECT_EQ(completed("ics wh"), "why\n");
  EXPECT_EQ(completed("ics why A-"), "A-1\n");
  EXPECT_EQ(completed("ics status A-1 sto"), "stolen\n");
  EXPECT_EQ(completed("ics find --type gate"), "gateway\n");
}

// The same script of ours in the other shells, with what their line editors do put in its place.
TEST_F(Shell, ZshAndFishAskTheSame) {
  CM4IT_NEEDS(fs::exists("/usr/bin/zsh") && fs::exists("/usr/bin/fish"), "zsh or fish");
  const std::string path = "export PATH=$(dirname $ICS):$PATH; unset -f ics; ics completion zsh > _ics; ics completion fish > ics.fish; ";
  EXPECT_EQ(ok(path + "zsh -fc 'compdef() { : }; compadd() { print -l -- ${(P)2} }; _files() { print files }; source _ics;"
                      " words=(ics find --type gate); CURRENT=4; _ics; words=(ics push \"\"); CURRENT=3; _ics'"),
            "gateway\nfiles\n");
  EXPECT_EQ(ok(path + "HOME=$PWD fish --no-config -c 'source ics.fish; complete -C \"ics find --type gate\"; complete -C \"ics wh\"'"), "gateway\nwhy\n");
}

TEST_F(Shell, WhatIsInstalled) {
  ok("cmake --install " CM4IT_BUILD " --prefix inst");
  for (const char* file : {"bin/ics", "bin/icsd", "share/man/man1/ics.1", "share/man/man8/icsd.8", "share/doc/cm4it/README.md", "share/doc/cm4it/docs/day-two.md",
                           "share/doc/cm4it/docs/formats/descriptor.md", "share/bash-completion/completions/ics", "share/zsh/site-functions/_ics",
                           "share/fish/vendor_completions.d/ics.fish"})
    EXPECT_TRUE(fs::exists(directory / "inst" / file)) << file;
  EXPECT_EQ(ok("inst/bin/ics man"), content("inst/share/man/man1/ics.1"));
}

}  // namespace
}  // namespace cm4it::cli::test
