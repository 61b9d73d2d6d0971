#include "service/health.h"

#include <algorithm>

#include "base/text.h"


namespace cm4it::service {

Result<void> Health::check() const {
  TRY(const auto reader, ledger_.reader());
  if (const auto count = damaged())
    return fail(Code::unavailable, "the store is damaged: the evidence of " + std::to_string(count) + " statements is not what was kept",
                "the log names them; run `ics rebuild`, and if it fails, restore a backup");
  if (!reader.policies().newest(access_.default_domain()))
    return fail(Code::unavailable, "no policy of " + access_.default_domain() + " counts here yet");
  if (const auto failure = ledger_.write_failure())
    return fail(Code::unavailable, "nothing can be written since " + to_rfc3339(failure->since) + ": " + failure->why, failure->next.empty() ? "ics help disk-full" : failure->next);
  return {};
}

std::vector<std::string> Health::warnings(const Principal& who) const {
  std::vector<std::string> warnings;
  const auto add = [&](bool shown, std::string text, const char* otherwise) {
    if (text.empty()) return;
    if (!shown) text = otherwise;
    if (!contains(warnings, text)) warnings.push_back(std::move(text));
  };
  const auto& homes = ledger_.options().homes;
  const auto refusal = ledger_.signing_refusal();
  add(std::all_of(homes.begin(), homes.end(), [&](const auto& home) { return access_.reads_log(home, who); }),
      refusal.empty() ? "" : "nothing is signed: " + refusal, "nothing is signed: this server's log says why");
  const auto readings = clocks_.homes().readings();
  const bool all = std::all_of(readings.begin(), readings.end(), [&](const auto& one) { return access_.reads_log(one.domain, who); });
  add(all, clocks_.homes().behind_homes(), "this server's clock is behind those of homes: their time is used");
  for (const auto& reading : readings)
    add(access_.reads_log(reading.domain, who), clocks_.homes().doubt(reading.domain), "the clock of a home is ahead of this server's");
  return warnings;
}

// The domains without news for so long that nothing is admitted (docs/verdict.md, "Staleness").
std::vector<Health::Silent> Health::silent() const {
  const auto published = ledger_.published();
  const std::string& own = access_.default_domain();
  const auto* policy = published->policies->newest(own);
  if (!policy) return {};
  const Time now = clocks_.now(*published);
  std::vector<Silent> all;
  const auto judge = [&](const std::string& domain, evidence::Type type, Seconds most) {
    if (access_.is_home(domain)) return;
    const auto state = published->domains.find(domain);
    const auto head = state == published->domains.end() ? std::nullopt : state->second.newest_head;
    if (head ? now <= *head + most : domain != own) return;  // another domain that was never heard has not fallen silent
    auto known = std::find_if(all.begin(), all.end(), [&](const Silent& one) { return one.domain == domain; });
    if (known == all.end()) known = all.insert(all.end(), {domain, head, most, {}});
    known->most = std::min(known->most, most);
    known->types.push_back(evidence::to_string(type));
  };
  for (const auto& [type, admit] : policy->admit) {
    if (!admit.max_staleness) continue;
    judge(own, type, admit.max_staleness->of_own(own));
    for (const auto& [domain, news] : admit.news)
      if (news.counts && news.most) judge(domain, type, *news.most);
  }
  return all;
}

}  // namespace cm4it::service
