// Digests, in the one place that knows how to compute them fast.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "base/bytes.h"

namespace cm4it::crypto {

Digest sha256(View data);
// Over the concatenation of the parts, without making it.
Digest sha256(std::initializer_list<View> parts);

// What foreign evidence is hashed with; everything of our own is SHA-256. sha1 is here for what was signed long ago, and for
// names (OpenPGP fingerprints): nothing else may trust it.
enum class Hash { sha1, sha224, sha256, sha384, sha512, sha3_256, sha3_512 };

const char* to_string(Hash hash);
std::size_t digest_bytes(Hash hash);
Bytes digest(Hash hash, View data);

// A name that SKS key servers call certificates by, and nothing else: it proves nothing.
using Md5 = std::array<std::uint8_t, 16>;
Md5 md5(View data);

Bytes random_bytes(std::size_t count);

}  // namespace cm4it::crypto
