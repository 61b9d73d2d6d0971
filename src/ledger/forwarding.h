// Notes in the store about statements that another domain's home still has to receive, and about how that ended.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "evidence/statement.h"

namespace cm4it::ledger {

using evidence::StatementId;

// "forward/STATEMENT/DOMAIN": the statement still has to reach a home of the domain. Its value: since when (8 octets, big-endian seconds), and
// why it does not count there meanwhile; empty (older stores): it counts, since it was first seen.
std::string forward_note(const StatementId& id, std::string_view domain);
// "refused/STATEMENT/DOMAIN": the statement does not hold in this domain. Its value: why the domain's home refused it for good, or 0x01 and why
// it is not sent there (any more).
std::string refusal_note(const StatementId& id, std::string_view domain);
// "taken/STATEMENT/DOMAIN": a home has received it, whose receipt this server may not read.
std::string taken_note(const StatementId& id, std::string_view domain);

// What the keys of all such notes begin with; and of which statement and domain one of these keys is. none: of no such note.
inline constexpr std::string_view forward_notes = "forward/", refusal_notes = "refused/";
struct ForwardingKey {
  StatementId statement;
  std::string domain;
};
std::optional<ForwardingKey> read_forwarding_key(std::string_view key);

struct Waiting {
  Time since;
  std::string undecided;  // the policies known here do not let that home take it yet, and why; empty: they do
};
Bytes encode(const Waiting& waiting);
Waiting decode_waiting(View value, Time first_seen);

// Writes a reason as the value of a refusal note, and reads such a value back into a sentence for people.
Bytes not_sent(std::string_view why);
std::string refusal_text(std::string_view domain, View value);

}  // namespace cm4it::ledger
