// The kinds of statements, one row each: what is true of a kind wherever it is met (docs/formats/statement.md, "Kinds").
#pragma once

#include <span>

#include "evidence/statement.h"

namespace cm4it::evidence {

struct KindRow {
  Kind kind;
  const char* name;       // in JSON, in policies, and for people
  bool for_good;          // it settles something: bears neither nbf nor exp
  bool may_restrict;      // left out, what it refuses may be admitted
  bool can_be_withdrawn;  // by a native withdrawal
  bool written_by_roles;  // [write] says by whom; else always by the same
  bool read_by_roles;     // [read] says by whom; else by whoever can name the domain
};

inline constexpr KindRow kinds[] = {
    //                           for good restrict withdrawn [write] [read]
    {Kind::identity, "identity", false,   false,   true,     true,   true},
    {Kind::endorse,  "endorse",  false,   false,   true,     true,   true},
    {Kind::status,   "status",   false,   true,    false,    true,   true},
    {Kind::transfer, "transfer", true,    true,    false,    true,   true},
    {Kind::assign,   "assign",   false,   false,   true,     true,   true},
    {Kind::withdraw, "withdraw", true,    true,    false,    false,  true},
    {Kind::policy,   "policy",   false,   false,   false,    false,  false},
};

constexpr const KindRow& row_of(Kind kind) { return kinds[static_cast<std::size_t>(kind) - 1]; }
static_assert(std::size(kinds) == std::variant_size_v<Body>);

}  // namespace cm4it::evidence
