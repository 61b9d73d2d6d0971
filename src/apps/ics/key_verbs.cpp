// Keys in files, tokens and TPMs: nothing here asks a server.
#include "apps/ics/json.h"
#include "apps/ics/key_source.h"
#include "apps/ics/output_file.h"
#include "apps/ics/verbs.h"

namespace cm4it::ics {
namespace {

json::object key_json(const std::string& file, const crypto::PublicKey& key) {
  return {{"file", file}, {"id", key.id().text()}, {"algorithm", algorithm_name(key.algorithm())}};
}

// The passphrase of a new key file: from the file of --key-pass, or typed twice.
Result<crypto::Secret> new_passphrase(const Context& context, const std::string& file) {
  const std::string what = "passphrase for " + file;
  if (!context.options.key_pass.empty()) return crypto::secret_for(what, context.key_access());
  if (!context.ask_secret) return fail(Code::not_permitted, "nobody can be asked for a passphrase (no terminal)", "--key-pass FILE");
  TRY(auto first, context.ask_secret(what));
  TRY(const auto second, context.ask_secret("the same again"));
  if (first.text() != second.text()) return fail(Code::malformed, what + ": they differ");
  if (first.octets().empty()) return fail(Code::malformed, what + ": empty");
  return first;
}

Result<crypto::SignerPtr> make(const Context& context, const std::string& where, crypto::Algorithm algorithm, bool encrypt) {
  if (crypto::is_key_uri(where)) return crypto::make_key(where, algorithm, context.key_access());
  TRY(const auto signer, crypto::generate(algorithm));
  if (encrypt || !context.options.key_pass.empty()) {
    TRY(const auto passphrase, new_passphrase(context, where));
    CHECK_OK(crypto::save_key_file(*signer, where, &passphrase));
  } else {
    CHECK_OK(crypto::save_key_file(*signer, where));
  }
  return signer;
}

Result<int> new_key(Context& context, const std::string& file, const std::string& algorithm_text, bool encrypt, bool tpm) {
  TRY(const auto algorithm, parse_algorithm(algorithm_text));
  if (tpm && (encrypt || !context.options.key_pass.empty() || crypto::is_key_uri(file)))
    return fail(Code::malformed, "--tpm: makes a file, which has no passphrase", "ics key new FILE --tpm --alg p256");
  TRY(const auto signer, tpm ? crypto::make_tpm_key_file(file, algorithm) : make(context, file, algorithm, encrypt));
  const auto& key = signer->public_key();
  if (context.options.json) context.print_json(key_json(file, key));
  else context.console.line(key.id().text());
  return exit_yes;
}

// The bare id of one file, for scripts; with more of them, which is whose.
Result<int> key_ids(Context& context, const std::vector<std::string>& files) {
  json::array shown;
  Table table({"", ""});
  for (const auto& file : files) {
    TRY(const auto key, public_key_at(file, context.key_access()));
    shown.push_back(key_json(file, key));
    if (files.size() == 1) table.add({key.id().text()});
    else table.add({key.id().text(), file});
  }
  if (context.options.json) context.print_json(json::object{{"keys", std::move(shown)}});
  else table.print(context.console);
  return exit_yes;
}

Result<int> show_key(Context& context, const std::string& file) {
  TRY(const auto key, public_key_at(file, context.key_access()));
  const auto pem = public_pem(key);
  if (context.options.json) {
    auto shown = key_json(file, key);
    shown["base64"] = key.base64();
    shown["pem"] = pem;
    context.print_json(shown);
    return exit_yes;
  }
  Table table({"", ""});
  table.add({"id", {key.id().text(), Tone::bold}});
  table.add({"algorithm", algorithm_name(key.algorithm())});
  table.add({"base64", key.base64()});
  table.print(context.console);
  context.console.out << pem;
  return exit_yes;
}

// The half that one sends to whoever is to give this key a role.
Result<int> write_public(Context& context, const std::string& file, const std::string& out) {
  TRY(const auto key, public_key_at(file, context.key_access()));
  const auto pem = public_pem(key);
  TRY(auto to, OutputFile::create_for(context.console, out));
  CHECK_OK(to.write(view(pem)));
  CHECK_OK(to.commit());
  if (out != "-" && context.options.json) context.print_json(key_json(out, key));
  else if (out != "-") context.console.line(out + ": the public key of " + key.id().text());
  return exit_yes;
}

}  // namespace

void add_key_verbs(CLI::App& app, Context& context) {
  auto* group = add_group(app, "key", "keys in files, tokens and TPMs");
  struct Options {
    std::string file, algorithm = "ed25519";
    bool encrypt = false, tpm = false;
    std::vector<std::string> files;
  };
  auto options = std::make_shared<Options>();
  auto* fresh = add_verb(*group, context, "new", "makes a key: in a file only its owner may read, or in a token; never over an existing one",
                         [&context, options] { return new_key(context, options->file, options->algorithm, options->encrypt, options->tpm); });
  fresh->add_option("FILE", options->file, "where to write it, or pkcs11:token=…;object=NAME")->required();
  fresh->add_flag("--encrypt", options->encrypt, "under a passphrase, which is asked for (or that of --key-pass)");
  fresh->add_flag("--tpm", options->tpm, "in a file that only this machine's TPM can use (p256, p384, rsa)");
  fresh->add_option("--alg", options->algorithm, "which algorithm it signs with")
      ->check(CLI::IsMember({"ed25519", "p256", "p384", "rsa"}))
      ->capture_default_str();
  struct Public { std::string file, out = "-"; };
  auto half = std::make_shared<Public>();
  auto* pub = add_verb(*group, context, "pub", "the public half, in PEM: what others are given", [&context, half] { return write_public(context, half->file, half->out); });
  pub->add_option("FILE", half->file, "a private key, a certificate, pkcs11:…, handle:…")->required();
  pub->add_option("--out", half->out, "the file to write; -: standard output")->capture_default_str();
  auto* id = add_verb(*group, context, "id", "the ids of keys", [&context, options] { return key_ids(context, options->files); });
  id->add_option("FILE", options->files, "private keys, public keys, OpenPGP or X.509 certificates, pkcs11:…, handle:…")->required();
  auto* show = add_verb(*group, context, "show", "id, algorithm and public key (base64 and PEM)",
                        [&context, options] { return show_key(context, options->file); });
  show->add_option("FILE", options->file, "a private key, a public key, an OpenPGP or an X.509 certificate, pkcs11:…, handle:…")->required();
}

}  // namespace cm4it::ics
