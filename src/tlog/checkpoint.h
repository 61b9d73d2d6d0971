// C2SP signed-note, tlog-checkpoint and tlog-cosignature: a log's signed heads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "crypto/signer.h"

namespace cm4it::tlog {

// A head of one log: origin is "server name/domain" (within an epoch; a new epoch is a new origin).
struct Head {
  std::string origin;
  std::uint64_t size = 0;
  Digest root{};
  Time time;  // of the cosignature/v1: the head's time

  bool operator==(const Head&) const = default;
};

// The checkpoint note: origin, size, root; one plain Ed25519 signature line (type 1) and one cosignature/v1 line
// (type 4), both by the log key, both named by the origin. `log` must be Ed25519.
Result<std::string> sign_checkpoint(const Head& head, const crypto::Signer& log);

// Reads a note and verifies it under `log`: both lines must be there and hold; unknown lines (other witnesses) are
// passed over. malformed, bad_signature.
Result<Head> open_checkpoint(std::string_view note, const crypto::PublicKey& log);

// The origin, size and root of a note, nothing verified: to find out whose key to ask for.
Result<Head> read_checkpoint_body(std::string_view note);

// One signature line, and the text it is over. Nothing verified.
struct NoteSignature {
  std::string name;
  Bytes key_id;  // 4 octets
  Bytes bytes;
  std::string body;
};
Result<std::vector<NoteSignature>> signatures_of(std::string_view note);
// The plain Ed25519 line (type 1) of `name` is there and holds: what any log's checkpoint has.
Result<void> verify_note_signature(std::string_view note, std::string_view name, const crypto::PublicKey& key);

// "name+hex8+base64(type ‖ key)" (signed-note: verifier keys), type 1.
std::string verifier_key(std::string_view name, const crypto::PublicKey& log);

}  // namespace cm4it::tlog
