#include "apps/ics/directory.h"

#include <algorithm>
#include <cstdio>

#include "apps/ics/files.h"
#include "base/text.h"
#include "crypto/load_key.h"
#include "evidence/evidence.h"
#include "policy/toml_reader.h"

namespace cm4it::ics {
namespace {

using policy::TomlReader;

constexpr std::size_t config_bytes = 1024 * 1024;

Result<std::filesystem::path> path_at(const TomlReader& config, const char* key, const std::filesystem::path& otherwise) {
  if (!config.has(key)) return otherwise;
  TRY(const auto text, config.text(key));
  return otherwise.parent_path() / text;
}

Result<std::string> key_at(const TomlReader& config, const char* key, const std::filesystem::path& otherwise) {
  if (!config.has(key)) return std::filesystem::absolute(otherwise).string();
  TRY(auto text, config.text(key));
  if (const auto checked = crypto::check_key_name(text); !checked) return config.bad(key, checked.error().message);
  return crypto::is_key_uri(text) ? text : std::filesystem::absolute(otherwise.parent_path() / text).string();
}

Result<std::vector<std::string>> texts_or_none(const TomlReader& config, const char* key) {
  if (!config.has(key)) return std::vector<std::string>{};
  return config.texts(key);
}

// "64G"
Result<std::size_t> size_at(const TomlReader& config, const char* key) {
  TRY(auto text, config.text(key));
  std::size_t shift = 0;
  if (!text.empty() && std::string_view("KMGT").find(text.back()) != std::string_view::npos) {
    shift = 10 * (std::string_view("KMGT").find(text.back()) + 1);
    text.pop_back();
  }
  if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != text.npos)
    return config.bad(key, "a size like \"64G\" expected");
  return static_cast<std::size_t>(std::stoull(text)) << shift;
}

Result<ServerConfig> read_config(const TomlReader& toml, const std::filesystem::path& base) {
  ServerConfig config;
  TRY(config.name, toml.text("name"));
  if (toml.has("domain")) {
    TRY(config.domain, toml.text("domain"));
  }
  TRY(config.homes, texts_or_none(toml, "homes"));
  TRY(config.listen, texts_or_none(toml, "listen"));
  TRY(config.http, texts_or_none(toml, "http"));
  TRY(config.key, key_at(toml, "key", base / "server.key"));
  TRY(config.owner_key, key_at(toml, "owner_key", base / "owner.key"));
  if (toml.has("key_pass")) {
    TRY(const auto pass, path_at(toml, "key_pass", base / "pass"));
    config.key_pass = std::filesystem::absolute(pass);
  }
  if (toml.has("certificate")) {
    TRY(config.certificate, path_at(toml, "certificate", base / "tls.pem"));
  }
  TRY(config.store, path_at(toml, "store", base / "store"));
  TRY(config.evidence, path_at(toml, "evidence", base / "evidence"));
  if (toml.has("map")) {
    TRY(config.map_bytes, size_at(toml, "map"));
  }
  if (config.domain.empty() && !config.homes.empty()) config.domain = config.homes[0];
  TRY(const auto pins, toml.children("pin"));
  for (const auto& entry : pins) {
    policy::Pin pin;
    TRY(pin.domain, entry.text("domain"));
    TRY(const auto owner, entry.text("owner"));
    auto id = KeyId::parse(owner);
    if (!id) return entry.bad("owner", id.error().message);
    pin.owner = *id;
    config.pins.push_back(std::move(pin));
  }
  return config;
}

Result<std::vector<std::filesystem::path>> evidence_files(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  std::error_code failed;
  if (!std::filesystem::exists(directory)) return files;
  for (std::filesystem::directory_iterator at(directory, failed), end; !failed && at != end; at.increment(failed))
    if (at->path().extension() == ".cose") files.push_back(at->path());
  if (failed) return fail(Code::unavailable, directory.string() + ": " + failed.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<Directory> Directory::open(const std::filesystem::path& path) {
  const auto file = path / "icsd.toml";
  auto text = read_file(file, config_bytes);
  if (!text)
    return fail(text.error().code, text.error().message,
                text.error().code == Code::not_found ? "`ics init " + path.string() + " --role … --domain …` makes one" : "");
  auto table = policy::parse_toml(*text);
  if (!table) return within(file.string(), table.error());
  Directory directory;
  directory.path_ = path;
  auto config = read_config(TomlReader(*table, ""), path);
  if (!config) return fail(config.error().code, file.string() + ": " + config.error().message);
  directory.config_ = std::move(*config);
  return directory;
}

Result<std::string> Directory::url() const {
  if (auto address = read_file(path_ / "address", 4096)) return std::string(trimmed(*address));
  for (const auto& listen : config_.listen)
    if (!listen.ends_with(":0")) return "https://" + listen;
  for (const auto& listen : config_.http)
    if (!listen.ends_with(":0")) return "http://" + listen;
  return fail(Code::unavailable, path_.string() + ": its server does not run, so its port is not known",
              "start it: icsd --config " + (path_ / "icsd.toml").string());
}

Result<std::vector<Bytes>> Directory::evidence() const {
  TRY(const auto files, evidence_files(config_.evidence));
  std::vector<Bytes> all;
  for (const auto& file : files) {
    TRY(const auto bytes, read_file(file, budget::evidence_bytes));
    // A CA's certificate lies there too: what is wanted here are statements.
    if (const auto leaf = evidence::parse_leaf(view(bytes)); leaf && leaf->first != evidence::native_format) continue;
    all.push_back(to_bytes(view(bytes)));
  }
  return all;
}

Result<void> Directory::add_evidence(const std::string& what, View bytes) const {
  std::error_code failed;
  std::filesystem::create_directories(config_.evidence, failed);
  TRY(const auto files, evidence_files(config_.evidence));
  unsigned next = 1;
  for (const auto& file : files) {
    TRY(const auto existing, read_file(file, budget::evidence_bytes));
    if (equal(view(existing), bytes)) return {};
    unsigned number = 0;
    if (std::sscanf(file.filename().c_str(), "%u-", &number) == 1) next = std::max(next, number + 1);
  }
  char number[16];
  std::snprintf(number, sizeof number, "%04u", next);
  return write_file(config_.evidence / (std::string(number) + "-" + what + ".cose"), bytes);
}

}  // namespace cm4it::ics
