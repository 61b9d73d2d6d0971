#include "base/uptime.h"

#include <algorithm>
#include <cctype>
#include <fstream>

namespace cm4it {

std::optional<Uptime> machine_uptime() {
  Uptime now;
  double seconds = 0;
  if (!(std::ifstream("/proc/sys/kernel/random/boot_id") >> now.boot) || now.boot.size() > 64) return {};
  if (!std::all_of(now.boot.begin(), now.boot.end(), [](unsigned char c) { return std::isxdigit(c) || c == '-'; })) return {};
  if (!(std::ifstream("/proc/uptime") >> seconds) || !(seconds >= 0 && seconds < 1e15)) return {};
  now.seconds = static_cast<Seconds>(seconds);
  return now;
}

}  // namespace cm4it
