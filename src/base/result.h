// Result<T>: a value, or one Error that names the field and the rule it broke.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace cm4it {

// Every way a request can fail. Each front end maps these in one exhaustive switch.
enum class Code {
  malformed,      // the input breaks its grammar
  too_large,      // a budget (base/budgets.h) is exceeded
  unsupported,    // well-formed, but nothing here speaks it
  bad_signature,  // the signature does not verify under the issuer's key
  not_permitted,  // policy does not let this issuer or reader do that
  not_found,      // absent, or not to be read by the asker: the same answer
  ambiguous,      // a prefix or alias leads to several subjects
  conflict,       // contradicts what is already stored
  not_yet,        // could count once something else has come; nothing is stored
  misdirected,    // the domain lives on another server (detail: its URL)
  unavailable,    // a peer, a disk or a limit stands in the way; try again later
  internal,       // a broken invariant
};

const char* to_string(Code code);

struct Error {
  Code code;
  std::string message;  // for people: field, rule, what was found
  std::string detail;   // where the rule stands, or what to do next; may be empty

  bool operator==(const Error&) const = default;
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

inline tl::unexpected<Error> fail(Code code, std::string message, std::string detail = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(detail)});
}

// The same error with "where" put before its message, for callers that know the field's name.
inline tl::unexpected<Error> within(std::string where, Error error) {
  error.message = std::move(where) + ": " + error.message;
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace cm4it

#define CM4IT_CONCAT_(a, b) a##b
#define CM4IT_CONCAT(a, b) CM4IT_CONCAT_(a, b)
#define CM4IT_TRY_(tmp, decl, ...)                                                 \
  auto tmp = (__VA_ARGS__);                                                        \
  if (!tmp) return tl::unexpected<::cm4it::Error>(std::move(tmp).error());         \
  decl = std::move(*tmp)

// TRY(auto x, f()); declares x from f()'s value, or returns f()'s error from this function.
#define TRY(decl, ...) CM4IT_TRY_(CM4IT_CONCAT(try_, __LINE__), decl, __VA_ARGS__)
// CHECK_OK(f()); returns f()'s error from this function, if there is one.
#define CHECK_OK(...) CM4IT_CHECK_(CM4IT_CONCAT(checked, __LINE__), __VA_ARGS__)
#define CM4IT_CHECK_(tmp, ...)                                                     \
  do {                                                                             \
    if (auto tmp = (__VA_ARGS__); !tmp)                                            \
      return tl::unexpected<::cm4it::Error>(std::move(tmp).error());               \
  } while (false)
