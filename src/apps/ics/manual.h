// The manual pages: ics(1) out of the tree that parses the command line, icsd(8) as docs/ has it.
#pragma once

#include <CLI/App.hpp>
#include <iosfwd>

namespace cm4it::ics {

void write_manual(const CLI::App& app, std::ostream& out);

}  // namespace cm4it::ics
