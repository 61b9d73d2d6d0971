// Rules of HTTP/1.1 that the library's parser leaves open, and its errors in words; for RequestParser.
#pragma once

#include <boost/system/error_code.hpp>
#include <string_view>

#include "net/http/request_parser.h"

namespace cm4it::net {

// uri-host [ ":" port ] (RFC 9110 section 7.2): an IPv4 address or a registered name, or an IPv6 address in brackets. Neither
// empty (RFC 9110 section 4.2.1) nor a list: a comma, which a registered name could have, is refused.
bool is_authority(std::string_view text);

// The authority of a target in absolute-form ("http://host/path", RFC 9112 section 3.2.2), and what is behind it. False: the
// target has another form.
bool split_absolute(std::string_view target, std::string_view& authority, std::string_view& behind);

// The line that `at` lies in is followed by one that begins with white space: an obsolete folding (RFC 9112 section 5.2).
bool goes_on(const char* at, const char* end);

// Status and rule for what the library's parser refuses. `head_started`: the request line was in order, `message` begins with it.
RequestParser::Failure explain(const boost::system::error_code& ec, bool head_started, std::string_view message);

}  // namespace cm4it::net
