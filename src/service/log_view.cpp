// A home's log as C2SP tlog-tiles: heads and hash tiles for whoever may read by default, entries for whoever may read all.
#include "ledger/tiles.h"
#include "service/impl.h"

namespace cm4it::service {
namespace {

constexpr Kind every_kind[] = {Kind::identity, Kind::endorse, Kind::status, Kind::transfer,
                               Kind::assign,   Kind::withdraw, Kind::policy};

tl::unexpected<Error> no_log(std::string_view domain) {
  return fail(Code::not_found, "no log of " + std::string(domain) + " is kept here");
}

// Where a domain has no policy yet, its log has nothing but what everybody may see.
bool reads_by_default(const Service& service, const policy::Policies& policies, std::string_view domain,
                      const Principal& who) {
  return !policies.newest(domain) || service.may_read(policies, domain, Kind::withdraw, {}, who);
}

}  // namespace

Result<std::string> Service::checkpoint(std::string_view domain, const Principal& who) const {
  TRY(const auto reader, impl_->ledger->reader());
  if (!reads_by_default(*this, reader.policies(), domain, who)) return no_log(domain);
  return reader.checkpoint(domain);
}

Result<Bytes> Service::tile(std::string_view domain, unsigned level, std::uint64_t index, unsigned width,
                            const Principal& who) const {
  TRY(const auto reader, impl_->ledger->reader());
  if (!reads_by_default(*this, reader.policies(), domain, who)) return no_log(domain);
  return reader.tile(domain, level, index, width);
}

Result<Bytes> Service::entries(std::string_view domain, std::uint64_t index, unsigned width,
                               const Principal& who) const {
  TRY(const auto reader, impl_->ledger->reader());
  if (reader.policies().newest(domain))
    for (const Kind kind : every_kind)
      if (!may_read(reader.policies(), domain, kind, {}, who)) return no_log(domain);
  Bytes bundle;
  for (std::uint64_t leaf = index * 256; leaf < index * 256 + width; ++leaf) {
    TRY(const auto bytes, reader.leaf(domain, leaf));
    ledger::append_entry(bundle, bytes);
  }
  return bundle;
}

}  // namespace cm4it::service
