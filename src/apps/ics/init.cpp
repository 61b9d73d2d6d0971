#include "apps/ics/init.h"

#include <fmt/format.h>

#include "apps/ics/arguments.h"
#include "apps/ics/files.h"
#include "apps/ics/first_policy.h"
#include "apps/ics/json.h"
#include "base/budgets.h"
#include "base/text.h"
#include "crypto/certificate.h"
#include "evidence/evidence.h"
#include "net/address.h"
#include "policy/descriptor.h"

namespace cm4it::ics {
namespace {

using crypto::Algorithm;
using evidence::SubjectId;
namespace fs = std::filesystem;

struct Keys { crypto::SignerPtr owner, server, log; };

// What is under way lives beside its final place; a crash leaves nothing that looks like an ICS.
class HalfMade {
 public:
  explicit HalfMade(const fs::path& final) : final_(final), path_(final.string() + ".being-made") {}
  ~HalfMade() {
    std::error_code ignored;
    if (!done_) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

  Result<void> begin() {
    std::error_code failed;
    if (fs::exists(final_) && !fs::is_empty(final_, failed))
      return fail(Code::conflict, final_.string() + ": there is something already", "take a directory that does not exist");
    fs::remove_all(path_, failed);
    if (!fs::create_directories(path_ / "evidence", failed)) return fail(Code::unavailable, path_.string() + ": " + failed.message());
    fs::permissions(path_, fs::perms::owner_all, failed);
    return {};
  }
  Result<void> finish() {
    std::error_code failed;
    fs::rename(path_, final_, failed);
    if (failed) return fail(Code::unavailable, final_.string() + ": " + failed.message());
    done_ = true;
    return {};
  }

 private:
  const fs::path final_, path_;
  bool done_ = false;
};

// Key and value, and what it is.
std::string setting(const char* key, const std::string& value, const char* what) {
  return fmt::format("{:<44} # {}\n", fmt::format("{:<9} = {}", key, value), what);
}

// New ones, but for those that were named.
Result<Keys> make_keys(const Context& context, const fs::path& directory, const InitOptions& options, bool home) {
  Keys keys;
  const auto make = [&](const char* name, Algorithm algorithm, const std::string& given, crypto::SignerPtr& key) -> Result<void> {
    if (!given.empty()) {
      TRY(key, crypto::load_key(given, context.key_access()));
      return {};
    }
    TRY(key, crypto::generate(algorithm));
    return crypto::save_key_file(*key, directory / name);
  };
  CHECK_OK(make("server.key", Algorithm::es256, options.tls_key, keys.server));
  if (!home) return keys;
  CHECK_OK(make("owner.key", Algorithm::eddsa, context.options.key, keys.owner));
  CHECK_OK(make("log.key", Algorithm::eddsa, options.log_key, keys.log));
  if (keys.log->public_key().algorithm() != Algorithm::eddsa) return fail(Code::unsupported, "--log-key: not Ed25519, which heads are signed with");
  return keys;
}

// Keys that are not DIR's own files, as the configuration names them.
Result<std::string> key_settings(const Context& context, const InitOptions& options) {
  std::string text;
  const auto add = [&](const char* name, const std::string& given, const char* what) -> Result<void> {
    if (given.empty()) return {};
    TRY(const auto where, crypto::absolute_key_name(given));
    if (where.find_first_of("\"\\\n") != std::string::npos) return fail(Code::malformed, where + ": a name with quotes");
    text += setting(name, '"' + where + '"', what);
    return {};
  };
  CHECK_OK(add("key", options.tls_key, "TLS and tokens"));
  CHECK_OK(add("log", options.log_key, "heads and receipts"));
  CHECK_OK(add("owner_key", context.options.key, "the party's, for `ics` alone"));
  return text;
}

// What the certificate is of, where there is one.
std::string certificate_setting(const InitOptions& options, const std::string& certificate) {
  if (certificate.empty()) return "# certificate = \"tls.pem\"                     # of that key, for browsers; else a self-signed one is shown\n";
  return setting("certificate", '"' + certificate + '"', options.san.empty() ? "of that key" : "self-signed, by `ics init --san`; a CA's may take its place");
}

std::string config_text(const InitOptions& options, const Keys& keys, const std::string& key_lines, const std::string& certificate) {
  const bool home = keys.owner != nullptr;
  const auto quoted = [](const std::string& text) { return '"' + text + '"'; };
  std::string text = "# Configuration of icsd (ics help configuration). Relative paths begin at this file's directory.\n" +
                     setting("name", quoted(options.name), "of this server, as [servers] of the policy has it") +
                     setting("domain", quoted(options.domain), "asked where a request names none") +
                     setting("homes", home ? "[" + quoted(options.domain) + "]" : "[]", "domains whose log this server keeps") +
                     setting("listen", "[" + quoted(options.listen) + "]", "HTTPS; clients are known by the key they prove") +
                     certificate_setting(options, certificate) +
                     (!options.hkp.empty() ? setting("hkp", "[" + quoted(options.hkp) + "]", "HKP in the clear, for gpg and sq") : "") +
                     key_lines + setting("log_level", quoted("info"), "debug, info, warn or error");
  if (home)
    text += "\n[[pin]]   # whom this server believes to own the domain\ndomain = " + quoted(options.domain) + "\nowner  = " +
            quoted(keys.owner->public_key().id().text()) + "\n";
  return text;
}

Result<void> write_evidence(const fs::path& directory, const char* name, const evidence::Draft& draft, const crypto::Signer& owner) {
  TRY(const auto bytes, evidence::sign(draft, owner));
  return write_file(directory / "evidence" / name, bytes);
}

evidence::Identity identity_of(const crypto::PublicKey& key, evidence::Type type, const std::string& name, const std::string& url) {
  evidence::Identity identity;
  identity.type = type;
  identity.spki = to_bytes(key.spki());
  identity.name = name;
  if (!url.empty()) identity.uris.push_back(url);
  return identity;
}

// The one certificate in a file, which must be a CA's.
Result<std::optional<crypto::Certificate>> read_ca(const std::string& path) {
  if (path.empty()) return std::optional<crypto::Certificate>{};
  TRY(const auto contents, read_file(path, budget::http_body_bytes));
  auto pieces = evidence::split("application/pkix-cert", view(contents));
  if (!pieces) return within("--ca: " + path, std::move(pieces).error());
  if (pieces->size() != 1) return fail(Code::malformed, "--ca: " + path + ": " + std::to_string(pieces->size()) + " certificates; that of the CA alone is needed");
  auto certificate = crypto::Certificate::from_der(pieces->at(0).bytes);
  if (!certificate) return within("--ca: " + path, std::move(certificate).error());
  if (!certificate->fields().authority)
    return fail(Code::malformed, "--ca: " + path + ": no CA: its basicConstraints do not say cA", "RFC 5280 section 4.2.1.9");
  return std::optional(std::move(*certificate));
}

Result<void> write_domain(const fs::path& directory, const InitOptions& options, const Keys& keys, Time now) {
  TRY(const auto ca, read_ca(options.ca));
  const auto& owner = keys.owner->public_key();
  const auto& server = keys.server->public_key();
  const std::string text = first_policy({options.role, options.domain, owner_name_for(options.domain), options.name, options.url,
                                         owner, server, keys.log->public_key(), ca ? std::optional(ca->key()) : std::nullopt});
  CHECK_OK(policy::parse_descriptor(text));
  CHECK_OK(write_file(directory / "policy.toml", view(text)));
  const auto say = [&](const char* file, const crypto::PublicKey& about, evidence::Body body) {
    return write_evidence(directory, file, {SubjectId::key(about.id()), {options.domain}, std::move(body), now, {}, {}}, *keys.owner);
  };
  CHECK_OK(say("0001-policy-1.cose", owner, evidence::PolicyText{text}));
  CHECK_OK(say("0002-owner.cose", owner, identity_of(owner, evidence::Type::party, options.domain, "")));
  CHECK_OK(say("0003-server.cose", server, identity_of(server, evidence::Type::server, options.name + "." + options.domain, options.url)));
  // A CA that others certified: their keys play no role here, so its certificate could not be stored.
  if (!ca || !ca->verify(ca->key())) return {};
  return write_file(directory / "evidence" / "0004-ca.cose", evidence::leaf_bytes(evidence::certificate_format, ca->der()));
}

// A port of 0 becomes one that is free now, so that it can be written down.
Result<void> settle_port(std::string& address) {
  if (!address.ends_with(":0")) return {};
  TRY(const auto probe, net::listen_tcp(address, false));
  address.replace(address.size() - 1, 1, std::to_string(net::port_of(net::local_address(probe.get()))));
  return {};
}

Result<void> settle_addresses(InitOptions& options) {
  CHECK_OK(settle_port(options.listen));
  const auto colon = options.listen.rfind(':');
  if (options.hkp.empty() && options.role == "keyserver") options.hkp = options.listen.substr(0, colon) + ":11371";
  CHECK_OK(settle_port(options.hkp));
  if (!options.url.empty()) return {};
  if (options.listen.starts_with("0.0.0.0:") || options.listen.starts_with("[::]:"))
    return fail(Code::malformed, "--url: missing; peers cannot reach \"" + options.listen + "\"", "--url https://NAME:PORT, as others reach this server");
  options.url = "https://" + options.listen;
  return {};
}

void say_what_next(const Context& context, const InitOptions& options, const Keys& keys, bool home) {
  const std::string dir = shell_quoted(options.directory);
  if (context.options.json) {
    json::object made{{"directory", options.directory}, {"role", options.role}, {"domain", options.domain}, {"url", options.url},
                      {"server", keys.server->public_key().id().text()}};
    if (home) made["owner"] = keys.owner->public_key().id().text();
    if (home) made["log"] = keys.log->public_key().id().text();
    return context.print_json(made);
  }
  const auto& console = context.console;
  if (options.url.starts_with("https://127.") || options.url.starts_with("https://localhost") || options.url.starts_with("https://[::1]"))
    console.note("! only this machine reaches " + options.url + (home ? ", which the policy names" : ", which its home is to name") + ": for others give --listen ADDR:PORT of your network, or --url");
  console.line(options.directory + ": " + (home ? "home of " : "infield, to hold a copy of ") + options.domain + ", at " + options.url);
  if (home) console.line("owner   " + keys.owner->public_key().id().text() + "   ← read this to your partners over the telephone; they compare it in `ics trust`");
  if (!options.san.empty()) console.line("tls     " + options.directory + "/tls.pem, self-signed, for " + joined(options.san) + "   (of your own CA: ics help keys)");
  console.line("server  " + keys.server->public_key().id().text());
  console.line();
  if (home) {
    console.line("→ start it:      icsd --config " + dir + "/icsd.toml");
    console.line("→ work with it:  export ICS_DIR=" + dir);
    console.line("→ its rules:     " + dir + "/policy.toml   (ics policy edit; ics help descriptor)");
    if (!options.ca.empty()) console.line("→ its devices:   ics push DEVICES.pem   (whatever the CA in " + options.ca + " certifies)");
    if (!options.hkp.empty()) console.line("→ OpenPGP:       gpg --keyserver hkp://" + options.hkp + " --send-keys FINGERPRINT");
  } else {
    console.line("→ copy from its home:  ics trust " + dir + " URL --as copy");
    console.line("→ then start it:       icsd --config " + dir + "/icsd.toml");
  }
}

}  // namespace

Result<int> init(Context& context, const InitOptions& given) {
  auto options = given;
  if (const auto checked = check_options(options); !checked) return context.misuse(checked.error().message, checked.error().detail);
  CHECK_OK(settle_addresses(options));
  const bool home = options.role != "infield";
  if (!home && (!context.options.key.empty() || !options.log_key.empty()))
    return context.misuse("--key, --log-key: an infield ICS has neither owner nor log", "--tls-key is its server's");
  if (options.name.empty()) options.name = home ? "main" : "field";
  while (options.directory.size() > 1 && options.directory.ends_with('/')) options.directory.pop_back();
  HalfMade directory(options.directory);
  CHECK_OK(directory.begin());
  TRY(const auto keys, make_keys(context, directory.path(), options, home));
  TRY(const auto key_lines, key_settings(context, options));
  TRY(const auto certificate, server_certificate(directory.path(), options, *keys.server, context.clock()));
  if (certificate.find_first_of("\"\\\n") != std::string::npos) return fail(Code::malformed, "--certificate: " + certificate + ": a name with quotes");
  const std::string config = config_text(options, keys, key_lines, certificate);
  CHECK_OK(write_file(directory.path() / "icsd.toml", view(config)));
  if (home) CHECK_OK(write_domain(directory.path(), options, keys, context.clock()));
  CHECK_OK(directory.finish());
  say_what_next(context, options, keys, home);
  return exit_yes;
}

}  // namespace cm4it::ics
