#include "evidence/credential.h"

#include <algorithm>

#include "evidence/codec.h"

namespace cm4it::evidence {

bool list_number_less(View a, View b) {
  const auto digits = [](View number) {
    while (!number.empty() && number[0] == 0) number = number.subspan(1);
    return number;
  };
  const View one = digits(a), other = digits(b);
  if (one.size() != other.size()) return one.size() < other.size();
  return std::lexicographical_compare(one.begin(), one.end(), other.begin(), other.end());
}

Result<std::unique_ptr<RevocationReader>> open_revocation_list(Format format, View piece) {
  const Codec* codec = find_codec(format);
  if (!codec || !codec->open_list) return fail(Code::unsupported, std::string("format: ") + to_string(format) + " has no lists that take certificates back");
  return codec->open_list(piece);
}

}  // namespace cm4it::evidence
