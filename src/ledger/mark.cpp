#include "ledger/mark.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>

#include "base/budgets.h"
#include "evidence/statement.h"

namespace cm4it::ledger {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view first_line = "cm4it log mark 1";

struct File {
  ~File() {
    if (number >= 0) ::close(number);
  }
  int number;
};

tl::unexpected<Error> system_fail(const fs::path& file, const char* doing) {
  return fail(Code::unavailable, "mark of the log key, " + file.string() + ": " + doing + ": " + std::generic_category().message(errno),
              "it must be writable; `log_mark` in icsd.toml names another file");
}

Result<void> sync_directory(const fs::path& file) {
  const File directory{::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.number < 0 || ::fsync(directory.number) != 0) return system_fail(file, "sync its directory");
  return {};
}

Result<void> write_synced(const fs::path& file, const std::string& text) {
  const File opened{::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (opened.number < 0) return system_fail(file, "open");
  for (std::size_t done = 0; done < text.size();) {
    const auto written = ::write(opened.number, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return system_fail(file, "write");
    done += static_cast<std::size_t>(written);
  }
  if (::fsync(opened.number) != 0) return system_fail(file, "sync");
  return {};
}

std::string entries(std::uint64_t size) { return std::to_string(size) + (size == 1 ? " entry" : " entries"); }

}  // namespace

Result<Mark> Mark::open(fs::path file, const KeyId& log) {
  Mark mark;
  mark.file_ = std::move(file);
  mark.log_ = log;
  std::error_code absent;
  if (mark.file_.empty() || !fs::exists(mark.file_, absent)) return mark;
  std::ifstream in(mark.file_, std::ios::binary);
  std::string text(budget::mark_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  std::istringstream lines(text);
  std::string line;
  bool fits = std::getline(lines, line) && line == first_line && text.size() <= budget::mark_bytes && text.ends_with('\n');
  while (fits && std::getline(lines, line)) fits = mark.read_line(line).has_value();
  if (!fits)
    return fail(Code::malformed, "mark of the log key, " + mark.file_.string() + ": damaged, or of another version",
                "if the store is the newest there is: remove the file, and it is made anew");
  return mark;
}

// "log KEY DOMAIN SIZE TIME ROOT" or "clock BOOT UPTIME TIME"; numbers are seconds.
Result<void> Mark::read_line(std::string_view line) {
  std::istringstream words{std::string(line)};
  std::string what, first, second, root, rest;
  std::int64_t time = 0;
  words >> what;
  if (what == "clock") {
    Anchor anchor;
    words >> anchor.machine.boot >> anchor.machine.seconds >> anchor.clock.seconds;
    if (!words || words >> rest) return fail(Code::malformed, "clock");
    anchor_ = std::move(anchor);
    return {};
  }
  tlog::Head head;
  words >> first >> second >> head.size >> time >> root;
  if (what != "log" || !words || words >> rest || !evidence::is_domain_name(second)) return fail(Code::malformed, "log");
  TRY(const auto key, KeyId::parse(first));
  const auto hash = digest_from_hex(root);
  if (!hash) return fail(Code::malformed, "root");
  head.root = *hash;
  head.time = {time};
  heads_[{key, second}] = head;
  return {};
}

std::string Mark::text_of() const {
  std::ostringstream out;
  out << first_line << '\n';
  if (anchor_) out << "clock " << anchor_->machine.boot << ' ' << anchor_->machine.seconds << ' ' << anchor_->clock.seconds << '\n';
  for (const auto& [name, head] : heads_)
    out << "log " << name.first.text() << ' ' << name.second << ' ' << head.size << ' ' << head.time.seconds << ' ' << to_hex(head.root) << '\n';
  return out.str();
}

void Mark::set(const std::string& domain, const tlog::Head& head) {
  tlog::Head& marked = heads_[{log_, domain}];
  marked = head;
  marked.origin.clear();
}

bool Mark::says(const std::string& domain, const tlog::Head& head) const {
  const auto marked = heads_.find({log_, domain});
  return marked != heads_.end() && marked->second.size == head.size && marked->second.time == head.time && marked->second.root == head.root;
}

Result<void> Mark::check(const HomeLog& log, const store::Snapshot& snapshot) const {
  const auto known = heads_.find({log_, log.domain()});
  if (known == heads_.end()) return {};
  const tlog::Head& marked = known->second;
  const std::string has = "this log key has signed " + entries(marked.size) + " of it, at " + to_rfc3339(marked.time);
  const auto refused = [&](const std::string& what) {
    return fail(Code::conflict, "log of " + log.domain() + ": " + what + ", and " + has + ": it would be a second history (mark: " +
                file_.string() + ")", "put the newest store back; see docs/configuration.md, \"A home that lost its store\"");
  };
  if (log.head().origin.empty()) return refused("the store has none");
  if (log.size() < marked.size) return refused("the store ends after " + entries(log.size()));
  TRY(const auto beginning, tlog::read_range(marked.size, stored_nodes(log.domain(), snapshot)));
  if (beginning.root() != marked.root) return refused("the store has another one");
  return {};
}

Result<void> Mark::write() const {
  if (!has_file()) return {};
  const fs::path next = file_.string() + ".new";
  CHECK_OK(write_synced(next, text_of()));
  if (::rename(next.c_str(), file_.c_str()) != 0) return system_fail(file_, "replace");
  return sync_directory(fs::absolute(file_));
}

}  // namespace cm4it::ledger
