// Passphrases and PINs: never shown, never logged, wiped when they go.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace cm4it::crypto {

class Secret {
 public:
  Secret() = default;
  explicit Secret(Bytes octets) : octets_(std::move(octets)) {}
  ~Secret();
  Secret(Secret&& other) noexcept = default;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  View octets() const { return octets_; }
  std::string_view text() const { return cm4it::text(octets_); }

 private:
  Bytes octets_;
};

// Asks a person for `what` ("PIN of token \"plant\""). Empty: nobody can be asked.
using AskSecret = std::function<Result<Secret>(const std::string& what)>;

// A regular file that only its owner may read, whole. `what` names it in errors ("key file").
// Errors: not_found, unavailable, malformed (no regular file), not_permitted (others may read it), too_large.
Result<Secret> read_private_file(const char* what, const std::filesystem::path& path, std::size_t most);

// Where passphrases and PINs come from, and where relative file names begin.
struct KeyAccess {
  std::filesystem::path directory;  // empty: the working directory
  std::filesystem::path pass_file;  // one line, 0600; empty: none
  AskSecret ask;
};

// The line in access.pass_file, or what a person answers. not_permitted: neither is there; `needed` says what was wanted.
Result<Secret> secret_for(const std::string& needed, const KeyAccess& access);

}  // namespace cm4it::crypto
