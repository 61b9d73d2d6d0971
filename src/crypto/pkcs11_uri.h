// "pkcs11:" URIs (RFC 7512): which key, in which token, behind which module, and where its PIN is.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace cm4it::crypto {

struct Pkcs11Uri {
  std::map<std::string, std::string, std::less<>> path;  // attributes of the path, decoded; "id" is any octets, the others text
  std::string module_path, module_name;  // at most one
  std::string pin_source;  // a file; relative to where the URI was found

  // Errors: malformed; unsupported (attributes that nothing here understands, pin-value); too_large.
  static Result<Pkcs11Uri> parse(std::string_view text);
  // The URI in one form: parsed again, it is the same.
  std::string text() const;
  // What is asked for, for people: token "plant", key "log".
  std::string token_text() const;
  std::string key_text() const;
  // Null: not named.
  const std::string* find(std::string_view attribute) const;

  bool operator==(const Pkcs11Uri&) const = default;
};

}  // namespace cm4it::crypto
