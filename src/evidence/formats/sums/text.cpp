#include "evidence/formats/sums/text.h"

#include <algorithm>
#include <map>

#include "base/budgets.h"

namespace cm4it::evidence::sums {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

struct Line {
  std::string_view text;
  std::size_t number = 0;

  tl::unexpected<Error> bad(std::string_view rule) const {
    return fail(Code::malformed, "sums: line " + std::to_string(number) + ": " + std::string(rule), "docs/formats/sums.md");
  }
};

// sha256sum puts "\" before a line whose name has such characters, and writes them as two.
Result<std::string> unescaped(const Line& line, std::string_view name) {
  std::string plain;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '\\') {
      plain += name[i];
      continue;
    }
    const char next = ++i < name.size() ? name[i] : '\0';
    if (next != '\\') return line.bad("a file name with a line end, or an escape that is none");
    plain += '\\';
  }
  return plain;
}

struct Entry { Digest digest{}; std::string name; };

//   line = [ "\" ] ( 64HEXDIG " " ( " " / "*" ) name  /  "SHA256 (" name ") = " 64HEXDIG )
Result<Entry> read_line(const Line& line) {
  std::string_view rest = line.text;
  const bool escaped = rest.starts_with('\\');
  if (escaped) rest.remove_prefix(1);
  std::string_view digits, name;
  constexpr std::string_view tagged = "SHA256 (", between = ") = ";
  if (rest.starts_with(tagged)) {
    const auto end = rest.rfind(between);
    if (end == rest.npos || end < tagged.size()) return line.bad("\"SHA256 (NAME) = DIGEST\" expected");
    name = rest.substr(tagged.size(), end - tagged.size());
    digits = rest.substr(end + between.size());
  } else {
    if (rest.size() < 66 || rest[64] != ' ' || (rest[65] != ' ' && rest[65] != '*'))
      return line.bad("64 hex digits, a blank, a blank or '*', and a file name expected");
    digits = rest.substr(0, 64);
    name = rest.substr(66);
  }
  auto digest = digest_from_hex(digits);
  if (!digest) return line.bad("64 hex digits expected");
  if (name.empty()) return line.bad("no file name");
  Entry entry{*digest, std::string(name)};
  if (escaped) {
    TRY(entry.name, unescaped(line, name));
  }
  if (!is_clean_text(entry.name)) return line.bad("a file name that is not UTF-8, or has control characters");
  if (entry.name.size() > budget::text_field)
    return fail(Code::too_large, "sums: line " + std::to_string(line.number) + ": a file name of more than " +
                std::to_string(budget::text_field) + " octets");
  return entry;
}

// "# version: 1.4.2": whoever signs the list may say so for all of it. Other comments say nothing.
Result<void> read_comment(const Line& line, std::string& version) {
  constexpr std::string_view key = "# version:";
  if (!line.text.starts_with(key)) return {};
  std::string_view value = line.text.substr(key.size());
  while (value.starts_with(' ')) value.remove_prefix(1);
  if (value.empty() || value.size() > budget::text_field || !is_clean_text(value)) return line.bad("a version of 1 to 512 octets of text expected");
  if (!version.empty()) return line.bad("a second version");
  version = value;
  return {};
}

class Files {
 public:
  Result<void> add(const Line& line, Entry entry) {
    const auto [named, is_new] = names_.emplace(entry.name, entry.digest);
    if (!is_new) {
      if (named->second != entry.digest) return line.bad("a file name again, with another digest");
      return {};
    }
    const auto [place, first] = places_.emplace(entry.digest, files_.size());
    if (first) files_.push_back({entry.digest, std::move(entry.name), {}, {}});
    else files_[place->second].also.push_back(std::move(entry.name));
    return {};
  }

  std::vector<File> take() { return std::move(files_); }

 private:
  std::vector<File> files_;
  std::map<std::string, Digest> names_;
  std::map<Digest, std::size_t> places_;
};

}  // namespace

std::string version_in(std::string_view name) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool begins = is_digit(name[i]) && (i == 0 || (!is_digit(name[i - 1]) && name[i - 1] != '.'));
    if (!begins) continue;
    std::size_t end = i;
    bool point = false;
    while (end < name.size() && (is_digit(name[end]) || (name[end] == '.' && end + 1 < name.size() && is_digit(name[end + 1])))) {
      point = point || name[end] == '.';
      ++end;
    }
    const bool ends = end == name.size() || !is_letter(name[end]);
    if (!point || !ends) {
      i = end - 1;
      continue;
    }
    for (const std::string_view pre : {"rc", "alpha", "beta", "pre"}) {  // "-rc1", "~beta2"
      if (end + 1 + pre.size() > name.size() || (name[end] != '-' && name[end] != '~') || name.substr(end + 1, pre.size()) != pre) continue;
      end += 1 + pre.size();
      while (end < name.size() && is_digit(name[end])) ++end;
      break;
    }
    return std::string(name.substr(i, end - i));
  }
  return {};
}

Result<std::vector<File>> read_text(View octets) {
  std::string_view rest = text(octets);
  Files files;
  std::string version;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    if (number > budget::sums_lines)
      return fail(Code::too_large, "sums: more than " + std::to_string(budget::sums_lines) + " lines", "sign several lists");
    const auto end = rest.find('\n');
    Line line{rest.substr(0, end), number};
    rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
    if (line.text.ends_with('\r')) line.text.remove_suffix(1);
    if (line.text.empty()) continue;
    if (line.text.starts_with('#')) {
      CHECK_OK(read_comment(line, version));
      continue;
    }
    TRY(auto entry, read_line(line));
    CHECK_OK(files.add(line, std::move(entry)));
  }
  auto list = files.take();
  if (list.empty()) return fail(Code::malformed, "sums: no file in it", "docs/formats/sums.md");
  for (File& file : list) file.version = version.empty() ? version_in(file.name) : version;
  return list;
}

}  // namespace cm4it::evidence::sums
