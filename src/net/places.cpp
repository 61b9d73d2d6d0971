#include "net/places.h"

#include <algorithm>

namespace cm4it::net {
namespace {

// Keeps of `chosen` only the `most` that were inactive longest.
std::vector<std::size_t> longest_inactive(std::vector<std::size_t> chosen, std::span<const Standing> standings, std::size_t most) {
  const auto last = chosen.begin() + static_cast<std::ptrdiff_t>(std::min(most, chosen.size()));
  std::partial_sort(chosen.begin(), last, chosen.end(),
                    [&](std::size_t a, std::size_t b) { return standings[a].last_active < standings[b].last_active; });
  chosen.erase(last, chosen.end());
  return chosen;
}

template <class Condition>
std::vector<std::size_t> strangers_who(std::span<const Standing> standings, Condition condition) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < standings.size(); ++i)
    if (!standings[i].known && condition(standings[i])) found.push_back(i);
  return found;
}

std::size_t at_once(std::size_t limit) { return std::clamp<std::size_t>(limit / 64, 1, 64); }

}  // namespace

bool Places::may_begin_handshake(Source source) const {
  const auto found = handshakes_.find(source);
  return found == handshakes_.end() || found->second < limits_.handshakes;
}

void Places::end_handshake(Source source) {
  const auto found = handshakes_.find(source);
  if (found != handshakes_.end() && --found->second == 0) handshakes_.erase(found);
}

std::vector<std::size_t> Places::who_leaves(std::span<const Standing> standings) const {
  const std::size_t most = at_once(limits_.strangers);
  auto idle = strangers_who(standings, [](const Standing& one) { return one.doing == Standing::Doing::nothing; });
  if (!idle.empty()) return longest_inactive(std::move(idle), standings, most);
  std::map<Source, std::size_t> held;
  for (const auto& one : standings)
    if (!one.known) ++held[one.source];
  if (held.empty()) return {};
  const auto heaviest = std::max_element(held.begin(), held.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  auto theirs = strangers_who(standings, [&](const Standing& one) { return one.source == heaviest->first; });
  return longest_inactive(std::move(theirs), standings, std::min(most, std::max<std::size_t>(1, heaviest->second / 8)));
}

std::vector<std::size_t> Places::who_leaves(std::span<const Standing> standings, Source source) const {
  auto theirs = strangers_who(standings, [&](const Standing& one) {
    return one.source == source && one.doing == Standing::Doing::handshake;
  });
  const std::size_t beyond = theirs.size() > limits_.handshakes ? theirs.size() - limits_.handshakes : 0;
  return longest_inactive(std::move(theirs), standings, beyond + at_once(limits_.handshakes));
}

}  // namespace cm4it::net
