// A home's log as C2SP tlog-tiles: heads and hash tiles for whoever may read by default, entries for whoever may read all.
#include "service/impl.h"
#include "tlog/tiles.h"

namespace cm4it::service {
namespace {

tl::unexpected<Error> no_log(std::string_view domain) {
  return fail(Code::not_found, "no log of " + std::string(domain) + " is kept here");
}

}  // namespace

Result<std::string> Service::checkpoint(std::string_view domain, const Principal& who) const {
  TRY(const auto reader, impl_->ledger->reader());
  if (!reads_log(domain, who)) return no_log(domain);
  return reader.checkpoint(domain);
}

Result<std::vector<std::string>> Service::known_heads(std::string_view domain, const Principal& who) const {
  TRY(const auto reader, impl_->ledger->reader());
  if (!reads_log(domain, who) || (!reader.published().domains.contains(domain) && !impl_->is_home(domain))) return no_log(domain);
  std::vector<std::string> notes;
  if (auto own = reader.checkpoint(domain)) notes.push_back(std::move(*own));
  for (const bool counted : {true, false}) {
    TRY(auto heads, reader.foreign_heads(counted));
    for (auto& head : heads)
      if (head.domain == domain && notes.size() < budget::known_heads) notes.push_back(std::move(head.note));
  }
  return notes;
}

Result<Bytes> Service::tile(std::string_view domain, unsigned level, std::uint64_t index, unsigned width,
                            const Principal& who) const {
  TRY(const auto reader, impl_->ledger->reader());
  if (!reads_log(domain, who)) return no_log(domain);
  return reader.tile(domain, level, index, width);
}

Result<Bytes> Service::entry(std::string_view domain, std::uint64_t leaf) const {
  TRY(const auto reader, impl_->ledger->reader());
  TRY(const auto bytes, reader.leaf(domain, leaf));
  Bytes entry;
  tlog::append_entry(entry, bytes);
  return entry;
}

Result<std::vector<std::uint64_t>> Service::entry_sizes(std::string_view domain, std::uint64_t index, unsigned width,
                                                        const Principal& who) const {
  if (!reads_entries(domain, who)) return no_log(domain);
  TRY(const auto reader, impl_->ledger->reader());
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t leaf = index * 256; leaf < index * 256 + width; ++leaf) {
    TRY(const auto bytes, reader.leaf(domain, leaf));
    TRY(const auto tile, reader.tile(domain, 0, index, static_cast<unsigned>(leaf - index * 256 + 1)));
    if (const Digest hash = tlog::leaf_hash(bytes); !equal(hash, View(tile).last(hash.size()))) {
      TRY(const auto id, reader.leaf_statement(domain, leaf));
      TRY(const auto record, reader.record(id));
      if (record) CHECK_OK(impl_->check_kept_evidence(reader, *record));
      return fail(Code::internal, "store: leaf " + std::to_string(leaf) + " of the log of " + std::string(domain) + " is damaged");
    }
    Bytes entry;
    tlog::append_entry(entry, bytes);
    sizes.push_back(entry.size());
  }
  return sizes;
}

}  // namespace cm4it::service
