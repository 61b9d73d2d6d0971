// icsd.toml (docs/configuration.md): strict, every error names the file, the key and the rule.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/icsd/crl_fetch.h"
#include "policy/policies.h"
#include "sync/sync.h"

namespace cm4it::icsd {

// [[ocsp]]: one CA, for whose certificates OCSP is answered.
struct OcspEntry {
  std::string domain;
  std::string key;                          // a file, or a pkcs11: URI
  std::filesystem::path key_pass;           // of its passphrase or PIN; empty: none
  std::filesystem::path ca, certificates;   // certificates: empty: none is sent along
  Seconds lifetime = 3600;
};

struct Config {
  std::filesystem::path directory;  // of the file: relative paths begin here
  std::string name, domain;
  std::vector<std::string> homes, listen, http, hkp;
  std::string key, log;                           // files, or pkcs11: URIs
  std::filesystem::path key_pass, log_pass;       // of their passphrases or PINs; empty: none
  std::filesystem::path certificate;              // PEM chain of `key`; empty: a self-signed one
  std::filesystem::path store, evidence;
  std::filesystem::path log_mark;                 // what the log key has signed (docs/formats/log.md)
  bool accept_clock = false;                      // of the command line: --accept-clock
  unsigned threads = 0, workers = 0;
  std::size_t cache_bytes = 128u << 20;
  std::size_t map_bytes = std::size_t{64} << 30;
  std::string log_level = "info";
  std::vector<policy::Pin> pins;
  std::vector<sync::Follow> follow;
  std::vector<OcspEntry> ocsp;
  std::vector<CrlSource> crls;
  std::size_t issuer_per_minute = 0, subject_statements = 2'000;
};

Result<Config> read_config(const std::filesystem::path& file);

}  // namespace cm4it::icsd
