// README.md and docs/, as they were when this program was built (cmake/documents.cmake).
#pragma once

#include <span>
#include <string_view>

namespace cm4it::ics {

struct Document { std::string_view path, text; };  // "docs/x509.md"; Markdown, or troff of a manual page
std::span<const Document> documents();

}  // namespace cm4it::ics
