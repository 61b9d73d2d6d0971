// What a ledger keeps of statements (evidence/view_row.h): reads back as it was written.
#pragma once

#include "evidence/view_row.h"
#include "fuzz/fuzz.h"

namespace cm4it::fuzz {

inline void require_views(const std::vector<evidence::Statement>& statements) {
  for (const auto& statement : statements) {
    if (statement.revocations) continue;
    const evidence::Statement* one = &statement;
    const Bytes row = evidence::write_view({&one, 1});
    const auto read = must(evidence::read_view(row, statement.subject), "a view reads back");
    require(read.size() == 1, "a view has as many statements as were written");
    one = &read[0];
    require(evidence::write_view({&one, 1}) == row, "a view says what was written");
  }
}

}  // namespace cm4it::fuzz
