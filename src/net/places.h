// Decides which connection an event loop closes to make room for a new one. For net's own use.
//
// Every connection takes a descriptor, and a stranger proves nothing before it has one. So strangers always find a place while
// they do not all work at once: the newcomer takes that of one who does nothing. What is kept from them is for those whom
// `ListenerOptions::known` knows by their key; they come as strangers, and give that place back once their handshake is done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "net/address.h"

namespace cm4it::net {

// One connection, as the choice sees it.
struct Standing {
  enum class Doing : std::uint8_t {
    nothing,    // between requests, or before the first octet; or its client may have left
    handshake,  // begun and not finished
    something   // a request, or its answer
  };
  Source source{};
  Doing doing = Doing::nothing;
  bool known = false;
  std::uint64_t last_active = 0;  // a count of the loop's: a smaller one is longer ago
};

class Places {
 public:
  struct Limits {
    std::size_t all = 0;         // connections of the loop
    std::size_t strangers = 0;   // of them, of those who are not known
    std::size_t handshakes = 0;  // begun and unfinished ones of one source
  };
  explicit Places(Limits limits) : limits_(limits) {}

  bool has_room() const { return strangers_ < limits_.strangers && strangers_ + known_ < limits_.all; }
  bool may_begin_handshake(Source source) const;

  void enter() { ++strangers_; }
  void begin_handshake(Source source) { ++handshakes_[source]; }
  void end_handshake(Source source);
  void become_known() { --strangers_, ++known_; }
  void leave(bool known) { known ? --known_ : --strangers_; }

  // Who makes room for one from `source`, as indices: of those who do nothing, those who did so longest; of none, those of the
  // source that holds most places, the longest inactive first. More than one: so that not every newcomer begins a search.
  std::vector<std::size_t> who_leaves(std::span<const Standing> standings) const;
  // Which connections are closed for another handshake of `source`: its own oldest unfinished ones.
  std::vector<std::size_t> who_leaves(std::span<const Standing> standings, Source source) const;

 private:
  const Limits limits_;
  std::size_t strangers_ = 0, known_ = 0;
  std::map<Source, std::size_t> handshakes_;
};

}  // namespace cm4it::net
