// Bounds on what a connection may cost before it is known who is there. Those of several rooms are in base/budgets.h.
#pragma once

#include <cstddef>

namespace cm4it::budget {

inline constexpr std::size_t tls_hello_bytes = 16 * 1024;        // of a ClientHello
inline constexpr std::size_t tls_hello_groups = 128;             // that one names
inline constexpr std::size_t tls_certificate_bytes = 64 * 1024;  // of a client's certificates together
inline constexpr std::size_t tls_messages = 64;                  // of handshakes, key updates and refused renegotiations, a connection
inline constexpr std::size_t handshakes_unfinished = 256;        // of one address at one listener
inline constexpr long handshake_timeout_seconds = 10;            // from the connection's beginning
inline constexpr long handshake_share_percent = 50;              // of a processor's time: one address's handshakes at one listener
inline constexpr long handshake_burst_ms = 500;                  // of that time at once

}  // namespace cm4it::budget
