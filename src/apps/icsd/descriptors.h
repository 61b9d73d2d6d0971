// File descriptors: every connection takes one, and what the process may have is shared out among its listeners.
#pragma once

#include <cstddef>

namespace cm4it::icsd {

struct Descriptors {
  std::size_t limit = 0;  // that holds now
  std::size_t found = 0;  // the soft limit that the process was started with
};

// Raises the soft limit (getrlimit(2), RLIMIT_NOFILE) to what so many listeners could use, as far as the hard one allows.
Descriptors raise_descriptor_limit(std::size_t listeners);

// What one of so many listeners may hold: connections, and how many of them are kept for servers of the policy. The rest is the
// process's own: store, event loops, links to other servers.
struct ListenerShare { std::size_t connections = 0, reserved = 0; };
ListenerShare share_of_listener(std::size_t limit, std::size_t listeners);

}  // namespace cm4it::icsd
