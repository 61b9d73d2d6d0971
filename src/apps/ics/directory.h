// An ICS's directory, as `ics init` makes it (docs/cli.md).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "policy/policies.h"

namespace cm4it::ics {

// What `ics` needs of icsd.toml; icsd checks all of it.
struct ServerConfig {
  std::string name, domain;
  std::vector<std::string> homes, listen, http;
  std::string key, owner_key;  // files, from the root on; or pkcs11: URIs
  std::filesystem::path key_pass, store, evidence, certificate;  // certificate: empty, where the server shows a self-signed one
  std::size_t map_bytes = std::size_t{64} << 30;
  std::vector<policy::Pin> pins;
};

class Directory {
 public:
  // not_found: no icsd.toml there; malformed: names key and file.
  static Result<Directory> open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const ServerConfig& config() const { return config_; }
  bool is_home() const { return !config_.homes.empty(); }
  // The party's: DIR/owner.key, unless the configuration says otherwise.
  const std::string& owner_key() const { return config_.owner_key; }
  std::filesystem::path policy_text() const { return path_ / "policy.toml"; }

  // Where its server listens: `address`, which a running icsd writes, else the configuration. unavailable: nowhere known.
  Result<std::string> url() const;
  bool running() const { return std::filesystem::exists(path_ / "address"); }

  // The statements in what icsd submits to itself at every start, in order of the files' names.
  Result<std::vector<Bytes>> evidence() const;
  // As NNNN-what.cose, NNNN being the next number; nothing if the same bytes are there.
  Result<void> add_evidence(const std::string& what, View bytes) const;

 private:
  std::filesystem::path path_;
  ServerConfig config_;
};

}  // namespace cm4it::ics
