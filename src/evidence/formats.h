// The formats of evidence that are read here, one line each (formats.cpp has the list).
#pragma once

#include "evidence/codec.h"

namespace cm4it::evidence {

namespace native { extern const Codec codec; }
namespace manifest { extern const Codec codec; }
namespace openpgp { extern const Codec codec; }
namespace x509 { extern const Codec codec; }
namespace crl { extern const Codec codec; }
namespace sums { extern const Codec codec; }

}  // namespace cm4it::evidence
