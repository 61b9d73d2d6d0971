#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "apps/ics/bulk.h"
#include "apps/ics/import_state.h"
#include "apps/ics/json.h"
#include "apps/ics/piece_reader.h"

namespace cm4it::ics {
namespace {

using evidence::Piece;

constexpr std::size_t batch_pieces = 500;

class Import {
 public:
  Import(Context& context, const Api& api, std::string domain, std::string file)
      : context_(context),
        api_(api),
        domain_(std::move(domain)),
        file_(std::move(file)),
        seekable_(std::filesystem::is_regular_file(file_)) {}

  Result<ImportState> run() {
    std::ifstream opened;
    if (file_ != "-") {
      opened.open(file_, std::ios::binary);
      if (!opened || std::filesystem::is_directory(file_)) return fail(Code::not_found, file_ + ": cannot be read");
    }
    PieceReader reader(file_ == "-" ? context_.console.in : opened, file_ == "-" ? "standard input" : file_);
    state_.url = api_.url();
    state_.domain = domain_;
    std::error_code failed;
    if (seekable_) {
      size_ = std::filesystem::file_size(file_, failed);
      state_.mark = mark_of(file_);
      state_ = read_state(state_file(), state_);
    }
    if (state_.offset > 0) {
      context_.console.note(file_ + ": going on after " + grouped(state_.pieces) + " pieces");
      CHECK_OK(reader.resume(state_.offset));
    }
    began_with_ = state_.pieces;
    CHECK_OK(finished(read_all(reader)));
    CHECK_OK(finished(try_again(reader)));
    if (seekable_) std::filesystem::remove(state_file(), failed);
    return std::move(state_);
  }

 private:
  std::string state_file() const { return file_ + ".import-state"; }

  // Nothing of the progress is left on the terminal's line.
  Result<void> finished(Result<void> outcome) const {
    if (context_.console.progress) context_.console.err << "\r\033[K" << std::flush;
    return outcome;
  }

  // If we are cut off between submitting and keeping the state, the batch is sent once more: it is known then.
  Result<void> read_all(PieceReader& reader) {
    for (bool more = true; more;) {
      std::vector<Piece> pieces;
      std::vector<std::uint64_t> begins;
      Result<void> broken;
      while (pieces.size() < batch_pieces) {
        auto piece = reader.next();
        if (!piece) broken = tl::unexpected(std::move(piece).error());
        more = piece && *piece;
        if (!more) break;
        pieces.push_back(std::move(**piece));
        begins.push_back(reader.begin());
      }
      CHECK_OK(submit(pieces, begins));
      state_.pieces += pieces.size();
      if (!broken)
        return fail(broken.error().code, broken.error().message,
                    state_.pieces == 0 ? "" : grouped(state_.pieces) + " pieces before it were submitted");
      state_.offset = reader.offset();
      if (seekable_ && more) CHECK_OK(write_state(state_file(), state_));
      show_progress();
    }
    return {};
  }

  // Pieces that could not count because others come later in the file: in rounds, while any of them enters.
  Result<void> try_again(PieceReader& reader) {
    if (!seekable_) return {};
    for (std::size_t before = state_.put_off.size() + 1; !state_.put_off.empty() && state_.put_off.size() < before;) {
      before = state_.put_off.size();
      auto offsets = std::exchange(state_.put_off, {});
      offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());  // pieces of one certificate begin where it does
      state_.waiting.clear();
      std::vector<Piece> pieces;
      std::vector<std::uint64_t> begins;
      for (std::size_t i = 0; i < offsets.size(); ++i) {
        TRY(auto found, reader.at(offsets[i]));
        if (found.empty()) return fail(Code::conflict, file_ + ": it changed meanwhile");
        for (auto& piece : found) {
          pieces.push_back(std::move(piece));
          begins.push_back(offsets[i]);
        }
        if (pieces.size() < batch_pieces && i + 1 < offsets.size()) continue;
        CHECK_OK(submit(pieces, begins));
        pieces.clear();
        begins.clear();
      }
    }
    return {};
  }

