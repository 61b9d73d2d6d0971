#include "apps/icsd/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

#include "base/budgets.h"

namespace cm4it::icsd {
namespace {

constexpr std::size_t most_own = 1024;  // store, event loops, files, a link to each server that is followed

std::size_t own_of(std::size_t limit) { return std::min(most_own, limit / 8); }

}  // namespace

Descriptors raise_descriptor_limit(std::size_t listeners) {
  rlimit now{};
  if (::getrlimit(RLIMIT_NOFILE, &now)) return {};
  Descriptors descriptors{now.rlim_cur, now.rlim_cur};
  const rlim_t wanted = std::min<rlim_t>(now.rlim_max, listeners * budget::connections + most_own);
  if (wanted <= now.rlim_cur) return descriptors;
  now.rlim_cur = wanted;
  if (::setrlimit(RLIMIT_NOFILE, &now) == 0) descriptors.limit = wanted;
  return descriptors;
}

ListenerShare share_of_listener(std::size_t limit, std::size_t listeners) {
  const std::size_t share = (limit - own_of(limit)) / std::max<std::size_t>(1, listeners);
  const std::size_t connections = std::clamp<std::size_t>(share, 1, budget::connections);
  return {connections, connections / 8};
}

}  // namespace cm4it::icsd
