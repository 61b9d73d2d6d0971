#include <algorithm>
#include <filesystem>

#include "apps/ics/bulk.h"
#include "apps/ics/import_file.h"
#include "apps/ics/json.h"

namespace cm4it::ics {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t batches_under_way = 6;

// What was given on the command line: a file, or a directory with the files in it, in the order of their names.
struct GivenImport {
  std::string name;
  bool directory = false;
  std::vector<std::string> files;
};

Result<GivenImport> expanded(const std::string& name) {
  std::error_code failed;
  GivenImport given{name, fs::is_directory(name, failed), {}};
  if (!given.directory) given.files = {name};
  if (given.directory)
    for (const auto& entry : fs::directory_iterator(name, failed))
      if (entry.is_regular_file() && !is_state_file(entry.path().string())) given.files.push_back(entry.path().string());
  if (given.directory && failed) return fail(Code::not_found, name + ": " + failed.message());
  std::sort(given.files.begin(), given.files.end());
  return given;
}

void print_reasons(Table& table, const ImportState::Reasons& reasons, const std::string& what, Tone tone) {
  for (const auto& [text, reason] : reasons)
    table.add({{grouped(reason.count), tone}, what + text,
               "the first at octet " + std::to_string(reason.first) + (reason.file.empty() ? "" : " of " + reason.file)});
}

void print(const Console& console, const std::string& name, std::size_t files, const ImportState& state) {
  console.line(name + ": " + (files > 1 ? counted_as(files, "file") + ", " : "") + counted_as(state.pieces, "piece") + " of evidence");
  Table table({"", "", ""});
  const auto add = [&](const char* what, std::uint64_t count, Tone tone) {
    if (count > 0) table.add({{grouped(count), tone}, what});
  };
  add("received", state.received, Tone::good);
  add("provisional, and forwarded", state.provisional, Tone::warn);
  add("already known", state.known, Tone::plain);
  print_reasons(table, state.waiting, "", Tone::warn);
  print_reasons(table, state.refused, "refused: ", Tone::bad);
  print_reasons(table, state.left_out, "left out: ", Tone::warn);
  if (!table.empty()) table.print(console);
  std::string last;
  for (const auto& [text, reason] : state.refused)
    if (!reason.hint.empty() && reason.hint != last) console.note("  → " + (last = reason.hint));
}

// A file that cannot be read further does not keep the others of its directory from being read.
bool is_of_file(const Error& error) {
  return error.code == Code::malformed || error.code == Code::too_large || error.code == Code::unsupported || error.code == Code::not_found;
}

class ImportAll {
 public:
  explicit ImportAll(ImportRun run) : run_(std::move(run)) {}

  Result<void> import(const GivenImport& given) {
    outcomes_.clear();
    for (const auto& file : given.files) {
      auto state = ImportFile(run_, file, given.directory).import();
      std::error_code ignored;
      if (const auto size = fs::file_size(file, ignored); !ignored) run_.octets_before += size;
      if (!state && !(given.directory && is_of_file(state.error()))) return tl::unexpected(std::move(state).error());
      outcomes_.push_back(std::move(state));
    }
    CHECK_OK(try_again(given));
    report(given);
    std::error_code ignored;
    if (given.directory)
      for (const auto& file : given.files) fs::remove(state_file_of(file), ignored);
    return {};
  }

  bool all() const { return all_; }
  std::uint64_t warnings() const { return run_.warnings; }
  json::array take_shown() { return std::move(shown_); }

 private:
  // What waited for something in a file behind its own: in rounds, while any of it enters.
  Result<void> try_again(const GivenImport& given) {
    if (!given.directory || given.files.size() < 2) return {};
    for (bool entered = true; entered;) {
      entered = false;
      for (std::size_t i = 0; i < outcomes_.size(); ++i) {
        if (!outcomes_[i] || outcomes_[i]->put_off.empty()) continue;
        const auto before = outcomes_[i]->put_off.size();
        TRY(auto state, ImportFile(run_, given.files[i], true).again());
        entered = entered || state.put_off.size() < before;
        outcomes_[i] = std::move(state);
      }
    }
    return {};
  }

  void report(const GivenImport& given) {
    const auto& console = run_.context.console;
    ImportState sum;
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      const auto& state = outcomes_[i];
      json::object shown;
      if (state) {
        shown = counts_json(*state);
        sum.add(*state, given.directory ? given.files[i] : std::string());
        all_ = all_ && state->refused.empty() && state->waiting.empty();
      } else {
        all_ = false;
        shown["error"] = state.error().message;
        console.note("ics import: " + state.error().message);
        if (!state.error().detail.empty()) console.note("  → " + state.error().detail);
      }
      shown["file"] = given.files[i];
      if (run_.context.options.json) shown_.push_back(std::move(shown));
    }
    if (!run_.context.options.json) print(console, given.name, given.files.size(), sum);
  }

  ImportRun run_;
  std::vector<Result<ImportState>> outcomes_;  // of the files of what was given last
  json::array shown_;
  bool all_ = true;
};

}  // namespace

Result<int> import_files(Context& context, const std::vector<std::string>& names) {
  std::vector<GivenImport> all;
  std::uint64_t octets = 0;
  for (const auto& name : names) {
    TRY(auto given, expanded(name));
    std::error_code failed;
    for (const auto& file : given.files)
      if (const auto size = fs::file_size(file, failed); !failed) octets += size;
    all.push_back(std::move(given));
  }
  TRY(const auto domain, context.own_domain());
  TRY(auto servers, context.connections(batches_under_way));
  ImportAll import({context, domain, std::move(servers), octets});
  for (const auto& given : all) CHECK_OK(import.import(given));
  if (context.options.json) context.print_json(json::object{{"files", import.take_shown()}});
  if (import.warnings() > 0) context.console.note("! " + counted_as(import.warnings(), "warning") + "; the first of them are above");
  return import.all() ? exit_yes : exit_failed;
}

}  // namespace cm4it::ics