  Result<void> submit(const std::vector<Piece>& pieces, const std::vector<std::uint64_t>& begins) {
    if (pieces.empty()) return {};
    const auto items = api_.submit(pieces, domain_);
    if (!items) {
      const bool later = items.error().code == Code::unavailable && seekable_;
      return fail(items.error().code, items.error().message,
                  later ? "the same command goes on where it stopped" : items.error().detail);
    }
    for (std::size_t i = 0; i < items->size(); ++i) state_.count((*items)[i], begins[i]);
    return {};
  }

  void show_progress() const {
    if (!context_.console.progress) return;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began_;
    const auto rate = static_cast<double>(state_.pieces - began_with_) / std::max(passed.count(), 0.001);
    std::string line = file_ + ": " + grouped(state_.pieces) + " pieces";
    if (size_ > 0) line += ", " + std::to_string(state_.offset * 100 / size_) + " %";
    line += ", " + grouped(static_cast<std::uint64_t>(rate)) + "/s";
    if (const auto refusals = state_.refusals(); refusals > 0) line += ", " + grouped(refusals) + " refused";
    context_.console.err << "\r" << clean(line) << "\033[K" << std::flush;
  }

  Context& context_;
  const Api& api_;
  const std::string domain_, file_;
  const bool seekable_;
  ImportState state_;
  std::uint64_t size_ = 0, began_with_ = 0;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

void print(const Console& console, const std::string& file, const ImportState& state) {
  console.line(file + ": " + grouped(state.pieces) + " pieces of evidence");
  Table table({"", "", ""});
  const auto add = [&](const char* what, std::uint64_t count, Tone tone) {
    if (count > 0) table.add({{grouped(count), tone}, what});
  };
  add("received", state.received, Tone::good);
  add("provisional, and forwarded", state.provisional, Tone::warn);
  add("already known", state.known, Tone::plain);
  std::string last;
  for (const auto* reasons : {&state.waiting, &state.refused})
    for (const auto& [text, reason] : *reasons)
      table.add({{grouped(reason.count), reasons == &state.refused ? Tone::bad : Tone::warn},
                 (reasons == &state.refused ? "refused: " : "") + text,
                 "the first at octet " + std::to_string(reason.first)});
  if (!table.empty()) table.print(console);
  for (const auto& [text, reason] : state.refused)
    if (!reason.hint.empty() && reason.hint != last) console.note("  → " + (last = reason.hint));
}

// A directory stands for the files in it, in the order of their names: key dumps come so.
Result<std::vector<std::string>> expanded(const std::vector<std::string>& given) {
  std::vector<std::string> files;
  for (const auto& name : given) {
    std::error_code failed;
    if (!std::filesystem::is_directory(name, failed)) {
      files.push_back(name);
      continue;
    }
    const std::size_t before = files.size();
    for (const auto& entry : std::filesystem::directory_iterator(name, failed))
      if (entry.is_regular_file() && entry.path().extension() != ".import-state") files.push_back(entry.path().string());
    if (failed) return fail(Code::not_found, name + ": " + failed.message());
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  }
  return files;
}

}  // namespace

Result<int> import_files(Context& context, const std::vector<std::string>& given) {
  TRY(const auto files, expanded(given));
  TRY(const auto domain, context.own_domain());
  TRY(const auto* server, context.api());
  bool all = true;
  json::array shown;
  for (const auto& file : files) {
    TRY(const auto state, Import(context, *server, domain, file).run());
    all = all && state.refused.empty() && state.waiting.empty();
    auto counts = counts_json(state);
    counts["file"] = file;
    shown.push_back(std::move(counts));
    if (!context.options.json) print(context.console, file, state);
  }
  if (context.options.json) context.print_json(json::object{{"files", std::move(shown)}});
  return all ? exit_yes : exit_failed;
}

}  // namespace cm4it::ics
