# awk -f tools/check_sizes.awk FILE…: prints functions of more than 60 lines and classes of more than 200, each counted from its head
# to its last brace. It counts braces outside of strings and comments; raw strings have to begin and end on one line.
FNR == 1 { depth = 0; head = "" }
/^[ \t]*#/ { next }
{
  line = $0
  gsub(/R"\(.*\)"/, "", line)
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
  if (kind[depth] == "class" && lines > 200 || kind[depth] == "function" && lines > 60) {
    gsub(/  +/, " ", text[depth])
    print FILENAME ":" first[depth] ": a " kind[depth] " of " lines " lines:" substr(" " text[depth], 1, 90)
  }
  --depth
}
