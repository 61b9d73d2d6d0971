#include "apps/icsd/config.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "crypto/load_key.h"
#include "net/address.h"
#include "net/http/url.h"
#include "policy/toml_reader.h"

namespace cm4it::icsd {
namespace {

using policy::TomlReader;

// "64M", "2G", "4096"
Result<std::size_t> bytes_at(const TomlReader& reader, std::string_view key, std::size_t absent) {
  if (!reader.has(key)) return absent;
  TRY(const auto text, reader.text(key));
  std::size_t digits = 0;
  std::uint64_t value = 0;
  while (digits < text.size() && digits < 12 && text[digits] >= '0' && text[digits] <= '9')
    value = value * 10 + static_cast<std::uint64_t>(text[digits++] - '0');
  const std::string unit = text.substr(digits);
  const int shift = unit.empty() ? 0 : unit == "K" ? 10 : unit == "M" ? 20 : unit == "G" ? 30 : -1;
  if (digits == 0 || shift < 0 || value > SIZE_MAX >> shift) return reader.bad(key, "a size expected, like \"64M\" or \"2G\"");
  return static_cast<std::size_t>(value << shift);
}

Result<unsigned> count_at(const TomlReader& reader, std::string_view key, unsigned absent, std::int64_t most) {
  if (!reader.has(key)) return absent;
  TRY(const auto value, reader.integer(key));
  if (value < 0 || value > most) return reader.bad(key, "0 to " + std::to_string(most) + " expected");
  return static_cast<unsigned>(value);
}

Result<std::string> domain_at(const TomlReader& reader, std::string_view key) {
  TRY(auto name, reader.text(key));
  if (!evidence::is_domain_name(name)) return reader.bad(key, "not a domain name");
  return name;
}

// As [servers] of a descriptor has it.
Result<std::string> server_name_at(const TomlReader& reader, std::string_view key) {
  TRY(auto name, reader.text(key));
  const bool fits = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return c < 128 && (std::isalnum(c) || c == '-' || c == '_' || c == '.');
  });
  if (!fits) return reader.bad(key, "1 to 64 letters, digits, '-', '_', '.' expected, as in [servers] of a policy");
  return name;
}

Result<std::vector<std::string>> domains_at(const TomlReader& reader, std::string_view key) {
  if (!reader.has(key)) return std::vector<std::string>{};
  TRY(auto names, reader.texts(key));
  for (const auto& name : names)
    if (!evidence::is_domain_name(name)) return reader.bad(key, "\"" + name + "\" is no domain name");
  return names;
}

class ConfigReader {
 public:
  ConfigReader(const toml::table& table, std::filesystem::path directory) : reader_(table, "") {
    config_.directory = std::move(directory);
  }

  Result<Config> run() {
    CHECK_OK(reader_.only({"name", "domain", "homes", "listen", "http", "hkp", "key", "key_pass", "certificate", "log", "log_pass", "log_mark", "owner_key", "store", "evidence", "threads",
                           "workers", "cache", "map", "log_level", "pin", "follow", "ocsp", "crl", "quotas"}));
    TRY(config_.name, server_name_at(reader_, "name"));
    TRY(config_.domain, domain_at(reader_, "domain"));
    TRY(config_.homes, domains_at(reader_, "homes"));
    CHECK_OK(listeners());
    CHECK_OK(paths());
    CHECK_OK(sizes());
    CHECK_OK(pins());
    CHECK_OK(follows());
    CHECK_OK(ocsp());
    CHECK_OK(crls());
    return std::move(config_);
  }

 private:
  Result<void> listeners() {
    CHECK_OK(addresses("listen", config_.listen));
    CHECK_OK(addresses("http", config_.http));
    CHECK_OK(addresses("hkp", config_.hkp));
    if (config_.listen.empty() && config_.http.empty()) return reader_.bad("listen", "no address to listen at");
    return {};
  }

  // A port of 0 may be asked for twice: these become two.
  Result<void> addresses(std::string_view key, std::vector<std::string>& to) {
    if (!reader_.has(key)) return {};
    TRY(to, reader_.texts(key));
    for (const auto& address : to) {
      if (const auto checked = net::check_address(address); !checked) return reader_.bad(key, checked.error().message);
      if (!address.ends_with(":0") && !addresses_.insert(address).second) return reader_.bad(key, "\"" + address + "\" is listened at twice");
    }
    return {};
  }

