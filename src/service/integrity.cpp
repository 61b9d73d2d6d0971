#include "service/integrity.h"

#include "base/log.h"

namespace cm4it::service {

Result<void> Integrity::check(const ledger::Reader& reader, const ledger::Record& record) const {
  constexpr std::size_t most_remembered = 10'000;
  auto checked = reader.check(record);
  if (checked || checked.error().code != Code::internal) return checked;
  const Error& error = checked.error();
  const bool news = damaged_.with([&](auto& known) { return known.size() < most_remembered && known.insert(record.id).second; });
  if (news) log_error(error.message + (error.detail.empty() ? "" : "; " + error.detail));
  return checked;
}

std::size_t Integrity::damaged() const {
  return damaged_.with([](const auto& known) { return known.size(); });
}

}  // namespace cm4it::service
