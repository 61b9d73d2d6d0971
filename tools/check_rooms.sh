#!/bin/sh
# Holds the layers of src/: a file includes its own room and the rooms that its room may, by full paths; and of another room
# only the headers that its README.md offers ("Other rooms include `a.h`, `b.h`."), all others being the room's own. A header that no
# other room includes is not offered. Tests and what only they use may include any header of the rooms below.
# Prints file:line and the broken rule for each include that breaks one; then the status is 1.
# check_rooms.sh [ROOT]: the project's root (default: where this tool stands).
set -eu
cd "${1:-$(dirname "$0")/..}"

# From the bottom up: a room, and what it may include besides itself. Names stand below their own line only, so rooms
# form no cycle. Doors and sync speak the service's types, hence the rooms under it; the ledger and the store they never see.
rooms='
base:
crypto: base
store: base
net: crypto base
net/http: net crypto base
evidence: crypto base
policy: evidence crypto base
tlog: crypto base
ledger: tlog policy evidence crypto store base
service: ledger tlog policy evidence crypto store base
routing: service net/http crypto base
frontends: routing service net/http net tlog policy evidence crypto base
sync: service net/http net tlog policy evidence crypto base
update: service ledger policy evidence crypto base
apps: *
'

# Every header that a room offers, as a path below src/.
offers=$(find src -name README.md | sort | while read -r readme; do
  awk -v room="$(dirname "${readme#src/}")" '/^Other rooms include/ { on = 1 }
    /^$/ { on = 0 }
    on { n = split($0, part, "`"); for (i = 2; i <= n; i += 2) if (part[i] ~ /\.h$/) print room "/" part[i] }' "$readme"
done)

find src -type f \( -name '*.h' -o -name '*.cpp' \) | sort | xargs grep -nE '^[[:space:]]*#[[:space:]]*include' /dev/null | awk -v list="$rooms" -v offers="$offers" '
BEGIN {
  headers = split(offers, header, "\n")
  for (i = 1; i <= headers; ++i) offered[header[i]] = 1
  lines = split(list, line, "\n")
  for (i = 1; i <= lines; ++i) {
    if (split(line[i], part, ":") < 2) continue
    known[part[1]] = 1
    names = split(part[2], name, " ")
    for (j = 1; j <= names; ++j) {
      if (name[j] != "*" && !(name[j] in known)) complain("tools/check_rooms.sh: " part[1] " names " name[j] ", which does not stand above it")
      may[part[1], name[j]] = 1
    }
    text[part[1]] = part[2] == "" ? " none" : part[2]
  }
}
function complain(what) { print what; ++broken }
# The room as the list has it (a folder of a room may be one itself), and the door or program in it where there are several.
function room_of(path,  p) { split(path, p, "/"); return (p[1] "/" p[2]) in known ? p[1] "/" p[2] : p[1] }
function is_test(path) { return path ~ /_test\.cpp$|fixture[^\/]*\.h$|_for_test\.h$|test_support\.h$/ }
function own_of(path,  p) { split(path, p, "/"); return p[1] == "frontends" || p[1] == "apps" ? p[1] "/" p[2] : room_of(path) }
{
  file = $0; sub(/:.*/, "", file)
  at = $0; sub(/^[^:]*:/, "", at); sub(/:.*/, "", at)
  where = file ":" at ": "
  from = file; sub(/^src\//, "", from)
  included = $0; sub(/^[^:]*:[^:]*:/, "", included)
  if (included !~ /"/) next
  sub(/^[^"]*"/, "", included); sub(/".*/, "", included)
  ++seen
  a = room_of(from); b = room_of(included)
  if (!(a in known)) { complain(where "src/" a " is no room of the list in tools/check_rooms.sh"); next }
  if (included ~ /\.\.\// || !(b in known)) { complain(where "\"" included "\" is not a full path below src/ (\"room/file.h\")"); next }
  if ((getline ignored < ("src/" included)) < 0) complain(where "there is no src/" included)
  close("src/" included)
  if (own_of(from) == own_of(included)) next
  if (!is_test(from)) {
    used[included] = 1
    if (!(included in offered)) complain(where own_of(from) " includes " included ", which src/" own_of(included) "/README.md does not offer to other rooms")
  }
  if ((a, "*") in may) next
  if (a == b) complain(where own_of(from) " includes " own_of(included) ": never each other")
  else if (b == "apps") complain(where own_of(from) " includes " included ": only programs include src/apps")
  else if (!((a, b) in may)) complain(where own_of(from) " includes " included "; it may include only:" text[a])
}
END {
  for (i = 1; i <= headers; ++i)
    if (header[i] != "" && !(header[i] in used)) complain("src/" own_of(header[i]) "/README.md offers " header[i] ", which no other room includes")
  if (!seen) complain("tools/check_rooms.sh: no include found: is this the project\x27s root?")
  if (broken) { print "rooms: " broken " broken"; exit 1 }
  print "rooms: " seen " includes hold"
}'
