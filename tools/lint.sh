#!/bin/sh
# What no compiler and no test looks at: tools/lint.sh BUILD, a configured build directory. Status 1 if anything must be mended.
set -eu
cd "$(dirname "$0")/.."
build=$1
broken=0
say() { echo "$1"; broken=1; }

tools/check_rooms.sh || broken=1
tools/check_formats.sh || broken=1

# Paths of some machine, and marks of what is unfinished, in anything that is kept.
found=$(git grep -nIE '(^|[^[:alnum:]_.])/(work|root|home)/[[:alnum:]]|\b(TODO|FIXME|XXX)\b' -- . ':!LICENSE' ':!tools/lint.sh' || :)
[ -z "$found" ] || say "machine paths or marks of unfinished work:
$found"
found=$(git grep -nIE '[[:blank:]]+$' -- '*.cpp' '*.h' '*.c' '*.sh' '*.cmake' CMakeLists.txt dev || :)
[ -z "$found" ] || say "white space at the end of a line:
$found"
found=$(git ls-files '*.h' | xargs grep -L '^#pragma once' || :)
[ -z "$found" ] || say "no #pragma once:
$found"

found=$(git grep -lE '^namespace cm4it::budget' -- src ':!src/base/budgets.h' ':!src/*/budgets.h' || :)
[ -z "$found" ] || say "budgets outside of budgets.h of base, or of their room:
$found"

found=$(git ls-files 'src/*.cpp' 'src/*.h' 'demo/*.cpp' 'bench/*.cpp' | grep -v '_test\.cpp$' | xargs wc -l |
  awk '$2 != "total" && $1 > 300 { print $2 " has " $1 " lines" }')
[ -z "$found" ] || say "files of more than 300 lines (mostly they are under 200):
$found"

found=$(git ls-files 'src/*.cpp' 'src/*.h' 'demo/*.cpp' 'demo/*.h' 'bench/*.cpp' 'bench/*.h' | grep -v '_test\.cpp$' |
  xargs awk -f tools/check_sizes.awk)
[ -z "$found" ] || say "functions of more than 60 lines, or classes of more than 200:
$found"

# Tests are lists: they may be longer, and are split by subject all the same.
found=$(git ls-files '*_test.cpp' 'tests/*.cpp' 'tests/*.h' 'fuzz/*.cpp' | xargs wc -l | awk '$2 != "total" && $1 > 500 { print $2 " has " $1 " lines" }')
[ -z "$found" ] || say "tests of more than 500 lines:
$found"
found=$(git ls-files '*_test.cpp' 'tests/*.cpp' 'tests/*.h' 'fuzz/*.cpp' | xargs awk -v most_function=80 -f tools/check_sizes.awk)
[ -z "$found" ] || say "functions of tests of more than 80 lines, or classes of more than 200:
$found"

# Locks that clang's analysis knows, and the analysis of whatever takes one: a member is used under the mutex that guards it.
found=$(git grep -nE 'std::(mutex|shared_mutex|lock_guard|unique_lock|scoped_lock|condition_variable)' -- src ':!*_test.cpp' ':!*_for_test.h' ':!*_fixture.h' ':!src/base/mutex.h' || :)
[ -z "$found" ] || say "locks that are none of base/mutex.h:
$found"
# shellcheck disable=SC2046 # flags
git grep -lE '\b(Lock|Guarded)\b' -- 'src/*.cpp' ':!*_test.cpp' |
  xargs -P "$(nproc)" -n 4 clang++-19 -std=c++20 -fsyntax-only -Wno-everything -Wthread-safety -Werror=thread-safety -Isrc -DSPDLOG_FMT_EXTERNAL \
    -DBOOST_ASIO_SEPARATE_COMPILATION -DBOOST_ASIO_NO_DEPRECATED $(pkg-config --cflags p11-kit-1) || broken=1

# The rooms that read what strangers send (.clang-tidy says what is looked for). As they are compiled, several files as one:
# most of the time goes into what they include.
units=
for room in base crypto tlog evidence policy net net_http routing; do units="$units $build/CMakeFiles/cm4it_$room.dir/Unity/*.cxx"; done
# shellcheck disable=SC2086 # patterns
ls $units | xargs -P "$(nproc)" -n 1 clang-tidy-19 -p "$build" --quiet --extra-arg=-Wthread-safety >"$build/clang-tidy.log" 2>&1 ||
  { grep -A3 -E 'error:' "$build/clang-tidy.log" || tail -20 "$build/clang-tidy.log"; broken=1; }

[ "$broken" = 0 ] && echo "lint: nothing to mend"
exit "$broken"
