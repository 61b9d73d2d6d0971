// What a person sees: tables, colours where there is a terminal, questions. Nothing that came from elsewhere is shown unclean.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cm4it::ics {

class DescriptorBuffer;

enum class Tone { plain, good, bad, warn, dim, bold };

struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool colour = false;       // of out
  bool interactive = false;  // somebody can be asked
  bool progress = false;     // err is a terminal
  const DescriptorBuffer* output = nullptr;  // what `out` writes through, where that is a descriptor

  std::string toned(std::string_view text, Tone tone) const;
  // One line on standard output, clean.
  void line(std::string_view text = {}, Tone tone = Tone::plain) const;
  // Everything that was written to standard output has left us. unavailable: it could not, and why.
  Result<void> flush() const;
  // Whoever read standard output has closed it: has seen enough, and wants no more.
  bool reader_gone() const;
  // One line on standard error, behind what went to standard output before it.
  void note(std::string_view text) const;
  // True for "y" or "yes". not_permitted where nobody can be asked: `instead` says what to give.
  Result<bool> ask(const std::string& question, const std::string& instead) const;
};

// Without what could steer a terminal: control characters (C0, DEL, C1) and octets that are not UTF-8 become '?'.
std::string clean(std::string_view text);

// Columns that a text takes on a terminal: its characters.
std::size_t columns_of(std::string_view text);

struct Cell {
  Cell(std::string shown = {}, Tone how = Tone::plain) : text(std::move(shown)), tone(how) {}
  Cell(const char* shown) : text(shown) {}
  std::string text;
  Tone tone = Tone::plain;
};

// Columns as wide as their widest cell; the last one is never padded. One that is empty throughout is left out.
class Table {
 public:
  explicit Table(std::vector<std::string> heads) : heads_(std::move(heads)) {}
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  void print(const Console& console) const;

 private:
  std::vector<std::string> heads_;
  std::vector<std::vector<Cell>> rows_;
};

// "key:3fa9c1d2e4f50617": enough of an id to be unique, and to be typed again.
std::string short_id(std::string_view id);
// "1,234,567"
std::string grouped(std::uint64_t number);
// "1 piece", "2,000 pieces"
std::string counted_as(std::uint64_t number, const std::string& what);

}  // namespace cm4it::ics
