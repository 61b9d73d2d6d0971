// How much time has passed on this machine, whatever its clock was set to meanwhile.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/time.h"

namespace cm4it {

// Seconds since the machine booted, suspended ones included. Two of them can be compared if they are of one boot.
struct Uptime {
  std::string boot;  // a name that no other boot has
  Seconds seconds = 0;
};
using UptimeSource = std::function<std::optional<Uptime>()>;

// Of this machine; none where the kernel does not tell (it is read from /proc).
std::optional<Uptime> machine_uptime();

}  // namespace cm4it
