// What gateway and sensors say to each other: lines over mutually authenticated TLS. No certificate authority: each side's
// certificate is its own, what counts is the key proven in the handshake and the ICS's verdict on it.
//
//   both, first     hello TOKEN            its own verdict token, base64url; "-" for none
//   gateway         welcome | refused WHY
//   sensor          refused WHY            instead of readings: it does not trust this gateway
//   sensor          reading N VALUE
//   gateway         noted N | bye WHY
#pragma once

#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

#include "net/tls_stream.h"

namespace cm4it::demo {

inline constexpr std::size_t longest_line = 4096;
inline constexpr net::Milliseconds patience{10'000};

struct Line {
  std::string verb, rest;
};

inline Line split_line(const std::string& line) {
  const auto space = line.find(' ');
  if (space == std::string::npos) return {line, {}};
  return {line.substr(0, space), line.substr(space + 1)};
}

inline Result<Line> hear(net::TlsStream& stream, net::Milliseconds timeout = patience) {
  TRY(const std::string line, stream.read_line(longest_line, timeout));
  return split_line(line);
}

// The next line, which must be this one.
inline Result<std::string> hear(net::TlsStream& stream, std::string_view verb) {
  TRY(Line line, hear(stream));
  if (line.verb == verb) return std::move(line.rest);
  if (line.verb == "refused" || line.verb == "bye") return fail(Code::not_permitted, std::move(line.rest));
  return fail(Code::malformed, "heard '" + line.verb + "' where '" + std::string(verb) + "' was expected");
}

inline Result<void> say(net::TlsStream& stream, std::string_view verb, std::string_view rest = {}) {
  std::string line(verb);
  if (!rest.empty()) line.append(" ").append(rest);
  return stream.write(line + "\n");
}

inline Result<void> say_hello(net::TlsStream& stream, View token) {
  return say(stream, "hello", token.empty() ? "-" : to_base64url(token));
}

// A line on standard output for whoever watches this program: WHAT KEY [MORE].
inline void report(std::string_view what, const KeyId& about, std::string_view more = {}) {
  static std::mutex one_at_a_time;
  std::lock_guard lock(one_at_a_time);
  std::printf("%.*s %s %.*s\n", static_cast<int>(what.size()), what.data(), about.text().c_str(), static_cast<int>(more.size()),
              more.data());
  std::fflush(stdout);
}

}  // namespace cm4it::demo
