// Who asks: what every door knows of whoever is at the other end.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/key.h"

namespace cm4it::service {

// Who may read what hangs on this alone. The key proven on this connection; none: anyone.
using Principal = std::optional<KeyId>;

// Whose turn it is hangs on where one comes from as well.
struct Caller {
  Principal who;
  std::string address;  // without the port; of IPv6 the network (/64), which is one customer's. Empty: this server itself

  // `proven`: null where there is none. `remote`: "192.0.2.1:49152", "[2001:db8::1]:49152".
  static Caller from(const crypto::PublicKey* proven, std::string_view remote);
};

}  // namespace cm4it::service
