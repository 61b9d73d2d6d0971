#include "ledger/forwarding.h"

namespace cm4it::ledger {
namespace {

constexpr std::uint8_t ended_here = 1;

std::string note_of(const char* kind, const StatementId& id, std::string_view domain) {
  return std::string(kind) + "/" + id.text() + "/" + std::string(domain);
}

}  // namespace

std::string forward_note(const StatementId& id, std::string_view domain) { return note_of("forward", id, domain); }
std::string refusal_note(const StatementId& id, std::string_view domain) { return note_of("refused", id, domain); }
std::string taken_note(const StatementId& id, std::string_view domain) { return note_of("taken", id, domain); }

std::optional<ForwardingKey> read_forwarding_key(std::string_view key) {
  const auto id_at = key.find('/') + 1, slash = key.find('/', id_at);
  if (id_at == 0 || slash == key.npos) return {};
  const auto digest = digest_from_hex(key.substr(id_at, slash - id_at));
  if (!digest) return {};
  return ForwardingKey{{*digest}, std::string(key.substr(slash + 1))};
}

Bytes encode(const Waiting& waiting) {
  Bytes value;
  append_u64(value, static_cast<std::uint64_t>(waiting.since.seconds));
  append(value, view(waiting.undecided));
  return value;
}

Waiting decode_waiting(View value, Time first_seen) {
  if (value.size() < 8) return {first_seen, {}};
  return {Time{static_cast<std::int64_t>(read_u64(value.first(8)))}, std::string(text(value.subspan(8)))};
}

Bytes not_sent(std::string_view why) {
  Bytes value{ended_here};
  append(value, view(why));
  return value;
}

std::string refusal_text(std::string_view domain, View value) {
  const bool here = !value.empty() && value[0] == ended_here;
  return (here ? "not forwarded to the home of " : "refused by the home of ") + std::string(domain) + ": " +
         std::string(text(value.subspan(here ? 1 : 0)));
}

}  // namespace cm4it::ledger
