// A protocol on a connection: a Session for each connection, and a Sessions object that makes them. Those of HTTP are in net/http.
//
// A connection (net/connection.h) has the socket, TLS, what came and is not taken yet, what is still to be written, and the
// deadlines. Its session makes messages of what came, and writes its own into the connection's outbox.
// Everything here is called on the event loop's thread: nothing may block, or work for long.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace cm4it::net {

class Connection;

class Session {
 public:
  virtual ~Session() = default;

  enum class State {
    ready,     // for the next message
    working,   // a message is being worked on: what comes is buffered, within bounds, and not taken
    answering  // the same, and its answer is being written in parts
  };
  virtual State state() const = 0;

  // Takes whole messages from the beginning of what came, while it is ready and the connection is not blocked. Returns the octets
  // taken; the rest is shown again with what comes behind it. May change what it is shown.
  virtual std::size_t take(char* octets, std::size_t size) = 0;
  // How many octets the message that has begun will have, as far as it says so itself; 0: not known.
  virtual std::size_t expected_size() const { return 0; }
  // All that was in the outbox has been written.
  virtual void written() {}
  // Called after Connection::wake(), which any thread may call.
  virtual void woken() {}
  // Called regularly: every quarter of the shortest timeout in ListenerOptions.
  virtual void tick() {}

  // Why no further message is taken.
  enum class Ending {
    cut_off,  // the peer ended within a message
    no_room,  // for the rest of the message (ListenerOptions::max_buffered)
    late,     // the message did not come, or its answer was not made, within its time
    stopping  // the server stops, and its shutdown timeout has passed
  };
  // May write a last message and call Connection::finish() and flush(). What does neither is closed.
  virtual void give_up(Ending why) = 0;
  // The connection is closed: what only it needs may go. The session itself goes with the connection, maybe on another thread.
  virtual void closed() {}
};

// What the sessions of one event loop have in common. Made and used on that loop's thread alone.
class Sessions {
 public:
  virtual ~Sessions() = default;
  // A client is there, its TLS handshake done. The connection outlives the session.
  virtual std::unique_ptr<Session> begin(Connection& connection) = 0;
  virtual void tick() {}  // before those of the sessions
};

// A protocol, as a server is given it. Called once for each event loop.
using Protocol = std::function<std::unique_ptr<Sessions>()>;

}  // namespace cm4it::net
