// The payload of a native statement: domains, kind, body (docs/formats/statement.md).
#pragma once

#include "evidence/statement.h"

namespace cm4it::evidence {

// payload = { 1: [+ domain], 2: kind, 3: body }. Fills domains and body of `statement`, whose subject is known; every rule
// on what may be said of which subject is checked. Errors name the path ("payload.3.2").
// `from_store`: this server checked the keys in it before, when it took it in.
Result<void> read_payload(View payload, Statement& statement, bool from_store);
Bytes write_payload(const std::vector<std::string>& domains, const Body& body);

}  // namespace cm4it::evidence
