// Warnings about a serial number that one maker gives to two things. For this room's .cpp files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evidence/statement.h"

namespace cm4it::service {

// An issuer gives a subject this serial number.
struct SerialUse {
  evidence::SubjectId subject;
  KeyId issuer;
  std::string serial, maker;
};

// The serial number in the first identity of one piece that has one; none: no identity has.
std::optional<SerialUse> serial_use_of(const std::vector<evidence::Statement>& statements);

}  // namespace cm4it::service
