#include "apps/ics/context.h"

#include <iostream>
#include <sstream>

#include "apps/ics/arguments.h"
#include "apps/ics/files.h"
#include "apps/ics/json.h"
#include "net/http/url.h"

namespace cm4it::ics {
namespace {

constexpr std::size_t largest_answer = 64 * 1024 * 1024;
constexpr std::size_t known_servers_bytes = 1024 * 1024;

// DIR/known-servers: a line "URL key:…" for each.
std::optional<KeyId> known_server(const std::filesystem::path& file, const std::string& url) {
  const auto text = read_file(file, known_servers_bytes);
  if (!text) return {};
  std::istringstream lines(*text);
  for (std::string known, key; lines >> known >> key;)
    if (known == url)
      if (const auto id = KeyId::parse(key)) return *id;
  return {};
}

Result<void> remember_server(const std::filesystem::path& file, const std::string& url, const KeyId& key) {
  std::string text;
  if (std::filesystem::exists(file)) {
    TRY(text, read_file(file, known_servers_bytes));
  }
  text += url + " " + key.text() + "\n";
  return write_file(file, view(text));
}

// A public key where a private one is needed: whatever is wrong with its rights, that is not what matters.
tl::unexpected<Error> of_public_key(const std::string& where, Error error) {
  constexpr std::size_t most = 64 * 1024;
  const auto text = crypto::is_key_uri(where) ? Result<std::string>(std::string()) : read_file(where, most);
  if (text && text->find("PRIVATE KEY-----") == std::string::npos &&
      (text->find("-----BEGIN PUBLIC KEY-----") != std::string::npos || crypto::PublicKey::from_text(*text)))
    return fail(Code::malformed, where + ": a public key, which signs nothing", "the file of the private key, as `ics key new` made it");
  return tl::unexpected(std::move(error));
}

// Where DIR's own server cannot be reached, the likeliest reason is that it does not run.
Api::Send with_start_hint(Api::Send send, const std::filesystem::path& directory) {
  const std::string hint = "does its server run? icsd --config " + shell_quoted((directory / "icsd.toml").string());
  return [send = std::move(send), hint](const net::ClientRequest& request) {
    auto reply = send(request);
    if (!reply && reply.error().code == Code::unavailable && reply.error().detail.empty())
      return Result<net::Reply>(fail(Code::unavailable, reply.error().message, hint));
    return reply;
  };
}

}  // namespace

Api::Send connect_https(crypto::SignerPtr key, std::optional<KeyId> server_key) {
  net::ClientOptions options;
  options.key = std::move(key);
  options.name = "ics";
  options.server_key = server_key;
  options.max_body = largest_answer;
  auto client = std::make_shared<net::HttpClient>(std::move(options));
  return [client](const net::ClientRequest& request) { return client->send(request); };
}

tl::unexpected<Error> Context::misuse(std::string message, std::string next) const {
  misused = true;
  return fail(Code::malformed, std::move(message), std::move(next));
}

Result<Directory> Context::directory() const {
  if (options.dir.empty()) return misuse("no ICS directory given", "--dir DIR, or set ICS_DIR");
  return Directory::open(options.dir);
}

Result<std::string> Context::asked_domain() const {
  if (!options.domains.empty()) return options.domains[0];
  if (options.dir.empty() || !options.server.empty()) return std::string();
  TRY(const auto found, directory());
  return found.config().domain;
}

Result<std::string> Context::own_domain() {
  if (!options.domains.empty()) return options.domains[0];
  if (!options.dir.empty()) {
    TRY(const auto found, directory());
    if (!found.config().domain.empty()) return found.config().domain;
  }
  TRY(const auto* server, api());
  TRY(const auto answer, server->get_json("/v1/domains"));
  for (const bool home : {true, false})
    for (const auto& entry : array_at(answer, "domains"))
      if (entry.is_object() && flag_at(entry.get_object(), "home") == home) return text_at(entry.get_object(), "domain");
  return fail(Code::malformed, "no domain given, and the server has none", "--domain NAME");
}

crypto::KeyAccess Context::key_access() const {
  // Absolute: names in a directory's configuration begin elsewhere.
  return {{}, options.key_pass.empty() ? std::filesystem::path() : std::filesystem::absolute(options.key_pass), ask_secret};
}

Result<crypto::SignerPtr> Context::signer() const {
  if (signer_) return signer_;
  auto access = key_access();
  std::string where = options.key;
  if (where.empty()) {
    if (options.dir.empty()) return misuse("no key to sign with", "--key FILE or pkcs11:…, or --dir DIR");
    TRY(const auto own, directory());
    where = own.owner_key();
    access.directory = own.path();
  }
  auto key = crypto::load_key(where, access);
  if (!key && key.error().code == Code::not_found && options.key.empty())
    return fail(Code::not_found, key.error().message, "the owner's key is kept elsewhere? --key FILE, or that of a role (or set ICS_KEY)");
  if (!key) return of_public_key(where, std::move(key).error());
  signer_ = std::move(*key);
  return signer_;
}

// Who we are to a server: the party's key; where it is kept offline, or somebody would have to be asked for a passphrase only to
// read, the server's own (it reads what the owner may).
Result<crypto::SignerPtr> Context::client_key() const {
  if (signer_ || !options.key.empty()) return signer();
  if (options.dir.empty()) return crypto::SignerPtr();
  TRY(const auto own, directory());
  const auto is_there = [](const std::string& key) { return crypto::is_key_uri(key) || std::filesystem::exists(key); };
  if (is_there(own.owner_key())) {
    bool asked = false;
    auto access = key_access();
    access.directory = own.path();
    access.ask = [&asked](const std::string& what) -> Result<crypto::Secret> {
      asked = true;
      return fail(Code::not_permitted, what + ": not asked for");
    };
    auto key = crypto::load_key(own.owner_key(), access);
    if (key) signer_ = *key;
    if (!asked) return key;
  }
  if (!is_there(own.config().key)) return crypto::SignerPtr();
  return crypto::load_key(own.config().key, {own.path(), own.config().key_pass, {}});
}

Result<crypto::PublicKey> Context::server_key_of(const Directory& own) const {
  return crypto::load_public_key(own.config().key, {own.path(), own.config().key_pass, ask_secret});
}

// Asked without showing who we are.
Result<KeyId> Context::key_on_first_use(const std::string& url) const {
  const Api stranger(url, connect(nullptr, {}));
  TRY(const auto reply, stranger.get("/v1/domains", "application/json"));
  if (!reply.server_key) return fail(Code::unavailable, url + ": it proved no key");
  return reply.server_key->id();
}

Result<std::optional<KeyId>> Context::expected_server_key(const std::string& url) const {
  if (!options.server_key.empty()) {
    const auto id = KeyId::parse(options.server_key);
    if (!id) return within("--server-key", id.error());
    return std::optional(*id);
  }
  if (!url.starts_with("https://")) return std::optional<KeyId>();
  const std::filesystem::path known = std::filesystem::path(options.dir) / "known-servers";
  if (!options.dir.empty()) {
    TRY(const auto own, directory());
    if (const auto its = own.url(); its && *its == url) {
      TRY(const auto key, server_key_of(own));
      return std::optional(key.id());
    }
    if (const auto id = known_server(known, url)) return id;
  }
  TRY(const auto id, key_on_first_use(url));
  console.note("ics: warning: " + url + " is not known yet; its key is taken as it is: " + id.text());
  if (options.dir.empty()) console.note("  → pin it: --server-key " + id.text());
  else CHECK_OK(remember_server(known, url, id));
  return std::optional(id);
}

Result<const Api*> Context::api() {
  if (!api_) {
    std::string url = net::without_slash(options.server);
    if (url.empty()) {
      if (options.dir.empty()) return misuse("no server given", "--server URL, or --dir DIR (or set ICS_DIR)");
      TRY(const auto own, directory());
      TRY(url, own.url());
    }
    TRY(const auto pinned, expected_server_key(url));
    TRY(auto key, client_key());
    if (!url.starts_with("https://")) key = nullptr;
    const bool own = options.server.empty();
    connect_again_ = [this, url, key, pinned, own] { return Api(url, own ? with_start_hint(connect(key, pinned), options.dir) : connect(key, pinned)); };
    api_.emplace(connect_again_());
  }
  return &*api_;
}

Result<std::vector<Api>> Context::connections(std::size_t count) {
  CHECK_OK(api());
  std::vector<Api> all;
  while (all.size() < count) all.push_back(connect_again_());
  return all;
}

Result<Api> Context::peer(const std::string& url, const std::optional<KeyId>& server_key) const {
  return Api(net::without_slash(url), connect(nullptr, server_key));
}

std::optional<Api> Context::running_server(const Directory& own) const {
  const auto url = own.url();
  if (!url) return {};
  std::optional<KeyId> pinned;
  if (url->starts_with("https://")) {
    const auto key = server_key_of(own);
    if (!key) return {};
    pinned = key->id();
  }
  const auto key = client_key();
  Api api(*url, connect(key ? *key : nullptr, pinned));
  if (!api.get("/healthz")) return {};
  return api;
}

// DEL and C1 may stand in JSON as they are, but not on a terminal.
void Context::print_json(const json::value& document) const {
  std::string shown;
  const std::string text = json::serialize(document);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    char escaped[8];
    if (octet == 0x7f) shown += "\\u007f";
    else if (octet == 0xc2 && next >= 0x80 && next < 0xa0) {
      std::snprintf(escaped, sizeof escaped, "\\u%04x", next);
      shown += escaped;
      ++i;
    } else shown += text[i];
  }
  console.out << shown << '\n';
}

}  // namespace cm4it::ics
