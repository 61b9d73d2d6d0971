// What a link keeps in the store: how far it has come, what it holds, and that its home contradicted itself.
#include <algorithm>

#include "base/cbor.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "sync/link.h"

namespace cm4it::sync {
namespace {

Bytes encode_leaves(const std::map<KeyId, Leaves>& all) {
  CborWriter out;
  out.array(all.size());
  for (const auto& [log, leaves] : all) out.array(2).bytes(log.digest).bytes(leaves.encode());
  return out.take();
}

Result<std::map<KeyId, Leaves>> decode_leaves(View bytes) {
  std::map<KeyId, Leaves> all;
  CborReader reader(bytes);
  TRY(const auto count, reader.array());
  for (std::size_t i = 0; i < count; ++i) {
    TRY(const auto items, reader.array());
    TRY(const View log, reader.bytes());
    if (items != 2 || log.size() != 32) return fail(Code::malformed, "leaves: [log, leaves] expected");
    KeyId id;
    std::copy(log.begin(), log.end(), id.digest.begin());
    TRY(const View leaves, reader.bytes());
    TRY(all[id], Leaves::decode(leaves));
  }
  return all;
}

}  // namespace

void Link::broken(const std::string& how) {
  const auto note = to_rfc3339(service_.now()) + " " + how;
  broken_since(note);
  if (!service_.ledger().put_note(note_name("broken"), to_bytes(view(note)), {}))
    log_error("copy of " + follow_.domain + ": that it is broken could not be written down");
}

void Link::broken_since(const std::string& note) {
  const auto blank = note.find(' ');
  const auto since = from_rfc3339(std::string_view(note).substr(0, blank));  // notes of earlier versions do not tell
  const auto how = since ? note.substr(blank + 1) : note;
  log_error("copy of " + follow_.domain + " from " + follow_.from + " is broken and no longer followed: " + how + "; `ics help broken` says what to do");
  state_.with([&](LinkState& state) {
    state.state = "broken";
    state.last_error = how;
    if (since) state.since = *since;
    else state.since.reset();
  });
}

// What a position hangs on: whose it is, which policy versions count here, and what is asked for. Where that has changed, also
// while nobody followed, the feed is walked again from its beginning.
std::string Link::basis() const {
  const auto published = service_.ledger().published();
  std::string all = follow_.select.resolved(service_.default_domain()).text() + ";";
  if (const auto server = where_.key(*published->policies)) all += server->text() + ";";
  for (const auto& [domain, chain] : published->policies->chains())
    all += domain + " " + std::to_string(chain.versions.size()) + (chain.forked ? "!" : "") + ";";
  return all;
}

// position ‖ SHA-256 of its basis; and beside it [* [log, Leaves]]
void Link::resume() {
  basis_ = basis();
  const auto reader = service_.ledger().reader();
  if (!reader) return;
  const auto kept = reader->note(note_name("position"));
  if (!kept || !*kept || (*kept)->size() != 40) return;
  if (!equal(View(**kept).subspan(8), crypto::sha256(view(basis_)))) return;
  position_ = read_u64(View(**kept).first(8));
  kept_position_ = **kept;
  const auto leaves = reader->note(note_name("leaves"));
  if (leaves && *leaves)
    if (auto known = decode_leaves(**leaves)) leaves_ = std::move(*known);  // else they are found missing, and fetched
}

Result<void> Link::keep_note(const char* what, Bytes value, Bytes& kept) {
  if (value == kept) return {};
  CHECK_OK(service_.ledger().put_note(note_name(what), value, {}));
  kept = std::move(value);
  return {};
}

// If we crash between the two, leaves are known beyond the position, and come again: repeats are free.
Result<void> Link::keep_position() {
  if (!leaves_.empty()) CHECK_OK(keep_note("leaves", encode_leaves(leaves_), kept_leaves_));
  Bytes position;
  append_u64(position, std::min({position_, not_yet_from_.value_or(position_), missed_from_.value_or(position_)}));
  append(position, crypto::sha256(view(basis_)));
  return keep_note("position", std::move(position), kept_position_);
}

}  // namespace cm4it::sync
