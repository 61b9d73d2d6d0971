#!/bin/sh
# A format of evidence is a folder in src/evidence/formats and a line in src/evidence/formats.cpp. So hardly any other file names
# one, and where one does its line says why. Prints what breaks that; then the status is 1.
# check_formats.sh [ROOT]: the project's root (default: where this tool stands).
set -eu
cd "${1:-$(dirname "$0")/..}"
most=5

named=$(find src -type f \( -name '*.h' -o -name '*.cpp' \) ! -path 'src/evidence/*' ! -name '*_test.cpp' ! -name '*fixture*' ! -name '*_for_test.h' ! -name 'test_support.h' |
  sort | xargs grep -nE '\bFormat::[a-z]' /dev/null || :)
count=$(printf '%s' "$named" | grep -c . || :)
bare=$(printf '%s' "$named" | grep -v '//' || :)
broken=0
if [ "$count" -gt "$most" ]; then echo "formats are named in $count places outside of src/evidence, more than $most:"; printf '%s\n' "$named"; broken=1; fi
if [ -n "$bare" ]; then echo "a format is named without a reason (// …) beside it:"; printf '%s\n' "$bare"; broken=1; fi
[ "$broken" = 0 ] && echo "formats: named in $count places outside of src/evidence"
exit "$broken"
