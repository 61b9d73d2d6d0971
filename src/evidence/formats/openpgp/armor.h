// ASCII armor (RFC 9580 section 6).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace cm4it::evidence::openpgp {

enum class ArmorKind { public_key_block, signature };

const char* to_string(ArmorKind kind);  // "PUBLIC KEY BLOCK", "SIGNATURE"

struct ArmorBlock {
  ArmorKind kind = ArmorKind::public_key_block;
  std::vector<std::pair<std::string, std::string>> headers;
  Bytes data;
  std::optional<bool> checksum_fits;  // absent: no checksum. Wrong is no reason to refuse (section 6.1): signatures tell
};

// Lines of 64 characters and no headers. GnuPG 2.2 does not find the end of data that has neither padding nor a checksum,
// so there is one; but not for v6 keys and signatures, where section 6.1 forbids it.
std::string armor(ArmorKind kind, View data);

// Every block of the text, in its order; what stands around them is no part of them. Blocks of other kinds are
// passed over. malformed: no block, or one that breaks its grammar. unsupported: blocks of other kinds alone. not_permitted: a
// private key.
Result<std::vector<ArmorBlock>> dearmor(View text);

// Is there armor in it: at its begin, or behind a text that is not too long?
bool looks_armored(View bytes);

}  // namespace cm4it::evidence::openpgp
