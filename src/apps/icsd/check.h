// icsd --check-config: what a start would trip over, and what is probably not meant, without starting. A running server is not
// disturbed: nothing is listened at, and the store is not opened.
#pragma once

#include <string>
#include <vector>

#include "apps/icsd/config.h"

namespace cm4it::icsd {

struct Findings {
  std::vector<std::string> faults;   // icsd would not start, or not do what the line says; each begins with the key
  std::vector<std::string> remarks;  // it starts
};
Findings check(const Config& config, Time now);

}  // namespace cm4it::icsd
