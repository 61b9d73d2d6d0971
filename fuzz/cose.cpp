// Native statements. What decodes is the one encoding of what it says, reads the same when kept, and survives the forms it
// travels and is logged in.
#include "base/cbor.h"
#include "evidence/formats/native/body.h"
#include "evidence/evidence.h"
#include "fuzz/fuzz.h"
#include "fuzz/views.h"

using namespace cm4it;
using namespace cm4it::evidence;
using namespace cm4it::fuzz;

namespace {

// COSE_Sign1 = 18([protected, {}, payload, signature])
struct Parts { Bytes header, payload, signature; };

Result<Parts> parse_message(View message) {
  CborReader reader(message);
  CHECK_OK(reader.tag());
  CHECK_OK(reader.array());
  Parts parts;
  TRY(const View header, reader.bytes());
  CHECK_OK(reader.item());
  TRY(const View payload, reader.bytes());
  TRY(const View signature, reader.bytes());
  return Parts{to_bytes(header), to_bytes(payload), to_bytes(signature)};
}

Bytes put_together(const Parts& parts) {
  CborWriter out;
  out.tag(18).array(4).bytes(parts.header).map(0).bytes(parts.payload).bytes(parts.signature);
  return out.take();
}

void check(View input, const Decoded& decoded) {
  require(equal(decoded.bytes(), input), "evidence is kept as it came");
  const Statement& statement = decoded.statements().at(0);
  const Parts parts = must(parse_message(input), "what decodes can be parsed");
  require(equal(put_together(parts), input), "a message has one encoding");
  require(write_payload(statement.domains, statement.body) == parts.payload, "a payload has one encoding");

  const auto leaf = must(parse_leaf(leaf_bytes(Format::cose, input)), "a leaf parses");
  require(leaf.first == Format::cose && equal(leaf.second, input), "a leaf holds the evidence");
  const auto stored = must(statements_of_stored(Format::cose, input, statement.issuer), "kept evidence decodes");
  require(stored.size() == 1 && stored[0].id == statement.id && stored[0].body.index() == statement.body.index(),
          "kept evidence says what it said");
  require_views(stored);

  Bytes twice = to_bytes(input);
  append(twice, input);
  const auto pieces = must(split("application/cbor-seq", twice), "a sequence splits");
  require(pieces.size() == 2 && equal(pieces[1].bytes, input), "a sequence splits between its items");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const View input(data, size);
  if (const auto decoded = decode(Format::cose, input)) check(input, *decoded);
  if (const auto pieces = split("application/octet-stream", input); pieces && !pieces->empty() && pieces->front().format == Format::cose) {
    Bytes whole;
    for (const auto& piece : *pieces) append(whole, leaf_bytes(piece.format, piece.bytes));
    require(equal(whole, input), "splitting a sequence loses nothing");
  }
  (void)parse_leaf(input);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  std::minstd_rand random(seed);
  auto parts = parse_message({data, size});
  if (!parts || random() % 8 == 0) return LLVMFuzzerMutate(data, size, most);
  Bytes& part = random() % 16 == 0 ? parts->header : random() % 16 == 0 ? parts->signature : parts->payload;
  part = mutate(part);
  return put(put_together(*parts), data, size, most);
}
