#include "tlog/checkpoint.h"

#include <charconv>

#include "crypto/digest.h"

namespace cm4it::tlog {
namespace {

constexpr std::uint8_t type_ed25519 = 0x01, type_cosignature = 0x04;
constexpr std::size_t raw_key_bytes = 32;
constexpr std::size_t longest_note = 64 * 1024;
constexpr std::string_view signature_mark = "\xe2\x80\x94 ";  // em dash, space

// signed-note: SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4].
Bytes key_id(std::string_view name, std::uint8_t type, const crypto::PublicKey& key) {
  const std::uint8_t newline = '\n';
  const Digest digest = crypto::sha256(
      {view(name), View(&newline, 1), View(&type, 1), key.spki().last(raw_key_bytes)});
  return {digest.begin(), digest.begin() + 4};
}

std::string body_of(const Head& head) {
  return head.origin + "\n" + std::to_string(head.size) + "\n" + to_base64(head.root) + "\n";
}

std::string cosigned_message(const std::string& body, Time time) {
  return "cosignature/v1\ntime " + std::to_string(time.seconds) + "\n" + body;
}

std::string signature_line(std::string_view name, Bytes id, View signature) {
  append(id, signature);
  return std::string(signature_mark) + std::string(name) + " " + to_base64(id) + "\n";
}

tl::unexpected<Error> bad_note(const std::string& what) {
  return fail(Code::malformed, "checkpoint: " + what, "C2SP tlog-checkpoint");
}

struct Parts {
  std::string_view body;  // up to and with its last newline
  std::string_view signatures;
};

Result<Parts> split_note(std::string_view note) {
  if (note.size() > longest_note) return fail(Code::too_large, "checkpoint: more than 64 KiB");
  if (!is_clean_text(note, "\n")) return bad_note("not clean UTF-8 text");
  const auto blank = note.find("\n\n");
  if (blank == note.npos || !note.ends_with('\n')) return bad_note("no blank line before its signatures");
  return Parts{note.substr(0, blank + 1), note.substr(blank + 2)};
}

std::optional<std::string_view> next_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == text.npos) return {};
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

Result<Head> read_checkpoint_body(std::string_view note) {
  TRY(const Parts parts, split_note(note));
  std::string_view rest = parts.body;
  const auto origin = next_line(rest), size = next_line(rest), root = next_line(rest);
  if (!origin || origin->empty() || !size || !root) return bad_note("origin, size and root expected, a line each");
  Head head;
  head.origin = *origin;
  const auto [end, error] = std::from_chars(size->data(), size->data() + size->size(), head.size);
  if (error != std::errc{} || end != size->data() + size->size() || (size->size() > 1 && (*size)[0] == '0'))
    return bad_note("size: not a decimal number");
  auto hash = from_base64(*root);
  if (!hash || hash->size() != 32) return bad_note("root: not the base64 of 32 octets");
  std::copy(hash->begin(), hash->end(), head.root.begin());
  return head;
}

Result<std::string> sign_checkpoint(const Head& head, const crypto::Signer& log) {
  if (log.public_key().algorithm() != crypto::Algorithm::eddsa)
    return fail(Code::unsupported, "log key: a log signs with Ed25519");
  const std::string body = body_of(head);
  TRY(const Bytes plain, log.sign(view(body)));
  TRY(const Bytes cosigned, log.sign(view(cosigned_message(body, head.time))));
  Bytes timed;
  append_u64(timed, static_cast<std::uint64_t>(head.time.seconds));
  append(timed, cosigned);
  return body + "\n" + signature_line(head.origin, key_id(head.origin, type_ed25519, log.public_key()), plain) +
         signature_line(head.origin, key_id(head.origin, type_cosignature, log.public_key()), timed);
}

Result<void> verify_note_signature(std::string_view note, std::string_view name, const crypto::PublicKey& key) {
  TRY(const auto signatures, signatures_of(note));
  const Bytes id = key_id(name, type_ed25519, key);
  for (const auto& signature : signatures)
    if (signature.name == name && equal(signature.key_id, id)) return key.verify(view(signature.body), signature.bytes);
  return fail(Code::bad_signature, "checkpoint: no signature by " + std::string(name));
}

Result<std::vector<NoteSignature>> signatures_of(std::string_view note) {
  TRY(const Parts parts, split_note(note));
  std::vector<NoteSignature> signatures;
  std::string_view rest = parts.signatures;
  while (const auto line = next_line(rest)) {
    if (!line->starts_with(signature_mark)) return bad_note("a signature line begins with an em dash and a space");
    const auto tail = line->substr(signature_mark.size());
    const auto space = tail.rfind(' ');
    if (space == tail.npos || space == 0) return bad_note("a signature line has a name and a signature");
    auto bytes = from_base64(tail.substr(space + 1));
    if (!bytes || bytes->size() < 5) return bad_note("a signature is the base64 of a key id and octets");
    signatures.push_back({std::string(tail.substr(0, space)), Bytes(bytes->begin(), bytes->begin() + 4),
                          Bytes(bytes->begin() + 4, bytes->end()), std::string(parts.body)});
    if (signatures.size() > 100) return fail(Code::too_large, "checkpoint: more than 100 signatures");
  }
  if (signatures.empty() || !rest.empty()) return bad_note("no signature lines, or one without its end");
  return signatures;
}

Result<Head> open_checkpoint(std::string_view note, const crypto::PublicKey& log) {
  TRY(Head head, read_checkpoint_body(note));
  CHECK_OK(verify_note_signature(note, head.origin, log));
  TRY(const auto signatures, signatures_of(note));
  const Bytes id = key_id(head.origin, type_cosignature, log);
  for (const auto& signature : signatures) {
    if (signature.name != head.origin || !equal(signature.key_id, id)) continue;
    if (signature.bytes.size() != 8 + 64) return bad_note("a cosignature is a time and 64 octets");
    const std::uint64_t seconds = read_u64(View(signature.bytes).first(8));
    if (seconds > static_cast<std::uint64_t>(INT64_MAX)) return bad_note("a cosignature's time is out of range");
    head.time = {static_cast<std::int64_t>(seconds)};
    CHECK_OK(log.verify(view(cosigned_message(signature.body, head.time)), View(signature.bytes).subspan(8)));
    return head;
  }
  return fail(Code::bad_signature, "checkpoint: no cosignature/v1, which bears its time, by " + head.origin);
}

std::string verifier_key(std::string_view name, const crypto::PublicKey& log) {
  Bytes typed{type_ed25519};
  append(typed, log.spki().last(raw_key_bytes));
  return std::string(name) + "+" + to_hex(key_id(name, type_ed25519, log)) + "+" + to_base64(typed);
}

}  // namespace cm4it::tlog