  Result<void> path(std::string_view key, const char* usual, std::filesystem::path& to) {
    std::string text = usual;
    if (reader_.has(key)) {
      TRY(text, reader_.text(key));
    }
    if (!text.empty()) to = config_.directory / text;
    return {};
  }

  Result<void> key(std::string_view name, const char* usual, std::string& to) {
    std::string text = usual;
    if (reader_.has(name)) {
      TRY(text, reader_.text(name));
    }
    if (const auto checked = crypto::check_key_name(text); !checked) return reader_.bad(name, checked.error().message);
    to = text.empty() || crypto::is_key_uri(text) ? text : (config_.directory / text).string();
    return {};
  }

  Result<void> paths() {
    CHECK_OK(key("key", "server.key", config_.key));
    CHECK_OK(key("log", config_.homes.empty() ? "" : "log.key", config_.log));
    std::string not_ours;  // the party's: for `ics` alone
    CHECK_OK(key("owner_key", "", not_ours));
    CHECK_OK(path("key_pass", "", config_.key_pass));
    CHECK_OK(path("log_pass", "", config_.log_pass));
    CHECK_OK(path("certificate", "", config_.certificate));
    // Beside the key: what brings the store back from a backup leaves it there.
    CHECK_OK(path("log_mark", "log.signed", config_.log_mark));
    if (!reader_.has("log_mark") && !config_.log.empty() && !crypto::is_key_uri(config_.log)) config_.log_mark = config_.log + ".signed";
    CHECK_OK(path("store", "store", config_.store));
    return path("evidence", "evidence", config_.evidence);
  }

