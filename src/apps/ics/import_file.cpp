#include "apps/ics/import_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>
#include <utility>

namespace cm4it::ics {
namespace {

using namespace std::chrono_literals;
using evidence::Piece;

constexpr std::size_t batch_pieces = 500, most_warnings = 10;
constexpr auto first_pause = 50ms, longest_pause = 5000ms, most_waited = 120'000ms;
constexpr auto between_states = 1000ms;  // what is submitted after the last is sent again, and known then

bool is_busy(const Submitted& item) { return item.outcome == Submitted::Outcome::refused && item.error.code == Code::unavailable; }

// What a server has no room for just now (a full queue, a quota by the minute) is not refused: it is sent again.
Result<std::vector<Submitted>> submit_with_retries(const Api& server, const std::vector<Piece>& pieces, const std::string& domain) {
  TRY(auto items, server.submit(pieces, domain));
  auto waited = 0ms;
  for (auto pause = first_pause;; pause = std::min<std::chrono::milliseconds>(2 * pause, longest_pause)) {
    std::vector<Piece> left;
    std::vector<std::size_t> of;
    for (std::size_t i = 0; i < items.size(); ++i)
      if (is_busy(items[i])) {
        left.push_back(pieces[i]);
        of.push_back(i);
      }
    if (left.empty()) return items;
    if (waited >= most_waited) return tl::unexpected(items[of[0]].error);
    std::this_thread::sleep_for(pause);
    waited += pause;
    TRY(auto later, server.submit(left, domain));
    for (std::size_t i = 0; i < of.size(); ++i) items[of[i]] = std::move(later[i]);
  }
}

bool is_regular(const std::string& file) {
  std::error_code none;
  return std::filesystem::is_regular_file(file, none);
}

}  // namespace

ImportFile::ImportFile(ImportRun& run, std::string file, bool keep)
    : run_(run), file_(std::move(file)), keep_(keep), seekable_(is_regular(file_)) {
  state_.url = run_.servers[0].url();
  state_.domain = run_.domain;
  if (!seekable_) return;
  state_.mark = mark_of(file_);
  state_ = read_state(state_file_of(file_), state_);
}

Result<ImportState> ImportFile::import() {
  if (state_.done) return std::move(state_);
  std::ifstream opened;
  if (file_ != "-") {
    opened.open(file_, std::ios::binary);
    if (!opened) return fail(Code::not_found, file_ + ": " + std::strerror(errno));
  }
  PieceReader reader(file_ == "-" ? run_.context.console.in : opened, file_ == "-" ? "standard input" : file_);
  if (state_.offset > 0) {
    run_.context.console.note(file_ + ": going on after " + grouped(state_.pieces) + " pieces");
    CHECK_OK(reader.resume(state_.offset));
  }
  auto outcome = finished(read_all(reader));
  if (!outcome) {
    CHECK_OK(keep_state());
    return tl::unexpected(std::move(outcome).error());
  }
  CHECK_OK(finished(try_again(reader)));
  state_.done = true;
  if (keep_) CHECK_OK(keep_state());
  std::error_code ignored;
  if (!keep_ && seekable_) std::filesystem::remove(state_file_of(file_), ignored);
  return std::move(state_);
}

Result<ImportState> ImportFile::again() {
  std::ifstream opened(file_, std::ios::binary);
  if (!opened) return fail(Code::not_found, file_ + ": " + std::strerror(errno));
  PieceReader reader(opened, file_);
  CHECK_OK(finished(try_again(reader)));
  CHECK_OK(keep_state());
  return std::move(state_);
}

// Nothing of the progress is left on the terminal's line.
Result<void> ImportFile::finished(Result<void> outcome) const {
  if (run_.context.console.progress) run_.context.console.err << "\r\033[K" << std::flush;
  return outcome;
}

// True: there is more behind it. What cannot be read ends the file, behind the pieces before it.
bool ImportFile::read_batch(PieceReader& reader, Batch& batch, Result<void>& readable) {
  bool more = true;
  while (batch.pieces.size() < batch_pieces) {
    auto piece = reader.next();
    for (auto& why : reader.left_out()) batch.left_out.emplace_back(std::move(why), reader.begin());
    if (!piece) readable = tl::unexpected(std::move(piece).error());
    more = piece && *piece;
    if (!more) break;
    batch.pieces.push_back(std::move(**piece));
    batch.begins.push_back(reader.begin());
  }
  batch.end = reader.offset();
  return more;
}

// If we are cut off between submitting and keeping the state, what came after it is sent once more: it is known then.
Result<void> ImportFile::read_all(PieceReader& reader) {
  Result<void> readable;
  auto last_saved = std::chrono::steady_clock::now();
  for (bool more = true; more || !under_way_.empty();) {
    if (more) {
      Batch batch;
      more = read_batch(reader, batch, readable);
      if (!batch.pieces.empty() || !batch.left_out.empty()) send(std::move(batch), !reader.certificates());
    }
    // Certificates need one another's keys at most, and wait for them; of other evidence what comes first may decide.
    const std::size_t most = more && reader.certificates() ? run_.servers.size() - 1 : 0;
    while (under_way_.size() > most) CHECK_OK(settle());
    if (std::chrono::steady_clock::now() - last_saved < between_states) continue;
    CHECK_OK(keep_state());
    last_saved = std::chrono::steady_clock::now();
  }
  if (readable) return {};
  return fail(readable.error().code, readable.error().message, state_.pieces == 0 ? "" : grouped(state_.pieces) + " pieces before it were submitted");
}

// Pieces that could not count because others come later: in rounds, while any of them enters.
Result<void> ImportFile::try_again(PieceReader& reader) {
  if (!seekable_) return {};
  const auto pieces = state_.pieces;
  for (std::size_t before = state_.put_off.size() + 1; !state_.put_off.empty() && state_.put_off.size() < before;) {
    before = state_.put_off.size();
    auto offsets = std::exchange(state_.put_off, {});
    offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());  // pieces of one certificate begin where it does
    state_.waiting.clear();
    Batch batch;
    for (std::size_t i = 0; i < offsets.size(); ++i) {
      TRY(auto found, reader.at(offsets[i]));
      if (found.empty()) return fail(Code::conflict, file_ + ": it changed meanwhile");
      for (auto& piece : found) {
        batch.pieces.push_back(std::move(piece));
        batch.begins.push_back(offsets[i]);
      }
      if (batch.pieces.size() < batch_pieces && i + 1 < offsets.size()) continue;
      batch.end = state_.offset;
      send(std::exchange(batch, {}), true);
      CHECK_OK(settle());
    }
  }
  state_.pieces = pieces;  // none of them is another piece
  return {};
}

