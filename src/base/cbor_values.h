// Values of ours in CBOR, one item each, and back: for rows that only this program writes and reads. Texts are octets there, since
// what comes out of foreign evidence need not be UTF-8.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/cbor.h"
#include "base/time.h"

namespace cm4it::cbor {

inline void put(CborWriter& out, const std::string& text) { out.bytes(view(text)); }
inline void put(CborWriter& out, const Bytes& octets) { out.bytes(octets); }
inline void put(CborWriter& out, const Digest& digest) { out.bytes(digest); }
inline void put(CborWriter& out, const Time& time) { out.integer(time.seconds); }

template <class T>
void put(CborWriter& out, const std::vector<T>& list) {
  out.array(list.size());
  for (const T& one : list) put(out, one);
}

// None: null.
template <class T>
void put(CborWriter& out, const std::optional<T>& value) {
  if (value) put(out, *value);
  else out.null();
}

inline Result<void> get(CborReader& in, std::string& to) {
  TRY(const View octets, in.bytes());
  to = text(octets);
  return {};
}
inline Result<void> get(CborReader& in, Bytes& to) {
  TRY(const View octets, in.bytes());
  to = to_bytes(octets);
  return {};
}
inline Result<void> get(CborReader& in, Digest& to) {
  TRY(const View octets, in.bytes());
  if (octets.size() != to.size()) return fail(Code::malformed, "CBOR: not a digest of " + std::to_string(to.size()) + " octets");
  std::copy(octets.begin(), octets.end(), to.begin());
  return {};
}
inline Result<void> get(CborReader& in, Time& to) {
  TRY(const auto seconds, in.integer());
  to = Time{seconds};
  return {};
}

template <class T>
Result<void> get(CborReader& in, std::vector<T>& to) {
  TRY(const auto size, in.array());
  for (std::size_t i = 0; i < size; ++i) CHECK_OK(get(in, to.emplace_back()));
  return {};
}

template <class T>
Result<void> get(CborReader& in, std::optional<T>& to) {
  if (in.next_is_null()) return in.null();
  return get(in, to.emplace());
}

// Of an enumeration, or any other number from 0 up.
template <class Number>
Result<void> get_number(CborReader& in, Number& to) {
  TRY(const auto number, in.uint());
  to = static_cast<Number>(number);
  return {};
}

}  // namespace cm4it::cbor
