// One submission under examination: its pieces, shared by several worker threads. For this room's .cpp files.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "service/intake.h"
#include "service/serials.h"

namespace cm4it::service {

// A submission by strangers may be minutes of work, so it is done in parts.
inline Error is_stopping() { return {Code::unavailable, "this server is stopping", "try again in a moment"}; }

struct Intake::Round {
  static RoundPtr make(Turns::TicketPtr ticket, std::vector<evidence::Piece> pieces, std::string domain, const Caller& caller, SubmitDone done);

  Turns::TicketPtr ticket;
  std::vector<evidence::Piece> pieces;
  std::string domain;
  SubmitDone done;
  std::vector<ItemResult> results;
  std::size_t asked = 0;                 // pieces that were submitted; those that they bring along stand behind them
  std::size_t examinations = 0;          // of pieces, counting each repeat
  std::string source;                    // the address it came from; empty: this server itself
  Principal who;                         // for what may be told of other subjects
  std::size_t folded = 0;                // for warnings
  std::vector<std::optional<SerialUse>> serials;  // of the pieces; each is written by whoever examines its piece
  bool own = false;                      // this server's own evidence: no quota a minute
  std::size_t entered_before = 0;
  struct Todo { std::vector<std::size_t> indices; std::size_t next = 0; };
  Guarded<Todo> todo;                    // pieces of this round, and the first of them that no part has
  std::atomic<std::size_t> waiting{0};   // pieces of this round that have no result yet
};

}  // namespace cm4it::service
