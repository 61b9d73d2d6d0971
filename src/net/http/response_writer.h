// How answers become bytes; for the server's connections.
#pragma once

#include <string>
#include <string_view>

#include "net/http/http.h"

namespace cm4it::net {

// May a response of this status have content?
bool has_content(unsigned status);
// Status line, two whole lines or nothing, the response's fields, blank line.
void append_head(std::string& to, const Response& response, std::string_view date_line = {},
                 std::string_view connection_line = {});

// An answer that is an error of HTTP itself (RFC 9457). `rule` is our own text.
Response problem(unsigned status, std::string_view rule);

}  // namespace cm4it::net
