// A home's log as C2SP tlog-tiles: heads and hash tiles for whoever may read by default, entries for whoever may read all.
#include "service/log_view.h"

#include "base/read_budget.h"
#include "tlog/tiles.h"

namespace cm4it::service {
namespace {

tl::unexpected<Error> no_log(std::string_view domain) {
  return fail(Code::not_found, "no log of " + std::string(domain) + " is kept here");
}

}  // namespace

Result<std::string> LogView::checkpoint(std::string_view domain, const Principal& who) const {
  TRY(const auto reader, ledger_.reader());
  if (!access_.reads_log(domain, who)) return no_log(domain);
  return reader.checkpoint(domain);
}

Result<std::vector<std::string>> LogView::known_heads(std::string_view domain, const Principal& who) const {
  TRY(const auto reader, ledger_.reader());
  if (!access_.reads_log(domain, who) || (!reader.published().domains.contains(domain) && !access_.is_home(domain))) return no_log(domain);
  std::vector<std::string> notes;
  if (auto own = reader.checkpoint(domain)) notes.push_back(std::move(*own));
  for (const bool counted : {true, false}) {
    TRY(auto heads, reader.foreign_heads(counted));
    for (auto& head : heads)
      if (head.domain == domain && notes.size() < budget::known_heads) notes.push_back(std::move(head.note));
  }
  return notes;
}

Result<Bytes> LogView::tile(std::string_view domain, unsigned level, std::uint64_t index, unsigned width,
                            const Principal& who) const {
  TRY(const auto reader, ledger_.reader());
  if (!access_.reads_log(domain, who)) return no_log(domain);
  return reader.tile(domain, level, index, width);
}

Result<Bytes> LogView::entry(std::string_view domain, std::uint64_t leaf) const {
  TRY(const auto reader, ledger_.reader());
  TRY(const auto bytes, reader.leaf(domain, leaf));
  Bytes entry;
  tlog::append_entry(entry, bytes);
  return entry;
}

Result<std::vector<std::uint64_t>> LogView::entry_sizes(std::string_view domain, std::uint64_t index, unsigned width,
                                                        const Principal& who) const {
  if (!access_.reads_entries(domain, who)) return no_log(domain);
  TRY(const auto reader, ledger_.reader());
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t leaf = index * 256; leaf < index * 256 + width; ++leaf) {
    TRY(const auto bytes, reader.leaf(domain, leaf));
    TRY(const auto tile, reader.tile(domain, 0, index, static_cast<unsigned>(leaf - index * 256 + 1)));
    if (const Digest hash = tlog::leaf_hash(bytes); !equal(hash, View(tile).last(hash.size()))) {
      TRY(const auto id, reader.leaf_statement(domain, leaf));
      TRY(const auto record, reader.record(id));
      if (record) CHECK_OK(integrity_.check(reader, *record));
      return fail(Code::internal, "store: leaf " + std::to_string(leaf) + " of the log of " + std::string(domain) + " is damaged");
    }
    Bytes entry;
    tlog::append_entry(entry, bytes);
    sizes.push_back(entry.size());
  }
  return sizes;
}

namespace {

const char* pin_source(policy::Pin::Source source) {
  switch (source) {
    case policy::Pin::Source::configuration: return "configuration";
    case policy::Pin::Source::copy_rule: return "copy";
    case policy::Pin::Source::transfer: return "transfer";
  }
  return "";
}

}  // namespace

std::vector<DomainView> LogView::domains(const Principal& who) const {
  const auto published = ledger_.published();
  std::map<std::string, DomainView> views;
  if (!ReadBudget::charge(published->policies->chains().size() / 4)) return {};
  for (const auto& [name, state] : published->domains) {
    DomainView& view = views[name];
    view.home = state.home;
    if (access_.reads_log(name, who)) view.newest_head = state.newest_head;
  }
  for (const auto& [name, chain] : published->policies->chains()) {
    DomainView& view = views[name];
    view.pinned = pin_source(chain.pinned_by);
    view.forked = chain.forked;
    if (const auto* descriptor = chain.newest()) {
      view.version = descriptor->version;
      if (!chain.contested()) view.owner = descriptor->owner;
    } else {
      view.owner = chain.pinned_owner;
    }
  }
  const auto refusal = ledger_.signing_refusal();
  for (const auto& [name, head] : published->own_heads) {
    if (!access_.reads_log(name, who)) continue;
    views[name].not_signing = refusal;
    views[name].size = head.size;
    views[name].origin = head.origin;
  }
  std::vector<DomainView> list;
  for (auto& [name, view] : views) {
    view.domain = name;
    list.push_back(std::move(view));
  }
  return list;
}

}  // namespace cm4it::service
