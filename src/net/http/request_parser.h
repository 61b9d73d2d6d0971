// Requests out of a connection's bytes: Beast's parser alone, which hands out places in our buffer.
#pragma once

#include <cstddef>
#include <memory>

#include "net/http/http.h"

namespace cm4it::net {

class RequestParser {
 public:
  enum class State { incomplete, complete, failed };
  struct Failure {
    unsigned status = 400;
    const char* rule = "";
  };

  explicit RequestParser(std::size_t max_body);
  ~RequestParser();

  void reset();  // for the next message

  // `message` begins with the message's first byte and holds everything that came since; between
  // calls it may have moved. Chunks are joined in place, hence the pointer to non-const.
  State feed(char* message, std::size_t size);

  // The head is whole, the body is not, and the client waits for a 100 (RFC 9110 section 10.1.1).
  // True once.
  bool take_expectation();

  // Octets of the message, as far as its head tells them: within max_body. 0: not known.
  std::size_t expected_size() const;

  // When complete:
  std::size_t size() const;                          // what the message took
  void fill(Request& request, const char* message);  // all but what the connection knows
  bool keep_alive() const;                           // RFC 9112 section 9.3
  bool http_1_0() const;
  // When failed:
  const Failure& failure() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cm4it::net
