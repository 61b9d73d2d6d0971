// Signed lists of files: a piece of evidence, a list, a cleartext message. What decodes is kept as it came and says of each
// file the same when it is kept; a list has each digest once.
#include "evidence/evidence.h"
#include "evidence/formats/sums/sums.h"
#include "evidence/formats/sums/text.h"
#include "fuzz/fuzz.h"
#include "fuzz/views.h"

using namespace cm4it;
using namespace cm4it::evidence;
using namespace cm4it::fuzz;

namespace {

void check_piece(View piece, const Decoded& decoded) {
  require(equal(decoded.bytes(), piece), "evidence is kept as it came");
  require(!decoded.statements().empty(), "a list names files");
  require(decoded.carried_key().has_value(), "the key is in the evidence");  // OpenPGP's, or the CMS signer's
  (void)verify(decoded, *decoded.carried_key());
  const auto& first = decoded.statements()[0];
  const auto* identity = std::get_if<Identity>(&first.body);
  require(identity && identity->type == Type::code && first.subject.kind == SubjectKind::code, "each is an identity of code");
  require(is_clean_text(identity->name) && is_clean_text(identity->version), "names can be shown");
  const auto stored = must(statements_of_stored(Format::sums, piece, first.issuer, first.id, &first.subject), "kept evidence decodes");
  require(stored.size() == 1 && std::get<Identity>(stored[0].body).name == identity->name, "kept evidence says what it said");
  require_views(stored);
}

void check_list(const std::vector<sums::File>& files) {
  for (std::size_t i = 1; i < files.size(); ++i) require(files[i].digest != files[0].digest, "each digest once");
  for (const auto& file : files) require(!file.name.empty() && is_clean_text(file.name) && is_clean_text(file.version), "names can be shown");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const View input(data, size);
  if (const auto decoded = decode(Format::sums, input)) check_piece(input, *decoded);
  if (const auto files = sums::read_text(input)) check_list(*files);
  if (const auto lists = sums::read_signed(input, {}))
    for (const auto& list : *lists) (void)sums::complete(list, input);
  (void)sums::read_signed(view("list"), input);
  return 0;
}
