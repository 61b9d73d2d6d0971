// For tests of what real programs do: without such a program they are skipped, or, where CM4IT_REQUIRE_ALL is set as in .ci/run, fail.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

// `there`: whether what the test needs is installed; `what`: its name, a string literal.
#define CM4IT_NEEDS(there, what)                                                                            \
  do {                                                                                                      \
    if (there) break;                                                                                       \
    if (std::getenv("CM4IT_REQUIRE_ALL")) FAIL() << what " is not installed; `./dev setup test` does that"; \
    GTEST_SKIP() << what " is not installed";                                                               \
  } while (false)
