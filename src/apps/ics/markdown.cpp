// Markdown, as far as docs/ use it, as text for a terminal (topics.h).
#include <algorithm>
#include <sstream>

#include "apps/ics/console.h"
#include "apps/ics/topics.h"
#include "base/text.h"

namespace cm4it::ics {
namespace {

// A document is named by the topic that shows it, a decision by its number; any other link by its text.
std::string link_text(const std::string& text, std::string_view target) {
  const auto file = target.substr(0, target.find('#'));
  if (target.find("decisions/") != target.npos && text.find_first_not_of("0123456789") == text.npos) return "decision " + text;
  if (file.empty() || !text.ends_with(".md")) return text;
  for (const auto& topic : topics())
    if (topic.chapter.empty() && topic.path.ends_with("/" + std::string(file.substr(file.rfind('/') == file.npos ? 0 : file.rfind('/') + 1)))) return "ics help " + std::string(topic.name);
  return text;
}

// Emphasis and the targets of links go; what stands between backticks stays as it is.
std::string plain(std::string_view text) {
  std::string shown;
  bool code = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '`') code = !code;
    if (code) {
      shown += text[i];
      continue;
    }
    if (text[i] == '*') {
      const bool marks = (i + 1 < text.size() && text[i + 1] != ' ') || (i > 0 && text[i - 1] != ' ');
      if (marks) continue;
    }
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '|') continue;
    if (text[i] == '[') {
      const auto end = text.find("](", i);
      const auto close = end == text.npos ? end : text.find(')', end);
      if (close != text.npos && text.substr(i + 1, end - i - 1).find('[') == text.npos) {
        shown += link_text(plain(text.substr(i + 1, end - i - 1)), text.substr(end + 2, close - end - 2));
        i = close;
        continue;
      }
    }
    shown += text[i];
  }
  return shown;
}

// `first` before the first line, as many blanks before the others.
void fill(std::vector<std::string>& lines, const std::string& first, std::string_view text, std::size_t width) {
  const std::string indent(columns_of(first), ' ');
  std::string line = first;
  std::istringstream words{plain(text)};
  bool begun = false;
  for (std::string word; words >> word; begun = true) {
    if (begun && columns_of(line) + 1 + columns_of(word) > width) {
      lines.push_back(line);
      line = indent + word;
    } else {
      line += (begun ? " " : "") + word;
    }
  }
  lines.push_back(line);
}

std::vector<std::string> cells_of(std::string_view row) {
  std::vector<std::string> cells;
  std::string cell;
  bool code = false;
  for (std::size_t i = 1; i < row.size(); ++i) {
    if (row[i] == '`') code = !code;
    if (row[i] == '|' && !code && row[i - 1] != '\\') cells.push_back(std::exchange(cell, ""));
    else cell += row[i];
  }
  for (auto& one : cells) one = std::string(trimmed(one));
  return cells;
}

// A row is its first cell, and what the others say of it; with more than two columns each under its heading.
void table(std::vector<std::string>& lines, const std::vector<std::string_view>& rows, std::size_t width) {
  const auto heads = cells_of(rows[0]);
  constexpr std::size_t widest = 26;
  std::size_t first = 0;
  for (std::size_t r = 2; r < rows.size(); ++r)
    if (const auto cells = cells_of(rows[r]); !cells.empty()) first = std::max(first, std::min(widest, columns_of(plain(cells[0]))));
  for (std::size_t r = 2; r < rows.size(); ++r) {
    const auto cells = cells_of(rows[r]);
    if (cells.empty()) continue;
    std::string lead = "  " + plain(cells[0]);
    if (cells.size() == 2) {
      if (columns_of(lead) > first + 2) {
        lines.push_back(lead);
        lead.clear();
      }
      fill(lines, lead + std::string(first + 4 - columns_of(lead), ' '), cells[1], width);
      continue;
    }
    lines.push_back(lead);
    for (std::size_t c = 1; c < cells.size(); ++c)
      if (!cells[c].empty()) fill(lines, "      " + (c < heads.size() && !heads[c].empty() ? plain(heads[c]) + ": " : ""), cells[c], width);
  }
}

// "- ", "12. " and how deep it stands; 0: no item begins here.
std::size_t item_mark(std::string_view line) {
  const auto begin = line.find_first_not_of(' ');
  if (begin == line.npos) return 0;
  const auto rest = line.substr(begin);
  if (rest.starts_with("- ")) return begin + 2;
  const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  return digits > 0 && digits < 3 && rest.substr(digits).starts_with(". ") ? begin + digits + 2 : 0;
}

bool begins_something(std::string_view line) {
  return line.empty() || line[0] == '#' || line[0] == '|' || line.starts_with("```") || item_mark(line) > 0;
}

}  // namespace

std::vector<std::string> as_lines(std::string_view markdown, std::size_t width) {
  std::vector<std::string_view> in;
  for (std::size_t at = 0; at < markdown.size();) {
    const auto end = std::min(markdown.find('\n', at), markdown.size());
    in.push_back(markdown.substr(at, end - at));
    at = end + 1;
  }
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < in.size();) {
    const auto line = in[i];
    if (line.starts_with("```")) {
      for (++i; i < in.size() && !in[i].starts_with("```"); ++i) lines.push_back("    " + std::string(in[i]));
      ++i;
    } else if (line.starts_with("|")) {
      std::vector<std::string_view> rows;
      for (; i < in.size() && in[i].starts_with("|"); ++i) rows.push_back(in[i]);
      table(lines, rows, width);
    } else if (line.starts_with("#")) {
      auto heading = plain(line.substr(line.find_first_not_of("# ")));
      lines.push_back(line.starts_with("# ") || line.starts_with("## ") ? uppercase(heading) : heading);
      ++i;
    } else if (line.empty()) {
      lines.emplace_back();
      ++i;
    } else {
      const auto mark = item_mark(line);
      std::string text(line.substr(mark));
      for (++i; i < in.size() && !begins_something(in[i]); ++i) text += " " + std::string(in[i]);
      fill(lines, std::string(line.substr(0, mark)), text, width);
    }
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace cm4it::ics