void ImportFile::send(Batch batch, bool alone) {
  const Api& server = run_.servers[alone ? 0 : sent_++ % run_.servers.size()];
  if (!batch.pieces.empty())
    batch.answer = std::async(alone ? std::launch::deferred : std::launch::async,
                              [&server, pieces = std::move(batch.pieces), domain = run_.domain] { return submit_with_retries(server, pieces, domain); });
  under_way_.push_back(std::move(batch));
}

Result<void> ImportFile::settle() {
  Batch& batch = under_way_.front();
  if (batch.answer.valid()) {
    const auto items = batch.answer.get();
    if (!items) {
      const bool later = items.error().code == Code::unavailable && seekable_;
      return fail(items.error().code, items.error().message, later ? "the same command goes on where it stopped" : items.error().detail);
    }
    const auto refused = state_.refusals();
    for (std::size_t i = 0; i < items->size(); ++i) {
      state_.count((*items)[i], batch.begins[i]);
      show_warnings((*items)[i], batch.begins[i]);
    }
    state_.pieces += items->size();
    run_.pieces += items->size();
    run_.refused += state_.refusals() - refused;
  }
  for (const auto& [why, begin] : batch.left_out) state_.leave_out(why, begin);
  state_.offset = batch.end;
  under_way_.pop_front();
  show_progress();
  return {};
}

// At once, so that whoever looks on may stop; the first few, for there may be as many as pieces.
void ImportFile::show_warnings(const Submitted& item, std::uint64_t begin) {
  const auto& console = run_.context.console;
  for (const auto& warning : item.warnings) {
    if (run_.warnings++ >= most_warnings) continue;
    if (console.progress) console.err << "\r\033[K" << std::flush;
    console.note("! " + file_ + ", octet " + std::to_string(begin) + ": " + warning);
  }
}

Result<void> ImportFile::keep_state() const { return seekable_ ? write_state(state_file_of(file_), state_) : Result<void>{}; }

void ImportFile::show_progress() const {
  const auto now = std::chrono::steady_clock::now();
  if (!run_.context.console.progress || now - run_.shown < 100ms) return;
  run_.shown = now;
  const std::chrono::duration<double> passed = now - run_.began;
  std::string line = file_ + ": " + grouped(state_.pieces) + " pieces";
  if (run_.octets > 0) line += ", " + std::to_string((run_.octets_before + state_.offset) * 100 / run_.octets) + " % of all";
  line += ", " + grouped(static_cast<std::uint64_t>(static_cast<double>(run_.pieces) / std::max(passed.count(), 0.001))) + "/s";
  if (run_.refused > 0) line += ", " + grouped(run_.refused) + " refused";
  run_.context.console.err << "\r" << clean(line) << "\033[K" << std::flush;
}

}  // namespace cm4it::ics
