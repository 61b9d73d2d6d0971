#include "base/result.h"

namespace cm4it {

const char* to_string(Code code) {
  switch (code) {
    case Code::malformed: return "malformed";
    case Code::too_large: return "too-large";
    case Code::unsupported: return "unsupported";
    case Code::bad_signature: return "bad-signature";
    case Code::not_permitted: return "not-permitted";
    case Code::not_found: return "not-found";
    case Code::ambiguous: return "ambiguous";
    case Code::conflict: return "conflict";
    case Code::not_yet: return "not-yet";
    case Code::misdirected: return "misdirected";
    case Code::unavailable: return "unavailable";
    case Code::internal: return "internal";
  }
  return "internal";
}

}  // namespace cm4it
