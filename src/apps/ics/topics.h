// `ics help TOPIC`: the documents, or a chapter of one, as text for a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cm4it::ics {

struct Topic {
  std::string_view name, path, chapter;  // the document, and a heading in it; no chapter: all of it
  std::string_view is;                   // what it tells
};
const std::vector<Topic>& topics();
// Null: there is none of this name.
const Topic* find_topic(std::string_view name);
// The Markdown of a topic.
std::string_view text_of(const Topic& topic);

// "docs/x509.md" in a message becomes `ics help x509`, which is there wherever the program is.
std::string with_topics(std::string message);

// From the heading to the next of its level or above, the heading included; empty: no such heading.
std::string_view chapter_of(std::string_view markdown, std::string_view heading);
// Markdown as lines of at most `width` columns: paragraphs filled, tables as lists, links as their text. Code stays as it is.
std::vector<std::string> as_lines(std::string_view markdown, std::size_t width = 100);

}  // namespace cm4it::ics
