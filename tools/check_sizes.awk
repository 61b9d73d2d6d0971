# awk [-v most_function=N] -f tools/check_sizes.awk FILE…: prints functions of more than N (60) lines and classes of more than 200, each
# counted from its head to its last brace. It counts braces outside of strings and comments.
BEGIN { if (!most_function) most_function = 60 }
FNR == 1 { depth = 0; head = ""; raw = "" }
raw == "" && /^[ \t]*#/ { next }
{
  line = $0
  if (raw != "") {  # of a raw string of several lines, up to its end
    if (!(end = index(line, raw))) next
    line = substr(line, end + length(raw))
    raw = ""
  }
  while (match(line, /R"[a-z]*\(/)) {
    raw = ")" substr(line, RSTART + 2, RLENGTH - 3) "\""
    before = substr(line, 1, RSTART - 1)
    line = substr(line, RSTART + RLENGTH)
    if (!(end = index(line, raw))) { line = before; break }
    line = before substr(line, end + length(raw))
    raw = ""
  }
  gsub(/\\./, "", line)
  gsub(/'[{}"\/]'/, "", line)
  gsub(/"[^"]*"/, "", line)
  sub(/\/\/.*/, "", line)
  while (match(line, /[{};]/)) {
    begin(substr(line, 1, RSTART - 1))
    mark = substr(line, RSTART, 1)
    line = substr(line, RSTART + 1)
    if (mark == "{") open_block()
    if (mark == "}" && depth > 0) close_block()
    head = ""
  }
  begin(line)
}
function begin(words) {
  if (head == "" && words ~ /[^ \t]/) first_line = FNR
  if (words ~ /[^ \t]/) head = head words " "
}
function open_block() {
  kind[++depth] = "block"
  first[depth] = head == "" ? FNR : first_line
  text[depth] = head
  if (head ~ /(^| )namespace |^ *extern /) kind[depth] = "namespace"
  else if (head ~ /^ *(template *<.*> *|(public|private|protected): *)?(class|struct|union) / && head !~ /\) *$/) kind[depth] = "class"
  else if (head ~ /\(/ && head !~ /^ *enum / && (depth == 1 || kind[depth - 1] != "block" && kind[depth - 1] != "function")) kind[depth] = "function"
}
function close_block(  lines) {
  lines = FNR - first[depth] + 1
  if (kind[depth] == "class" && lines > 200 || kind[depth] == "function" && lines > most_function) {
    gsub(/  +/, " ", text[depth])
    print FILENAME ":" first[depth] ": a " kind[depth] " of " lines " lines:" substr(" " text[depth], 1, 90)
  }
  --depth
}
