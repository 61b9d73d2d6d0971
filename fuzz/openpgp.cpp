// OpenPGP keys. A piece decodes alone or is refused; what is assembled splits into the same pieces, in
// whatever order they were; kept evidence says what it said.
#include "base/text.h"
#include "evidence/evidence.h"
#include "evidence/formats/openpgp/openpgp.h"
#include "evidence/formats/openpgp/packet.h"
#include "fuzz/fuzz.h"
#include "fuzz/views.h"

using namespace cm4it;
using namespace cm4it::evidence;
using namespace cm4it::fuzz;

namespace {

void check_piece(View piece, const Decoded& decoded) {
  require(equal(decoded.bytes(), piece), "evidence is kept as it came");
  require(decoded.statements().size() == 1, "one signature says one thing");
  const Statement& statement = decoded.statements()[0];
  require(statement.component.digest.has_value(), "every signature is of a component");
  require(statement.aliases.size() >= 2, "a certificate has names");
  if (const auto* identity = std::get_if<Identity>(&statement.body)) {
    const auto key = must(crypto::PublicKey::from_canonical_spki(identity->spki), "an identity carries its key");
    require(statement.subject == SubjectId::key(key.id()), "the subject is the primary key");
    require(is_clean_text(identity->name) && is_clean_text(identity->maker) && is_clean_text(identity->model), "names can be shown");
  }
  if (const auto* status = std::get_if<StatusChange>(&statement.body)) require(is_clean_text(status->reason, "\n\t"), "reasons can be shown");
  if (decoded.carried_key()) (void)verify(decoded, *decoded.carried_key());

  const auto leaf = must(parse_leaf(leaf_bytes(Format::openpgp, piece)), "a leaf parses");
  require(leaf.first == Format::openpgp && equal(leaf.second, piece), "a leaf holds the evidence");
  const auto stored = must(statements_of_stored(Format::openpgp, piece, statement.issuer), "kept evidence decodes");
  require(stored.size() == 1 && stored[0].subject == statement.subject && stored[0].body.index() == statement.body.index() &&
              stored[0].aliases == statement.aliases, "kept evidence says what it said");
  require_views(stored);
}

void check_certificate(const std::vector<Bytes>& pieces, const openpgp::Fingerprint& fingerprint) {
  const auto assembled = openpgp::assemble(pieces, fingerprint);
  if (!assembled) return;  // a key without any signature
  std::vector<Bytes> reversed(pieces.rbegin(), pieces.rend());
  require(must(openpgp::assemble(reversed, fingerprint), "any order assembles") == *assembled, "any order gives the same certificate");
  const auto again = must(openpgp::split_certificates(*assembled), "what is assembled can be split");
  require(again.dropped_count == 0, "what is assembled is good");
  std::vector<Bytes> parts;
  for (const auto& piece : again.pieces) {
    require(contains(pieces, piece.bytes), "assembling makes no new piece");
    parts.push_back(piece.bytes);
  }
  require(must(openpgp::assemble(parts, fingerprint), "it assembles again") == *assembled, "a certificate has one form");
  const auto info = must(openpgp::describe(pieces, fingerprint, Time{1'800'000'000}), "it can be described");
  for (const auto& user_id : info.user_ids) require(is_clean_text(user_id.text), "user ids can be shown");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const View input(data, size);
  if (const auto decoded = decode(Format::openpgp, input)) check_piece(input, *decoded);
  const auto split = openpgp::split_certificates(input);
  if (!split) return 0;
  std::vector<Bytes> pieces;
  for (const auto& piece : split->pieces) {
    if (const auto decoded = decode(piece.format, piece.bytes)) check_piece(piece.bytes, *decoded);
    pieces.push_back(piece.bytes);
  }
  for (const auto& fingerprint : split->certificates) check_certificate(pieces, fingerprint);
  return 0;
}

// Changes the body of one packet, so that the headers around stay right.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  std::minstd_rand random(seed);
  openpgp::PacketReader reader({data, size});
  std::vector<std::pair<std::uint8_t, Bytes>> packets;
  while (!reader.done()) {
    const auto packet = reader.next();
    if (!packet) return LLVMFuzzerMutate(data, size, most);
    packets.emplace_back(packet->tag, to_bytes(packet->body));
  }
  if (packets.empty() || random() % 8 == 0) return LLVMFuzzerMutate(data, size, most);
  const std::size_t at = random() % packets.size();
  switch (random() % 8) {
    case 0: packets.insert(packets.begin() + static_cast<std::ptrdiff_t>(random() % (packets.size() + 1)), packets[at]); break;
    case 1: std::swap(packets[at], packets[random() % packets.size()]); break;
    case 2: packets.erase(packets.begin() + static_cast<std::ptrdiff_t>(at)); break;
    default: packets[at].second = mutate(packets[at].second);
  }
  Bytes made;
  for (const auto& [tag, body] : packets) openpgp::append_packet(made, tag, body);
  return put(made, data, size, most);
}
