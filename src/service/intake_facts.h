// What an examination looks up in the store. For this room's .cpp files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "policy/eligible.h"
#include "service/intake_examine.h"

namespace cm4it::service {

bool is_policy(const evidence::Decoded& decoded);

// The first receipt answers the same statement, whatever its signature bytes or its unsigned parts. None: it is not stored; or one of the
// logs of `taken_in` has not taken it, or the home of one of `domains` has refused it, and may take it now.
Result<std::optional<ledger::Appended>> find_known(const evidence::StatementId& id, const std::vector<std::string>& taken_in,
                                                   const std::vector<std::string>& domains, const IntakeContext& context);

// The same for what was sent again exactly as it is stored, signature and all: whoever can do that has seen it, and it was verified when it
// came.
Result<std::optional<ledger::Appended>> find_repeated(const evidence::Decoded& decoded, const std::vector<std::string>& domains,
                                                      const policy::IssuerKeys& issuer, const IntakeContext& context);

// A key's own word that it is compromised goes into the log of every domain of ours that listens to the key: their copies must hear
// of it too. Adds those to the domains it speaks in.
void add_listening_homes(const evidence::Decoded& decoded, const policy::Policies& policies, const std::vector<std::string>& homes,
                         std::vector<std::string>& domains);

// not_permitted: the issuer's key has said that it is compromised, and nothing it says since counts anywhere. What it says of itself
// is heard, and it may take back what it said.
Result<void> may_still_speak(const ledger::Reader& reader, const std::vector<evidence::Statement>& statements, const KeyId& issuer);

// Of a key that speaks of itself: whether it is known here.
Result<void> find_subject(const ledger::Reader& reader, const evidence::Decoded& decoded, policy::Context& in);

// Of a withdrawal: what is stored here of the statement that it names.
Result<void> describe_target(const ledger::Reader& reader, const ledger::Record& target, const evidence::SubjectId& subject, policy::Context& in);

}  // namespace cm4it::service
