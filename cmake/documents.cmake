# cmake -D OUTPUT=FILE.cpp -D SOURCE=DIR -P documents.cmake: README and docs/ as an array of texts (src/apps/ics/documents.h), so that
# `ics help TOPIC` reads the documents of the very version that runs.
file(GLOB names RELATIVE ${SOURCE} ${SOURCE}/README.md ${SOURCE}/docs/*.md ${SOURCE}/docs/formats/*.md ${SOURCE}/docs/*.8)
list(FILTER names EXCLUDE REGEX "mistakes.md|performance.md")
set(content "// Made from README.md and docs/ by cmake/documents.cmake.\n#include \"apps/ics/documents.h\"\n\nnamespace cm4it::ics {\nnamespace {\n\nconstexpr Document all[] = {\n")
foreach(name IN LISTS names)
  file(READ ${SOURCE}/${name} text)
  string(APPEND content "    {\"${name}\", R\"document(${text})document\"},\n")
endforeach()
string(APPEND content "};\n\n}  // namespace\n\nstd::span<const Document> documents() { return all; }\n\n}  // namespace cm4it::ics\n")
file(WRITE ${OUTPUT} "${content}")
