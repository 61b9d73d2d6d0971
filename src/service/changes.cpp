// What follows from a commit: stamps of the verdict cache, those who wait.
#include <algorithm>

#include "ledger/feed_row.h"
#include "service/impl.h"

namespace cm4it::service {

std::uint32_t slot_of(const SubjectId& subject) {
  std::uint32_t slot;
  std::memcpy(&slot, subject.digest.data() + 8, sizeof slot);
  return slot & 0xffff;
}

void Service::Impl::on_change(const ledger::Change& change) {
  ++commits;
  newest_time.store(change.newest_time, std::memory_order_release);
  for (const auto& touched : change.subjects) slots[slot_of(touched.subject)].fetch_add(1, std::memory_order_release);
  if (change.everything) epoch.fetch_add(1, std::memory_order_release);
  watch.committed(change);
}

namespace {

// What is asked and what its policy refers to: what is said elsewhere does not count there.
std::vector<std::string> concerning(const policy::Policies& policies, const std::string& domain) {
  std::vector<std::string> domains;
  if (const auto* descriptor = policies.newest(domain)) domains = descriptor->referenced();
  domains.push_back(domain);
  return domains;
}

constexpr std::size_t most_examined = 100'000;  // entries: of more, everything may have changed

Result<ChangesPage> changes_since(const ledger::Reader& reader, std::uint64_t from, const std::vector<std::string>& domains) {
  ChangesPage found;
  found.next = reader.published().next;
  found.everything = from > found.next;  // of another store, or of one that was restored from a backup
  std::size_t examined = 0;
  for (const auto& domain : domains)
    CHECK_OK(reader.changes_in(domain, from, [&](std::uint64_t, const ledger::FeedRow& row) {
      found.subjects.insert(found.subjects.end(), row.subjects.begin(), row.subjects.end());
      found.everything |= row.everything || row.too_many || ++examined > most_examined;
      return !found.everything;
    }));
  if (found.everything) found.subjects.clear();
  std::sort(found.subjects.begin(), found.subjects.end());
  found.subjects.erase(std::unique(found.subjects.begin(), found.subjects.end()), found.subjects.end());
  return found;
}

}  // namespace

Result<ChangesPage> Service::changes(std::optional<std::uint64_t> from, std::string_view domain_name,
                                     const Principal& who) const {
  const std::string domain = impl_->domain_or_default(domain_name);
  TRY(const auto reader, impl_->ledger->reader());
  CHECK_OK(impl_->check_kept(reader.published(), domain));
  const auto& policies = reader.policies();
  // Nor is it told that something came at all.
  if (sees_nothing(policies, domain, std::nullopt, who)) return ChangesPage{{}, false, from.value_or(0), reader.published().next};
  const auto domains = concerning(policies, domain);
  ChangesPage page{{}, false, reader.published().next, 0};
  if (from) {
    TRY(page, changes_since(reader, *from, domains));
  }
  page.seen = page.next;
  if (!policies.newest(domain) || may_read(policies, domain, std::nullopt, {}, who)) return page;
  std::vector<SubjectId> shown;
  std::size_t folded = 0;
  for (auto& subject : page.subjects) {
    if (folded >= impl_->options.folded_statements) {  // rather than look at all of them: any may have changed
      page.everything = true;
      shown.clear();
      break;
    }
    TRY(const bool could, could_read(reader, domain, std::nullopt, subject, who));
    if (!could) continue;
    TRY(const auto facts, reader.facts(subject));
    folded += facts.about.size();
    const auto holder = policy::holder_of(facts, policies, domain, now());
    if (may_read(policies, domain, std::nullopt, {holder, &subject}, who)) shown.push_back(std::move(subject));
  }
  page.subjects = std::move(shown);
  return page;
}

Watch::Interest Service::interest_in(std::string_view domain) const {
  return {concerning(*impl_->ledger->published()->policies, impl_->domain_or_default(domain))};
}

Watch& Service::watch() const { return impl_->watch; }

Stamp Service::stamp(const SubjectId& subject) const {
  const std::uint32_t slot = slot_of(subject);
  return {impl_->epoch.load(std::memory_order_acquire), slot, impl_->slots[slot].load(std::memory_order_acquire)};
}

bool Service::is_present(Stamp stamp) const {
  return stamp.epoch == impl_->epoch.load(std::memory_order_acquire) &&
         stamp.changes == impl_->slots[stamp.slot & 0xffff].load(std::memory_order_acquire);
}

}  // namespace cm4it::service
