#include "apps/ics/console.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iostream>

#include "apps/ics/descriptor_buffer.h"
#include "base/bytes.h"

namespace cm4it::ics {
namespace {

constexpr std::size_t short_digits = 16;

const char* code_of(Tone tone) {
  switch (tone) {
    case Tone::plain: return "";
    case Tone::good: return "\033[32m";
    case Tone::bad: return "\033[31m";
    case Tone::warn: return "\033[33m";
    case Tone::dim: return "\033[2m";
    case Tone::bold: return "\033[1m";
  }
  return "";
}

// Octets of the character that begins here; 0: none does.
std::size_t character_octets(std::string_view text) {
  for (std::size_t octets = 1; octets <= 4 && octets <= text.size(); ++octets)
    if (is_utf8(text.substr(0, octets))) return octets;
  return 0;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string clean(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t octets = character_octets(text);
    const auto character = text.substr(0, std::max<std::size_t>(octets, 1));
    const auto first = static_cast<unsigned char>(text[0]);
    const bool c1 = octets == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    if (octets == 0 || first < 0x20 || first == 0x7f || c1) result += '?';
    else result += character;
    text.remove_prefix(character.size());
  }
  return result;
}

std::string Console::toned(std::string_view text, Tone tone) const {
  if (!colour || tone == Tone::plain || text.empty()) return std::string(text);
  return code_of(tone) + std::string(text) + "\033[0m";
}

void Console::line(std::string_view text, Tone tone) const { out << toned(clean(text), tone) << '\n'; }

Result<void> Console::flush() const {
  if (out.flush()) return {};
  return fail(Code::unavailable, "standard output: " + std::string(std::strerror(output && output->error() ? output->error() : EIO)));
}

bool Console::reader_gone() const { return output && output->error() == EPIPE; }

void Console::note(std::string_view text) const {
  out.flush();
  err << clean(text) << '\n';
}

Result<bool> Console::ask(const std::string& question, const std::string& instead) const {
  if (!interactive) return fail(Code::not_permitted, "nobody can be asked (no terminal)", instead);
  out.flush();
  err << clean(question) << " [y/N] " << std::flush;
  std::string answer;
  std::getline(in, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

void Table::print(const Console& console) const {
  std::vector<std::size_t> widths(heads_.size(), 0);
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(clean(row[i].text)));
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < heads_.size(); ++i)
    if (widths[i] > 0 || rows_.empty()) shown.push_back(i);
  for (const std::size_t i : shown) widths[i] = std::max(widths[i], columns_of(heads_[i]));
  const auto print_row = [&](const std::vector<Cell>& row) {
    std::string line;
    std::size_t behind = 0;  // spaces, once something follows
    for (const std::size_t i : shown) {
      const std::string text = i < row.size() ? clean(row[i].text) : "";
      const std::size_t width = columns_of(text);
      if (width > 0) line += std::string(behind, ' ') + console.toned(text, row[i].tone);
      behind = (width > 0 ? 0 : behind) + widths[i] - width + 2;
    }
    console.out << line << '\n';
  };
  if (std::any_of(heads_.begin(), heads_.end(), [](const auto& head) { return !head.empty(); }))
    print_row({heads_.begin(), heads_.end()});
  for (const auto& row : rows_) print_row(row);
}

std::string short_id(std::string_view id) {
  const auto colon = id.find(':');
  if (id.starts_with("model:")) return std::string(id);
  const std::size_t begin = colon == id.npos ? 0 : colon + 1;
  return std::string(id.substr(0, begin + short_digits));
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string counted_as(std::uint64_t number, const std::string& what) { return grouped(number) + " " + what + (number == 1 ? "" : "s"); }

}  // namespace cm4it::ics
