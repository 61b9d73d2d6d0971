// What every target here uses. Each target is one LLVMFuzzerTestOneInput (libFuzzer) and says in its first lines what must
// hold beside "does not crash".
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace cm4it::fuzz {

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\n", what);
  std::abort();
}

// The value of what must succeed here.
template <class T>
T must(Result<T> result, const char* what) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str());
  require(result.has_value(), what);
  return std::move(*result);
}

// Changes an inner part of an encoding, which is then wrapped again: a changed octet in the middle would otherwise break a
// length or an encoding around it, and nothing below would ever be reached.
inline Bytes mutate(View part, std::size_t most = 4096) {
  Bytes room(std::max(most, part.size() + 16));
  std::copy(part.begin(), part.end(), room.begin());
  room.resize(LLVMFuzzerMutate(room.data(), part.size(), room.size()));
  return room;
}

// Puts a custom mutator's result where libFuzzer wants it; unchanged when it does not fit.
inline std::size_t put(View made, std::uint8_t* data, std::size_t size, std::size_t most) {
  if (made.size() > most) return size;
  std::copy(made.begin(), made.end(), data);
  return made.size();
}

}  // namespace cm4it::fuzz
