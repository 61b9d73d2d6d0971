// The stored state of a link: its position, the leaves it holds, and whether its home contradicted itself.
#include <algorithm>

#include "base/cbor.h"
#include "base/log.h"
#include "service/access.h"
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

// For good, until whoever runs this server has settled which history is right (docs/day-two.md): what the home said before is stored, what
// it says now is not asked for.
void Link::broken(const std::string& how) {
  const Time now = service_.now();
  show_broken({now, how});
  if (!store_.keep_broken(now, how)) log_error("copy of " + follow_.domain + ": that it is broken could not be written down");
}

void Link::show_broken(const service::LinkStore::Broken& broken) {
  log_error("copy of " + follow_.domain + " from " + follow_.from + " is broken and no longer followed: " + broken.how +
            "; `ics help broken` says what to do");
  state_.with([&](LinkState& state) {
    state.state = "broken";
    state.last_error = broken.how;
    state.since = broken.since;
  });
}

// What the position depends on: whose feed it is, which policy versions count here, and what is asked for. Where that has changed, also
// while nobody followed, the feed is read again from its beginning.
std::string Link::cursor_scope() const {
  const auto policies = service_.access().policies();
  std::string scope = follow_.select.resolved(service_.default_domain()).text() + ";";
  if (const auto server = where_.key(*policies)) scope += server->text() + ";";
  for (const auto& [domain, chain] : policies->chains())
    scope += domain + " " + std::to_string(chain.versions.size()) + (chain.forked ? "!" : "") + ";";
  return scope;
}

// Leaves are stored as [* [log, Leaves]].
void Link::resume() {
  cursor_scope_ = cursor_scope();
  const auto position = store_.position(cursor_scope_);
  if (!position) return;
  position_ = *position;
  if (const auto leaves = store_.leaves())
    if (auto known = decode_leaves(*leaves)) leaves_ = std::move(*known);  // else they are found missing, and fetched
}

// If we crash between the two, leaves are known beyond the position, and come again: repeats are free.
Result<void> Link::keep_position() {
  if (!leaves_.empty()) CHECK_OK(store_.keep_leaves(encode_leaves(leaves_)));
  return store_.keep_position(std::min({position_, not_yet_from_.value_or(position_), missed_from_.value_or(position_)}), cursor_scope_);
}

}  // namespace cm4it::sync
