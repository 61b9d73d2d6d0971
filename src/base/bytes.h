// Bytes and their text forms.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cm4it {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;
using Digest = std::array<std::uint8_t, 32>;  // SHA-256

inline View view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text(View bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(View bytes) { return {bytes.begin(), bytes.end()}; }
inline void append(Bytes& to, View bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }
bool equal(View a, View b);  // not constant time: for public values only

// Lowercase, no separators.
std::string to_hex(View bytes);
// Exactly 2n lowercase or uppercase digits; anything else is malformed.
Result<Bytes> from_hex(std::string_view hex);
Result<Digest> digest_from_hex(std::string_view hex);
// Exactly 64 lowercase digits: the one way in which ids are written.
bool digest_from_lowercase_hex(std::string_view hex, Digest& digest);

// RFC 4648: section 4 (padded) and section 5 (URL-safe, unpadded). Decoding is strict: no white
// space, no stray bits, the padding that the form requires.
std::string to_base64(View bytes);
Result<Bytes> from_base64(std::string_view base64);
std::string to_base64url(View bytes);
Result<Bytes> from_base64url(std::string_view base64url);

// Big-endian integers, as every wire form here uses them.
void append_u64(Bytes& to, std::uint64_t value);
std::uint64_t read_u64(View eight_bytes);

// Well-formed UTF-8 (RFC 3629: shortest form, no surrogates).
bool is_utf8(std::string_view text);
// The same, and no control characters but those in `allowed_controls`.
bool is_clean_text(std::string_view text, std::string_view allowed_controls = {});

struct DigestHash {  // a digest is its own hash
  std::size_t operator()(const Digest& digest) const {
    std::size_t hash;
    std::memcpy(&hash, digest.data(), sizeof hash);
    return hash;
  }
};

}  // namespace cm4it
