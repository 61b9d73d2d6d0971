// Manifest elements. What decodes is kept as it came, names a P-256 device by its key, and is cut out of an array unchanged.
#include <boost/json.hpp>

#include "evidence/evidence.h"
#include "fuzz/fuzz.h"
#include "fuzz/views.h"

using namespace cm4it;
using namespace cm4it::evidence;
using namespace cm4it::fuzz;
namespace json = boost::json;

namespace {

void check(View input, const Decoded& decoded) {
  require(equal(decoded.bytes(), input), "evidence is kept as it came");
  require(decoded.signature().size() == 64, "r and s");
  const Statement& statement = decoded.statements().at(0);
  const auto* identity = std::get_if<Identity>(&statement.body);
  require(identity && identity->type == Type::device, "an element is a device's identity");
  const auto key = must(crypto::PublicKey::from_canonical_spki(identity->spki), "slot 0 is a key");
  require(statement.subject == SubjectId::key(key.id()), "the subject is slot 0's key");
  require(is_utf8(identity->serial) && is_utf8(identity->maker) && is_utf8(identity->model), "text is UTF-8");

  const auto leaf = must(parse_leaf(leaf_bytes(Format::manifest, input)), "a leaf parses");
  require(leaf.first == Format::manifest && equal(leaf.second, input), "a leaf holds the evidence");
  const KeyId issuer{};
  const auto stored = must(statements_of_stored(Format::manifest, input, issuer), "kept evidence decodes");
  require(stored.size() == 1 && stored[0].subject == statement.subject, "kept evidence says what it said");
  require_views(stored);
}

// The encoded part that is changed from within, so that the base64 around it stays right.
bool mutate_member(json::object& element, const char* name) {
  auto* member = element.if_contains(name);
  if (!member || !member->is_string()) return false;
  const auto bytes = from_base64url(std::string(member->as_string()));
  if (!bytes) return false;
  *member = to_base64url(mutate(*bytes));
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const View input(data, size);
  if (const auto decoded = decode(Format::manifest, input)) {
    check(input, *decoded);
    // As a file: elements between brackets. White space around an element is not part of it.
    if (size > 0 && data[0] == '{' && data[size - 1] == '}') {
      const std::string file = "[ " + std::string(text(input)) + " ,\n" + std::string(text(input)) + "]";
      const auto pieces = must(split("application/json", view(file)), "a manifest splits");
      require(pieces.size() == 2 && equal(pieces[0].bytes, input) && equal(pieces[1].bytes, input),
              "a manifest splits between its elements");
    }
  }
  if (const auto pieces = split("application/json", input)) {
    std::size_t total = 0;
    for (const auto& piece : *pieces) {
      require(piece.bytes.size() >= 2 && piece.bytes.front() == '{', "a piece begins an object");
      total += piece.bytes.size();
    }
    require(total <= size, "pieces do not overlap");
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  std::minstd_rand random(seed);
  boost::system::error_code error;
  auto value = json::parse({reinterpret_cast<const char*>(data), size}, error);
  if (error || !value.is_object() || random() % 8 == 0) return LLVMFuzzerMutate(data, size, most);
  if (!mutate_member(value.as_object(), random() % 4 == 0 ? "protected" : "payload"))
    return LLVMFuzzerMutate(data, size, most);
  const std::string made = json::serialize(value);
  return put(view(made), data, size, most);
}
