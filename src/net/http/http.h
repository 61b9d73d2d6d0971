// HTTP as plain values: what a handler is given and what it answers. No sockets here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/key.h"

namespace cm4it::net {

// One field of a head, as it came (RFC 9110 section 5); white space around the value is gone.
struct Field {
  std::string_view name, value;
};

// A body that outlives its request.
class Body {
 public:
  Body() = default;
  explicit Body(std::string octets) : message_(std::move(octets)), size_(message_.size()) {}
  // Those octets of a message.
  Body(std::string message, std::size_t begin, std::size_t size) : message_(std::move(message)), begin_(begin), size_(size) {}

  View view() const { return cm4it::view(std::string_view(message_).substr(begin_, size_)); }
  std::size_t size() const { return size_; }

 private:
  std::string message_;
  std::size_t begin_ = 0, size_ = 0;
};

// A whole request. Every view lives until the handler returns: a handler that answers later copies
// what it needs.
struct Request {
  std::string_view method;  // any token; case-sensitive (RFC 9110 section 9.1)
  std::string_view target;  // as it came
  std::string_view path;    // raw (still percent-encoded), before '?'; begins with '/', or is "*"
  std::string_view query;   // raw, after '?'; empty if there is none
  std::span<const Field> fields;
  View body;                                      // whole; chunks already joined
  bool secure = false;                            // came over TLS
  unsigned loop = 0;                              // of the event loop that read it: ListenerOptions::first_loop and on
  const crypto::PublicKey* client_key = nullptr;  // proven in the TLS handshake; null: none
  std::string_view remote;                        // "192.0.2.1:49152"

  std::string* message = nullptr;  // for take_body(): holds the octets of this request and nothing else; null: something else holds them

  // The body, for whoever works on it later. A large one is not copied but handed over: all views of this request are then
  // those of what is returned. To be called once.
  Body take_body() const;
  // The value of the first field of that name, in any case; empty if absent.
  std::string_view header(std::string_view name) const;
};

// Content that is too large to hold whole for each client: it is made in parts, as the client reads them.
class Content {
 public:
  virtual ~Content() = default;
  virtual std::uint64_t size() const = 0;  // of all parts, in octets
  // Has the next part made (some 64 KiB, at least one octet) and `then` called with it, once, on any thread. Asked again only
  // after that. An error ends the connection: the length was told before. May be called on an event loop: must not block.
  using Then = std::function<void(Result<std::string>)>;
  virtual void next(Then then) = 0;
};

struct Response {
  unsigned status = 200;
  std::string content_type;                                  // empty: none
  std::vector<std::pair<std::string, std::string>> headers;  // not Content-Length, Connection, Date
  std::string body;
  std::shared_ptr<Content> content;  // if set, in place of `body`
  // If set, all the above is ignored: status line, fields, blank line and body as serialize() makes
  // them. The server only puts Date (and Connection where it ends) behind the status line.
  std::shared_ptr<const std::string> ready;
  // If set, called with the loop's number on the loop's own thread when the answer is about to be sent: for what is cached there
  // without a lock. Not called where the client has gone.
  std::function<void(unsigned loop)> on_loop;
};

// The answer's bytes, to be kept and sent any number of times as Response::ready. Control
// characters in field values become spaces: an answer cannot be split.
std::shared_ptr<const std::string> serialize(const Response& response);
std::string_view reason_phrase(unsigned status);  // RFC 9110 section 15

// For answers to OPTIONS: pages of any origin may send these methods (as in Allow) with these request fields (both lists, "A, B").
// Browsers ask before every request that a form could not have sent (Fetch standard, CORS protocol).
void allow_cross_origin(Response& options, std::string methods, std::string fields);

// Receives an answer. The server's connections are exchanges; tests may have their own.
class Exchange {
 public:
  virtual ~Exchange() = default;
  // Called once, from any thread. `self` keeps the exchange until the answer has arrived.
  virtual void answer(std::shared_ptr<Exchange> self, Response&& response) = 0;
  virtual bool gone() const = 0;
  virtual bool half_closed() const { return false; }
};

// The one answer to one request. May be moved to and called on any thread, now or later. Called
// within the handler it is a plain function call; later it is handed to the connection's thread.
// If the client has gone meanwhile, nothing happens. Destroyed unanswered: status 500.
class Responder {
 public:
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  // For tests of handlers: the answer is given to `sink`, as if on loop 0.
  static Responder to(std::function<void(Response)> sink);

  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept;
  ~Responder();

  void operator()(Response response);
  // The client has left: whoever holds a long poll may forget it. May be asked on any thread.
  bool gone() const { return !exchange_ || exchange_->gone(); }
  // The client closed its sending half. It may still read its answer (RFC 9112 section 9.6), or have left: TCP says the same of
  // both. Whoever holds a long poll answers it now, with what there is. May be asked on any thread.
  bool half_closed() const { return exchange_ && exchange_->half_closed(); }

 private:
  std::shared_ptr<Exchange> exchange_;  // null once answered
};

// Runs on the server's threads, several at once; must not block. HEAD comes as HEAD: answer as for
// GET, the server leaves the body out. What it throws becomes a 500 and one line in the log.
using Handler = std::function<void(const Request&, Responder)>;

// Of ASCII letters: names of fields, media types (RFC 9110 sections 5.1 and 8.3.1).
bool equal_ignoring_case(std::string_view a, std::string_view b);

// RFC 3986 section 2.1. Errors: malformed ('%' without two hexadecimal digits). '+' stays.
Result<std::string> percent_decode(std::string_view text);
// Everything but RFC 3986's unreserved characters as %XX.
std::string percent_encode(std::string_view text);

// The parameters of a query or of an application/x-www-form-urlencoded body ('+' is a space):
//   query = [ pair *( "&" pair ) ],  pair = name [ "=" value ]
// Values are bytes: whoever uses one checks that it is the text it expects.
class Query {
 public:
  // Errors: malformed (bad escape, empty name, a name twice), too_large
  // (budget::http_query_parameters).
  static Result<Query> parse(std::string_view text);

  std::optional<std::string_view> get(std::string_view name) const;  // absent: nullopt
  bool has(std::string_view name) const { return get(name).has_value(); }
  const std::vector<std::pair<std::string, std::string>>& all() const { return pairs_; }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

}  // namespace cm4it::net
