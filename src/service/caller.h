// The caller: what every front end knows about the client at the other end of a connection.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/key.h"

namespace cm4it::service {

// The right to read depends on this alone: the key that the client proved on this connection; none: it is anyone.
using Principal = std::optional<KeyId>;

// The order in which callers are served depends on their address as well.
struct Caller {
  Principal who;
  std::string address;  // without the port; of IPv6 the /64 network, which belongs to one customer. Empty: this server itself

  // `proven`: null where there is none. `remote`: "192.0.2.1:49152", "[2001:db8::1]:49152".
  static Caller from(const crypto::PublicKey* proven, std::string_view remote);
};

}  // namespace cm4it::service
