// Evidence is compared with what was signed over it before it is sent to anybody.
#include "base/log.h"
#include "service/impl.h"

namespace cm4it::service {

void Service::Impl::note_damage(const StatementId& id, const Error& error) const {
  constexpr std::size_t most_remembered = 10'000;
  const bool news = damaged.with([&](auto& known) { return known.size() < most_remembered && known.insert(id).second; });
  if (news) log_error(error.message + (error.detail.empty() ? "" : "; " + error.detail));
}

Result<void> Service::Impl::check_kept_evidence(const ledger::Reader& reader, const ledger::Record& record) const {
  auto checked = reader.check(record);
  if (!checked && checked.error().code == Code::internal) note_damage(record.id, checked.error());
  return checked;
}

Result<void> Service::check_kept_evidence(const ledger::Reader& reader, const ledger::Record& record) const {
  return impl_->check_kept_evidence(reader, record);
}

std::size_t Service::damaged() const {
  return impl_->damaged.with([](const auto& known) { return known.size(); });
}

}  // namespace cm4it::service
