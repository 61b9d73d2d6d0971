// X.509 certificates. What decodes is kept as it came, can be shown, and says the same once it is kept; PEM is split into
// what it was made of.
#include "evidence/formats/x509/x509.h"
#include "crypto/pem.h"
#include "evidence/credential.h"
#include "evidence/evidence.h"
#include "fuzz/fuzz.h"
#include "fuzz/views.h"

using namespace cm4it;
using namespace cm4it::evidence;
using namespace cm4it::fuzz;

namespace {

void check_certificate(View bytes, const Decoded& decoded) {
  require(equal(decoded.bytes(), bytes), "evidence is kept as it came");
  require(decoded.statements().size() == 1, "a certificate says one thing");
  const Statement& statement = decoded.statements()[0];
  require(statement.credentials.size() == 1 && equal(statement.credentials[0]->octets(), bytes), "the certificate is at hand");
  require(statement.aliases.size() >= 4, "a certificate has names");
  const auto& identity = std::get<Identity>(statement.body);
  const auto key = must(crypto::PublicKey::from_canonical_spki(identity.spki), "an identity carries its key");
  require(statement.subject == SubjectId::key(key.id()), "the subject is the key");
  require(is_clean_text(identity.name) && is_clean_text(identity.maker) && is_clean_text(identity.serial), "names can be shown");
  for (const auto& [name, value] : identity.attributes)
    require(is_clean_text(value) && !value.empty(), "attributes can be shown");
  for (const auto& uri : identity.uris) require(is_clean_text(uri), "URIs can be shown");
  if (decoded.carried_key()) (void)verify(decoded, *decoded.carried_key());

  const auto stored = must(statements_of_stored(Format::x509, bytes, key.id()), "kept evidence decodes");
  require(stored.size() == 1 && stored[0].subject == statement.subject && stored[0].aliases == statement.aliases &&
              stored[0].expires == statement.expires,
          "kept evidence says what it said");
  require_views(stored);
  const auto pieces = must(split("application/x-pem-file", view(crypto::certificate_pem(bytes))), "PEM is split");
  require(pieces.size() == 1 && equal(pieces[0].bytes, bytes), "PEM gives back what it was made of");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const View input(data, size);
  if (const auto decoded = decode(Format::x509, input)) check_certificate(input, *decoded);
  const auto pieces = split("application/x-pem-file", input);
  if (!pieces) return 0;
  for (const auto& piece : *pieces)
    if (const auto decoded = decode(piece.format, piece.bytes)) check_certificate(piece.bytes, *decoded);
  return 0;
}
