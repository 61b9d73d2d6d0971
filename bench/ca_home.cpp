#include "ca_home.h"

#include <fmt/format.h>

#include <fstream>

#include "crypto/pem.h"

namespace cm4it::bench {
namespace {

namespace x509 = evidence::x509::test;

Result<void> write_file(const fs::path& file, const std::string& content, std::ios::openmode mode = std::ios::trunc) {
  std::ofstream out(file, std::ios::binary | mode);
  out << content;
  if (!out.flush()) return fail(Code::unavailable, file.string() + ": cannot be written");
  return {};
}

}  // namespace

Bytes ocsp_request(View issuer_name, const crypto::PublicKey& issuer, View serial, bool nonce) {
  const Bytes id = der::item(der::sequence, {*from_hex("300906052b0e03021a0500"),
                                             der::item(der::octet_string, crypto::digest(crypto::Hash::sha1, issuer_name)),
                                             der::item(der::octet_string, issuer.method1_id()), der::item(der::integer, serial)});
  Bytes extensions;
  if (nonce)
    extensions = der::item(
        der::context(2),
        der::item(der::sequence,
                  der::item(der::sequence, {*from_hex("06092b0601050507300102"),
                                            der::item(der::octet_string, der::item(der::octet_string, Bytes(16, 7)))})));
  return der::item(der::sequence, der::item(der::sequence, {der::item(der::sequence, der::item(der::sequence, id)), extensions}));
}

Result<CaHome> make_ca_home(const Setup& setup, const std::string& name, std::size_t count) {
  CaHome made;
  TRY(made.key, crypto::generate(crypto::Algorithm::es256));
  const x509::Authority ca{made.key, x509::name("Acme Device CA", "Acme")};
  made.ca = ca.itself().encode();
  const fs::path base = setup.directory / (name + "-pki");
  std::error_code ignored;
  fs::remove_all(base, ignored);
  fs::remove_all(setup.directory / name, ignored);
  fs::create_directories(base);
  made.pem = base / "certificates.pem";
  made.requests = base / "requests";
  CHECK_OK(write_file(base / "ca.pem", crypto::certificate_pem(made.ca)));
  CHECK_OK(crypto::save_key_file(*made.key, base / "ca.key"));
  std::string pem, requests;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(const auto key,
        crypto::from_seed(crypto::Algorithm::es256, crypto::sha256(view(fmt::format("cm4it bench certificate {}", i)))));
    auto draft = ca.issues(key->public_key(), x509::name(fmt::format("thermo-2000 {}", i), "Acme", fmt::format("{:08}", i)));
    draft.serial = {1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    draft.extensions.push_back(x509::alternative_names({x509::uri(fmt::format("urn:dev:os:32473-{}", i))}));
    draft.extensions.push_back(x509::key_usage(0x80));
    made.certificates.push_back(draft.encode());
    pem += crypto::certificate_pem(made.certificates.back());
    const std::string request = to_base64(ocsp_request(ca.subject, made.key->public_key(), draft.serial, false));
    made.digits = static_cast<unsigned>(request.size());
    requests += request + "\n";
  }
  CHECK_OK(write_file(made.pem, pem));
  CHECK_OK(write_file(made.requests, requests));
  TRY(made.home, make_home(setup, name, "manufacturer", "threads = 1\ncache = \"1G\"\n", {"--ca", base / "ca.pem"}));
  CHECK_OK(
      write_file(made.home.directory / "icsd.toml",
                 fmt::format("\n[[ocsp]]\nca = \"{}\"\nkey = \"{}\"\n", (base / "ca.pem").string(), (base / "ca.key").string()),
                 std::ios::app));
  return made;
}

}  // namespace cm4it::bench
