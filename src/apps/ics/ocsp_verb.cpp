// ocsp-cert: the request for the certificate of whoever answers OCSP for a CA, its delegate (RFC 6960 section 4.2.2.2).
#include "apps/ics/json.h"
#include "apps/ics/output_file.h"
#include "apps/ics/verbs.h"
#include "crypto/load_key.h"
#include "crypto/ocsp.h"
#include "crypto/pem.h"

namespace cm4it::ics {
namespace {

namespace fs = std::filesystem;

struct GivenOcsp { std::string name = "OCSP responder", out; };

// The delegate's key is made once, and kept beside the others of the server; one in a token is there already.
Result<crypto::SignerPtr> delegate_key(const Context& context, const std::string& place) {
  if (crypto::is_key_uri(place) || fs::exists(place)) return crypto::load_key(place, context.key_access());
  TRY(auto made, crypto::make_key(place, crypto::Algorithm::es256, context.key_access()));
  context.console.note("a new key: " + place);
  return made;
}

Result<int> request_certificate(Context& context, const GivenOcsp& given) {
  TRY(const auto directory, context.directory());
  const std::string place = context.options.key.empty() ? (directory.path() / "ocsp.key").string() : context.options.key;
  TRY(const auto key, delegate_key(context, place));
  TRY(const Bytes request, crypto::ocsp::delegate_request(*key, given.name));
  TRY(auto file, OutputFile::create_for(context.console, given.out));
  CHECK_OK(file.write(view(crypto::pem_text("CERTIFICATE REQUEST", request))));
  CHECK_OK(file.commit());
  if (given.out == "-") return exit_yes;
  const std::string id = key->public_key().id().text();
  if (context.options.json) {
    context.print_json(json::object{{"file", given.out}, {"key", id}, {"key_file", place}});
    return exit_yes;
  }
  const std::string certificate = (directory.path() / "ocsp.pem").string();
  context.console.line(given.out + ": a request for OCSPSigning, of " + id);
  context.console.note("→ the CA signs it:  openssl x509 -req -in " + given.out + " -CA CA.pem -CAkey CA.key -days 90 -copy_extensions copy -out " + certificate);
  context.console.note("→ then, in " + (directory.path() / "icsd.toml").string() + ", with the CA's certificate beside it:");
  const std::string shown = crypto::is_key_uri(place) ? place : fs::relative(place, directory.path()).string();
  for (const std::string& line : {std::string("[[ocsp]]"), std::string("ca = \"CA.pem\""), "key = \"" + shown + "\"", std::string("certificates = \"ocsp.pem\"")})
    context.console.note("  " + line);
  return exit_yes;
}

}  // namespace

void add_ocsp_verb(CLI::App& app, Context& context) {
  auto given = std::make_shared<GivenOcsp>();
  auto* verb = add_verb(app, context, "ocsp-cert", "a request (CSR) for the certificate that OCSP answers are signed with: key ocsp.key of the directory, or --key",
                        [&context, given] { return request_certificate(context, *given); });
  verb->add_option("--name", given->name, "the common name it asks for")->capture_default_str();
  verb->add_option("--out", given->out, "the file to write, PEM; -: standard output")->required()->type_name("FILE");
}

}  // namespace cm4it::ics
