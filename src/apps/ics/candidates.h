// Where a word leads to several subjects: what is known of each of them.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace cm4it::ics {

// A table of summaries as the server gives them ("candidates" of an ambiguous name, "subjects" of a search), a line each below "one of:".
std::string candidates_text(const boost::json::array& summaries);

}  // namespace cm4it::ics
