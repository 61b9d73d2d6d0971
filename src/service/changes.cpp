// The changes since a position, for clients that follow verdicts.
#include <algorithm>

#include "ledger/feed_row.h"
#include "service/feed.h"

namespace cm4it::service {

namespace {

// The domain asked and those that its policy refers to: statements in other domains do not count there.
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

Result<ChangesPage> Feed::changes(std::optional<std::uint64_t> from, std::string_view domain_name,
                                     const Principal& who) const {
  const std::string domain = access_.domain_or_default(domain_name);
  TRY(const auto reader, ledger_.reader());
  CHECK_OK(access_.check_held(reader.published(), domain));
  const auto& policies = reader.policies();
  // The asker must not even learn that something was received.
  if (access_.sees_nothing(policies, domain, std::nullopt, who)) return ChangesPage{{}, false, from.value_or(0), reader.published().next};
  const auto domains = concerning(policies, domain);
  ChangesPage page{{}, false, reader.published().next, 0};
  if (from) {
    TRY(page, changes_since(reader, *from, domains));
  }
  page.seen = page.next;
  if (!policies.newest(domain) || access_.may_read(policies, domain, std::nullopt, {}, who)) return page;
  std::vector<SubjectId> shown;
  std::size_t folded = 0;
  for (auto& subject : page.subjects) {
    if (folded >= most_folded_) {  // rather than look at all of them: any may have changed
      page.everything = true;
      shown.clear();
      break;
    }
    TRY(const bool could, access_.could_read(reader, domain, std::nullopt, subject, who));
    if (!could) continue;
    TRY(const auto facts, reader.facts(subject));
    folded += facts.about.size();
    const auto holder = policy::holder_of(facts, policies, domain, access_.now());
    if (access_.may_read(policies, domain, std::nullopt, {holder, &subject}, who)) shown.push_back(std::move(subject));
  }
  page.subjects = std::move(shown);
  return page;
}

Watch::Interest Feed::interest_in(std::string_view domain) const {
  return {concerning(*ledger_.published()->policies, access_.domain_or_default(domain))};
}

}  // namespace cm4it::service
