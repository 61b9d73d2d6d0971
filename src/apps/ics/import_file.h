// One file's import: read, submitted a batch after another, and where it was put off tried again.
#pragma once

#include <chrono>
#include <deque>
#include <future>
#include <string>
#include <vector>

#include "apps/ics/context.h"
#include "apps/ics/import_state.h"
#include "apps/ics/piece_reader.h"

namespace cm4it::ics {

// What all files of one command share.
struct ImportRun {
  Context& context;
  std::string domain;
  std::vector<Api> servers;         // connections to the one server; each has one batch under way
  std::uint64_t octets = 0;         // of all files, where that is known
  // Counted while it runs, for the progress.
  std::uint64_t octets_before = 0;  // of the files that are done
  std::uint64_t pieces = 0, refused = 0;
  std::uint64_t warnings = 0;       // of the server, about what entered
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now(), shown = {};
};

class ImportFile {
 public:
  // keep: of a directory; how it ended is kept until all of the directory is done.
  ImportFile(ImportRun& run, std::string file, bool keep);

  // Errors: unavailable (the same command goes on later), else of this file: what came before is submitted.
  Result<ImportState> import();
  // What was put off, once more, now that other files are in.
  Result<ImportState> again();

 private:
  struct Batch {
    std::vector<evidence::Piece> pieces;
    std::vector<std::uint64_t> begins;                              // where each begins
    std::vector<std::pair<std::string, std::uint64_t>> left_out;    // why, and the certificate's begin
    std::uint64_t end = 0;                                          // the file is answered for up to here, once this is
    std::future<Result<std::vector<Submitted>>> answer;
  };

  Result<void> read_all(PieceReader& reader);
  Result<void> try_again(PieceReader& reader);
  bool read_batch(PieceReader& reader, Batch& batch, Result<void>& readable);
  void send(Batch batch, bool alone);
  Result<void> settle();  // the batch that was sent first
  Result<void> finished(Result<void> outcome) const;
  Result<void> keep_state() const;
  void show_progress() const;
  void show_warnings(const Submitted& item, std::uint64_t begin);

  ImportRun& run_;
  const std::string file_;
  const bool keep_, seekable_;
  ImportState state_;
  std::deque<Batch> under_way_;
  std::size_t sent_ = 0;  // batches
};

}  // namespace cm4it::ics
