#include "service/link_store.h"

#include "crypto/digest.h"
#include "ledger/link_notes.h"

namespace cm4it::service {

using ledger::LinkNote;

LinkStore::LinkStore(ledger::Ledger& ledger, std::string domain, std::string url)
    : ledger_(ledger), domain_(std::move(domain)), url_(std::move(url)) {}

std::string LinkStore::position_key() const { return link_note(domain_, url_, LinkNote::position); }
std::string LinkStore::leaves_key() const { return link_note(domain_, url_, LinkNote::leaves); }

// If the store cannot be read the link begins anew: all of this can be fetched again.
std::optional<Bytes> LinkStore::note(std::string_view key) const {
  const auto reader = ledger_.reader();
  auto stored = reader ? reader->note(key) : tl::unexpected(reader.error());
  return stored ? std::move(*stored) : std::nullopt;
}

// position ‖ SHA-256 of its scope
std::optional<std::uint64_t> LinkStore::position(std::string_view scope) {
  const auto stored = note(position_key());
  if (!stored || stored->size() != 40 || !equal(View(*stored).subspan(8), crypto::sha256(view(scope)))) return {};
  stored_position_ = *stored;
  return read_u64(View(*stored).first(8));
}

Result<void> LinkStore::keep_position(std::uint64_t position, std::string_view scope) {
  Bytes value;
  append_u64(value, position);
  append(value, crypto::sha256(view(scope)));
  if (value == stored_position_) return {};
  CHECK_OK(ledger_.put_note(position_key(), value, {}));
  stored_position_ = std::move(value);
  return {};
}

std::optional<Bytes> LinkStore::leaves() const { return note(leaves_key()); }

Result<void> LinkStore::keep_leaves(Bytes leaves) {
  if (leaves == stored_leaves_) return {};
  CHECK_OK(ledger_.put_note(leaves_key(), leaves, {}));
  stored_leaves_ = std::move(leaves);
  return {};
}

// "TIME how"; notes of earlier versions do not tell the time.
std::optional<LinkStore::Broken> LinkStore::broken() const {
  const auto reader = ledger_.reader();
  const auto notes = reader ? reader->notes(ledger::link_notes(domain_)) : tl::unexpected(reader.error());
  if (!notes) return {};
  for (const auto& [key, value] : *notes) {
    if (!is_link_note(key, LinkNote::broken)) continue;
    const std::string_view note = text(value);
    const auto blank = note.find(' ');
    if (const auto since = from_rfc3339(note.substr(0, blank)); since && blank != note.npos)
      return Broken{*since, std::string(note.substr(blank + 1))};
    return Broken{{}, std::string(note)};
  }
  return {};
}

Result<void> LinkStore::keep_broken(Time since, const std::string& how) {
  return ledger_.put_note(link_note(domain_, url_, LinkNote::broken), to_bytes(view(to_rfc3339(since) + " " + how)), {});
}

}  // namespace cm4it::service
