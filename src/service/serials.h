// Serial numbers that a maker gives twice. For this room's .cpp files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evidence/statement.h"

namespace cm4it::service {

// Who calls which subject by which serial.
struct SerialUse {
  evidence::SubjectId subject;
  KeyId issuer;
  std::string serial, maker;
};

// Of the first identity among the statements of one piece that gives a serial.
std::optional<SerialUse> serial_use_of(const std::vector<evidence::Statement>& statements);

}  // namespace cm4it::service