  Result<void> sizes() {
    TRY(config_.threads, count_at(reader_, "threads", 0, 256));
    TRY(config_.workers, count_at(reader_, "workers", 0, 256));
    TRY(config_.cache_bytes, bytes_at(reader_, "cache", config_.cache_bytes));
    TRY(config_.map_bytes, bytes_at(reader_, "map", config_.map_bytes));
    if (config_.map_bytes < (1u << 20)) return reader_.bad("map", "at least 1M");
    if (reader_.has("log_level")) {
      TRY(config_.log_level, reader_.text("log_level"));
    }
    if (!reader_.has("quotas")) return {};
    TRY(const auto quotas, reader_.child("quotas"));
    CHECK_OK(quotas.only({"issuer_per_minute", "subject_statements"}));
    TRY(config_.issuer_per_minute, count_at(quotas, "issuer_per_minute", 0, 1'000'000'000));
    TRY(config_.subject_statements,
        count_at(quotas, "subject_statements", static_cast<unsigned>(config_.subject_statements), budget::subject_quota));
    if (config_.subject_statements == 0) return quotas.bad("subject_statements", "at least 1");
    return {};
  }

  Result<void> pins() {
    TRY(const auto entries, reader_.children("pin"));
    for (const auto& entry : entries) {
      CHECK_OK(entry.only({"domain", "owner"}));
      policy::Pin pin;
      TRY(pin.domain, domain_at(entry, "domain"));
      TRY(const auto owner, entry.text("owner"));
      auto id = KeyId::parse(owner);
      if (!id) return entry.bad("owner", id.error().message);
      pin.owner = *id;
      config_.pins.push_back(std::move(pin));
    }
    return {};
  }

  Result<void> follows() {
    TRY(const auto entries, reader_.children("follow"));
    for (const auto& entry : entries) {
      CHECK_OK(entry.only({"domain", "from", "server_key", "select"}));
      sync::Follow follow;
      TRY(follow.domain, domain_at(entry, "domain"));
      TRY(follow.from, entry.text("from"));
      if (const auto checked = net::check_base_url(follow.from); !checked) return entry.bad("from", checked.error().message);
      if (follow.from.size() > budget::url_bytes) return entry.bad("from", "at most " + std::to_string(budget::url_bytes) + " octets");
      if (entry.has("server_key")) {
        TRY(const auto key, entry.text("server_key"));
        auto id = KeyId::parse(key);
        if (!id) return entry.bad("server_key", id.error().message);
        follow.server_key = *id;
      }
      if (entry.has("select")) {
        TRY(follow.select, policy::read_selectors(entry, "select"));
      }
      config_.follow.push_back(std::move(follow));
    }
    return {};
  }

  Result<void> ocsp() {
    TRY(const auto entries, reader_.children("ocsp"));
    for (const auto& entry : entries) {
      CHECK_OK(entry.only({"ca", "domain", "key", "key_pass", "certificates", "lifetime"}));
      OcspEntry ocsp;
      ocsp.domain = config_.domain;
      if (entry.has("domain")) {
        TRY(ocsp.domain, domain_at(entry, "domain"));
      }
      TRY(const auto ca, entry.text("ca"));
      ocsp.ca = config_.directory / ca;
      TRY(ocsp.key, entry.text("key"));
      if (const auto checked = crypto::check_key_name(ocsp.key); !checked) return entry.bad("key", checked.error().message);
      if (entry.has("key_pass")) {
        TRY(const auto pass, entry.text("key_pass"));
        ocsp.key_pass = config_.directory / pass;
      }
      if (entry.has("certificates")) {
        TRY(const auto certificates, entry.text("certificates"));
        ocsp.certificates = config_.directory / certificates;
      }
      if (entry.has("lifetime")) {
        TRY(const auto text, entry.text("lifetime"));
        auto lifetime = parse_duration(text);
        if (!lifetime || *lifetime < 60 || *lifetime > 7 * 86'400) return entry.bad("lifetime", "1m to 7d expected");
        ocsp.lifetime = *lifetime;
      }
      config_.ocsp.push_back(std::move(ocsp));
    }
    return {};
  }

  Result<void> crls() {
    TRY(const auto entries, reader_.children("crl"));
    for (const auto& entry : entries) {
      CHECK_OK(entry.only({"url", "file", "domain", "every"}));
      CrlSource source;
      if (entry.has("url") == entry.has("file")) return entry.bad("url", "either a url or a file expected");
      if (entry.has("url")) {
        TRY(source.url, entry.text("url"));
        if (!source.url.starts_with("https://") && !source.url.starts_with("http://"))
          return entry.bad("url", "http:// or https:// expected");
        if (const auto origin = net::origin_of(source.url); !origin) return entry.bad("url", "a host and a port of 1 to 65535 expected");
      } else {
        TRY(const auto file, entry.text("file"));
        source.file = config_.directory / file;
      }
      source.domain = config_.domain;
      if (entry.has("domain")) {
        TRY(source.domain, domain_at(entry, "domain"));
      }
      if (entry.has("every")) {
        TRY(const auto text, entry.text("every"));
        const auto every = parse_duration(text);
        if (!every || *every < 10) return entry.bad("every", "a time of at least 10 seconds expected, like \"1h\" or \"15m\"");
        source.every = *every;
      }
      config_.crls.push_back(std::move(source));
    }
    return {};
  }

  const TomlReader reader_;
  Config config_;
  std::set<std::string> addresses_;
};

}  // namespace

Result<Config> read_config(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  if (!in || !(text << in.rdbuf())) {
    const int cause = errno;
    return fail(Code::not_found, file.string() + ": cannot be read: " + (cause ? std::strerror(cause) : "it is empty, or a directory"),
                cause == ENOENT ? "`ics init DIR …` makes a directory with an icsd.toml" : "");
  }
  const auto named = [&](Error error) {
    if (error.detail == "docs/formats/descriptor.md") error.detail = "ics help configuration";
    // TOML takes a key for one of the table that stands above it.
    if (error.message.find("]") != std::string::npos && error.message.find(": unknown key") != std::string::npos)
      error.detail = "keys of the server stand above the first [[…]]; " + error.detail;
    return within(file.string(), std::move(error));
  };
  auto table = policy::parse_toml(text.str());
  if (!table) return named(table.error());
  auto config = ConfigReader(*table, file.parent_path()).run();
  if (!config) return named(config.error());
  return config;
}

}  // namespace cm4it::icsd
