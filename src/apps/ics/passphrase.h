// Passphrases and PINs, typed by a person who sees nothing of them.
#pragma once

#include "crypto/secret.h"

namespace cm4it::ics {

// Asks at the process's terminal, whatever its standard streams are. Empty where there is none.
crypto::AskSecret terminal();

}  // namespace cm4it::ics
