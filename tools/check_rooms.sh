#!/bin/sh
# Holds the layers of src/: a file includes its own room and the rooms that its room may, by full paths.
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

find src -type f \( -name '*.h' -o -name '*.cpp' \) | sort | xargs grep -nE '^[[:space:]]*#[[:space:]]*include' /dev/null | awk -v list="$rooms" '
BEGIN {
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
  if (own_of(from) == own_of(included) || (a, "*") in may) next
  if (a == b) complain(where own_of(from) " includes " own_of(included) ": never each other")
  else if (b == "apps") complain(where own_of(from) " includes " included ": only programs include src/apps")
  else if (!((a, b) in may)) complain(where own_of(from) " includes " included "; it may include only:" text[a])
}
END {
  if (!seen) complain("tools/check_rooms.sh: no include found: is this the project\x27s root?")
  if (broken) { print "rooms: " broken " broken"; exit 1 }
  print "rooms: " seen " includes hold"
}'
