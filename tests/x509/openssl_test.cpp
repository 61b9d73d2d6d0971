// A PKI made by the real openssl, against a running icsd: what enters, what it says, and what openssl makes of what comes back.
#include "hkp/running.h"

namespace cm4it::x509::test {
namespace {

using hkp::test::installed;
using testing::HasSubstr;

// Certificates and keys lie beside the ICS's directory: NAME.pem, NAME.key.
struct Openssl : hkp::test::Running {
  std::string file(const std::string& name) const { return (directory / name).string(); }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(file(name), std::ios::binary) << content;
  }

  demo::Output openssl(demo::Arguments arguments, const std::string& input = {}) const {
    arguments.insert(arguments.begin(), {"/usr/bin/env", "timeout", "60", "openssl"});
    auto output = demo::run(arguments, input);
    EXPECT_TRUE(output) << output.error().message;
    return output ? *output : demo::Output{};
  }
  void make_key(const std::string& name, const std::string& algorithm) const {
    const auto made =
        algorithm == "rsa"
            ? openssl({"genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", file(name + ".key")})
        : algorithm == "p256"
            ? openssl({"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", file(name + ".key")})
            : openssl({"genpkey", "-algorithm", algorithm, "-out", file(name + ".key")});
    ASSERT_EQ(made.exit, 0) << made.err;
  }
  void make_root(const std::string& name, const std::string& algorithm = "p256") const {
    make_key(name, algorithm);
    const auto made = openssl({"req", "-x509", "-new", "-key", file(name + ".key"), "-out", file(name + ".pem"), "-subj",
                               "/O=Acme/CN=" + name, "-days", "3650", "-addext", "keyUsage=critical,keyCertSign,cRLSign"});
    ASSERT_EQ(made.exit, 0) << made.err;
  }
  // By `issuer`, with these extensions; `more`: for `openssl ca` (dates).
  void make(const std::string& name, const std::string& issuer, const std::string& extensions,
            const std::string& algorithm = "p256", const demo::Arguments& more = {"-days", "365"}) {
    make_key(name, algorithm);
    auto made = openssl({"req", "-new", "-key", file(name + ".key"), "-out", file(name + ".csr"), "-subj",
                         "/O=Acme/CN=" + name + "/serialNumber=no-" + name});
    ASSERT_EQ(made.exit, 0) << made.err;
    write("ca.conf", "[ca]\ndefault_ca=a\n[a]\ndatabase=" + file("index.txt") + "\nnew_certs_dir=" + directory.string() +
                         "\nrand_serial=yes\ndefault_md=sha256\n" +
                         "policy=p\nx509_extensions=e\nunique_subject=no\nemail_in_dn=no\n[p]\norganizationName="
                         "optional\ncommonName=supplied\n" +
                         "serialNumber=optional\n[e]\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n" + extensions);
    write("index.txt", "");
    demo::Arguments arguments{"ca",
                              "-config",
                              file("ca.conf"),
                              "-batch",
                              "-notext",
                              "-cert",
                              file(issuer + ".pem"),
                              "-keyfile",
                              file(issuer + ".key"),
                              "-in",
                              file(name + ".csr"),
                              "-out",
                              file(name + ".pem")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    made = openssl(arguments);
    ASSERT_EQ(made.exit, 0) << made.err;
  }
  std::string pem(const std::string& name) const { return content_of(file(name + ".pem")); }
  std::string sha256_of(const std::string& name) const {
    std::string line = openssl({"x509", "-in", file(name + ".pem"), "-noout", "-fingerprint", "-sha256"}).out;
    line = line.substr(line.find('=') + 1);
    std::erase_if(line, [](char c) { return c == ':' || c == '\n'; });
    return line;
  }
  demo::Output push(const std::string& name) const { return ics({"push", file(name + ".pem")}); }

  void start_with(const std::string& ca) {
    const auto made = demo::run({CM4IT_ICS, "init", (directory / "ics").string(), "--role", "manufacturer", "--domain",
                                 "acme.example", "--listen", "127.0.0.1:0", "--ca", file(ca + ".pem")});
    ASSERT_TRUE(made && made->exit == 0) << made->err;
    run();
  }
};

constexpr const char* ca_extensions = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n";
constexpr const char* device_extensions = "keyUsage=critical,digitalSignature\n";

TEST_F(Openssl, AManufacturersPkiIsItsDomain) {
  make_root("root");
  make("factory", "root", ca_extensions, "rsa");
  make("sensor", "factory",
       std::string(device_extensions) +
           "subjectAltName=URI:urn:dev:os:32473-1,DNS:sensor.acme.example,otherName:1.3.6.1.5.5.7.8.4;SEQUENCE:hw\n"
           "[hw]\ntype=OID:1.3.6.1.4.1.32473.1\nserial=FORMAT:HEX,OCTETSTRING:00C0FFEE\n");
  make("meter", "factory", device_extensions, "ed25519");
  start_with("root");
  write("chain.pem", pem("sensor") + pem("factory") + pem("meter"));
  const auto pushed = push("chain");
  ASSERT_EQ(pushed.exit, 0) << pushed.out << pushed.err;
  for (const std::string& name : {"x509:" + sha256_of("sensor"), std::string("urn:dev:os:32473-1"), std::string("no-sensor"),
                                  std::string("dns:sensor.acme.example"), std::string("hw:1.3.6.1.4.1.32473.1:00c0ffee")}) {
    const auto shown = ics({"show", name});
    EXPECT_EQ(shown.exit, 0) << name << shown.err;
    EXPECT_THAT(shown.out, HasSubstr("sensor.acme.example")) << name;
  }
  const auto why = ics({"why", "no-sensor"});
  EXPECT_EQ(why.exit, 0) << why.out;
  EXPECT_EQ(ics({"why", "no-meter"}).exit, 0);
  // The root speaks for itself.
  EXPECT_EQ(ics({"show", "x509:" + sha256_of("root")}).exit, 0);
  // As it came: openssl verifies it.
  const auto exported = ics({"export", "no-sensor", "--pem"});
  EXPECT_EQ(exported.exit, 0) << exported.err;
  EXPECT_EQ(exported.out, pem("sensor"));
  write("exported.pem", exported.out);
  EXPECT_EQ(openssl({"verify", "-CAfile", file("root.pem"), "-untrusted", file("factory.pem"), file("exported.pem")}).exit, 0);
  const auto der = ics({"export", "no-meter", "--der"});
  write("meter.der", der.out);
  EXPECT_EQ(openssl({"x509", "-inform", "der", "-in", file("meter.der")}).out, pem("meter"));
  // A restart, and rows made anew, change nothing.
  server->kill();
  const auto rebuilt = demo::run({CM4IT_ICS, "rebuild", (directory / "ics").string()});
  ASSERT_TRUE(rebuilt && rebuilt->exit == 0) << rebuilt->err;
  run();
  EXPECT_EQ(ics({"why", "no-sensor"}).exit, 0);
  EXPECT_EQ(ics({"export", "no-sensor", "--pem"}).out, exported.out);
}

TEST_F(Openssl, WhatCasMayNotDoIsRefusedWithItsReason) {
  make_root("root");
  make_root("stranger");
  make("narrow", "root",
       "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\nnameConstraints=critical,permitted;DNS:acme."
       "example\n");
  make("below", "narrow", ca_extensions);
  make("deep", "below", device_extensions);
  make("elsewhere", "narrow", std::string(device_extensions) + "subjectAltName=DNS:sensor.other.example\n");
  make("plain", "root", device_extensions);
  make("under-plain", "plain", device_extensions);
  make("strange", "stranger", device_extensions);
  make("critical", "root", std::string(device_extensions) + "1.3.6.1.4.1.32473.9=critical,ASN1:NULL\n");
  make("old", "root", device_extensions, "p256", {"-startdate", "20200101000000Z", "-enddate", "20210101000000Z"});
  start_with("root");
  const auto refused = [&](const std::string& name, const std::string& why) {
    const auto pushed = push(name);
    EXPECT_NE(pushed.exit, 0) << name;
    EXPECT_THAT(pushed.out + pushed.err, HasSubstr(why)) << name;
    EXPECT_NE(ics({"show", "no-" + name}).exit, 0) << name;
  };
  for (const char* name : {"narrow", "below", "plain"}) EXPECT_EQ(push(name).exit, 0) << name;
  refused("deep", "path length constraint exceeded");
  refused("elsewhere", "permitted subtree violation");
  refused("under-plain", "no certificate of a CA");
  refused("strange", "no certificate of a CA");
  refused("critical", "1.3.6.1.4.1.32473.9 is critical");
  // Of what is past it is known that it was, and that it counts no more.
  EXPECT_EQ(push("old").exit, 0);
  EXPECT_THAT(ics({"history", "no-old"}).out, HasSubstr("expired at 2021-01-01"));
  // Broken files.
  write("cut.pem", pem("plain").substr(0, 200));
  EXPECT_NE(push("cut").exit, 0);
  write("bundle.pem", pem("plain") + content_of(file("plain.key")));
  const auto secret = push("bundle");
  EXPECT_NE(secret.exit, 0);
  EXPECT_THAT(secret.err, HasSubstr("private key"));
}

TEST_F(Openssl, ASignerOfThePkiMakesStatements) {
  make_root("root");
  make("issuing", "root", ca_extensions);
  make("sensor", "issuing", device_extensions);
  make("inspector", "issuing", "keyUsage=critical,digitalSignature\nextendedKeyUsage=1.3.6.1.5.5.7.3.36\n");
  start_with("root");
  write("chain.pem", pem("issuing") + pem("sensor"));
  ASSERT_EQ(push("chain").exit, 0);
  write("signer.pem", pem("inspector") + pem("issuing") + pem("root"));
  const auto endorse = [&](const std::string& key, const std::string& chain) {
    return ics({"endorse", "no-sensor", "--label", "inspected", "--key", file(key), "--chain", file(chain)});
  };
  // The CA speaks by certificates alone, until the policy lets its signers speak.
  const auto early = endorse("inspector.key", "signer.pem");
  EXPECT_NE(early.exit, 0);
  EXPECT_THAT(early.out + early.err, HasSubstr("no policy that is known here lists the key"));
  const auto let = ics({"role", "add", (directory / "ics").string(), "manufacturer", "signers", "--key", file("root.pem"),
                        "--formats", "x509,cose", "--yes"});
  ASSERT_EQ(let.exit, 0) << let.err;
  const auto said = endorse("inspector.key", "signer.pem");
  EXPECT_EQ(said.exit, 0) << said.out << said.err;
  EXPECT_THAT(ics({"show", "no-sensor"}).out, HasSubstr("inspected"));
  // Without the root in it as well.
  write("short.pem", pem("inspector") + pem("issuing"));
  EXPECT_EQ(endorse("inspector.key", "short.pem").exit, 0);
  // A device's certificate speaks for nobody, and a chain of another key neither.
  write("device.pem", pem("sensor") + pem("issuing") + pem("root"));
  const auto device = endorse("sensor.key", "device.pem");
  EXPECT_NE(device.exit, 0);
  EXPECT_THAT(device.out + device.err, HasSubstr("extKeyUsage"));
  EXPECT_NE(endorse("sensor.key", "signer.pem").exit, 0);
}

}  // namespace
}  // namespace cm4it::x509::test
