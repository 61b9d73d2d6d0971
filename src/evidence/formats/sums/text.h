// The text of a SHA256SUMS: what sha256sum prints and checks (docs/formats/sums.md has the grammar).
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace cm4it::evidence::sums {

struct File {
  Digest digest{};
  std::string name;               // as the first line with that digest has it
  std::vector<std::string> also;  // further names of the same octets
  std::string version;            // said for all files by a comment, else seen in the name; may be empty
};

// In the order of the text, each digest once. The whole text must be well formed: malformed names the line and the rule;
// too_large: more lines or a longer name than budgeted.
Result<std::vector<File>> read_text(View text);

// "firmware-1.4.2-rc1.bin" → "1.4.2-rc1"; empty where the name bears no number with a point in it.
std::string version_in(std::string_view name);

}  // namespace cm4it::evidence::sums
