#include "service/clocks.h"

#include "base/log.h"
#include "service/origin.h"

namespace cm4it::service {

void Clocks::heard(const std::string& domain, const tlog::Head& head) {
  if (homes_.heard(domain, head)) tell();
}

// A stored head proves that it is at least that late now, but not whose clock is right.
Result<void> Clocks::load(const ledger::Reader& reader) {
  TRY(const auto heads, reader.foreign_heads());
  for (const auto& stored : heads) {
    TRY(const auto claimed, tlog::read_checkpoint_body(stored.note));
    const auto* descriptor = reader.policies().newest(stored.domain);
    if (!descriptor) continue;
    for (const auto& [name, server] : descriptor->servers)
      if (server.home && server.log && origin_is_of(claimed.origin, name, stored.domain))
        if (const auto head = tlog::open_checkpoint(stored.note, *server.log)) homes_.heard(stored.domain, *head, false);
  }
  Time unknown{};  // a commit may have come meanwhile, which knows better
  newest_time_.compare_exchange_strong(unknown, reader.published().newest_time);
  tell();
  return {};
}

void Clocks::tell() {
  stamps_.everything_changed();
  if (const auto behind = homes_.behind_homes(); !behind.empty()) log_warn(behind);
  for (const auto& reading : homes_.readings())
    if (reading.doubted) log_warn(homes_.doubt(reading.domain));
}

}  // namespace cm4it::service
