// Who holds a subject and since when, in words: for the message to an issuer who may not make statements about it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/fold.h"

namespace cm4it::policy {

struct Possession {
  std::string subject = "the subject";  // what people call it: its serial, its name, or the first digits of its id
  std::optional<Time> since;            // when the transfer to the present holder was received; none: it is the holder by an identity
  std::vector<std::string> before;      // domains whose it was before
  std::string unclaimed;                // of what nobody holds: why its newest identity does not count; empty: there is none
};

Possession possession_of(const Verdict& verdict, const Policies& policies);

// A key in words: its name in a policy ("acme.example/line1"), else the first digits of its id.
std::string key_words(const KeyId& key, const Policies& policies);

struct Sentence { std::string why, next; };
// The message for an issuer who could say this only on behalf of the holder, and does not speak for the holder. `possession` null: no more is known than the holder.
Sentence not_the_holder(const Holder& holder, const Possession* possession, const KeyId& issuer, Kind kind, const Policies& policies);

}  // namespace cm4it::policy
