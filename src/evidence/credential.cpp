#include "evidence/credential.h"

#include <algorithm>

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

Statement with_entries(Statement list, std::vector<RevocationList::Entry> entries, bool cut) {
  if (entries.empty() && !cut) return list;
  auto said = list.revocations->copy();
  said->entries = std::move(entries);
  said->cut = cut;
  std::get<Withdraw>(list.body).reason = said->reason();
  list.revocations = std::move(said);
  return list;
}

}  // namespace cm4it::evidence
