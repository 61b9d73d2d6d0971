// A home's log as C2SP tlog-tiles: heads and hash tiles for whoever may read by default, entries for whoever may read all.
#include "ledger/tiles.h"
#include "service/impl.h"

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

Result<Bytes> Service::tile(std::string_view domain, unsigned level, std::uint64_t index, unsigned width,
                            const Principal& who) const {
  TRY(const auto reader, impl_->ledger->reader());
  if (!reads_log(domain, who)) return no_log(domain);
  return reader.tile(domain, level, index, width);
}

Result<Bytes> Service::entries(std::string_view domain, std::uint64_t index, unsigned width,
                               const Principal& who) const {
  TRY(const auto reader, impl_->ledger->reader());
  if (!reads_entries(domain, who)) return no_log(domain);
  Bytes bundle;
  for (std::uint64_t leaf = index * 256; leaf < index * 256 + width; ++leaf) {
    TRY(const auto bytes, reader.leaf(domain, leaf));
    ledger::append_entry(bundle, bytes);
  }
  return bundle;
}

}  // namespace cm4it::service
