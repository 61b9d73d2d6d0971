// Evidence in files of any length, for whoever reads it a piece after another (`ics import`), and for whoever writes such a file.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evidence/evidence.h"

namespace cm4it::evidence {

// A window over a file, which moves on.
class PieceStream {
 public:
  static constexpr std::size_t window_bytes = 4 * 1024 * 1024;

  // `name` is for errors; `in` outlives the stream.
  PieceStream(std::istream& in, std::string name) : in_(in), name_(std::move(name)) {}

  // Afterwards so many octets, and one more, are in the window, or the whole rest.
  void fill(std::size_t wanted);
  std::string_view rest() const { return std::string_view(buffer_).substr(used_); }
  bool drained() const { return drained_; }  // nothing comes behind the window
  void consume(std::size_t octets);
  void skip_space();
  std::uint64_t offset() const { return offset_; }  // of rest() in the file
  const std::string& name() const { return name_; }
  // unavailable: the file cannot be read from there.
  Result<void> seek(std::uint64_t offset);
  // "NAME at octet N: RULE"
  tl::unexpected<Error> bad(const std::string& rule, Code code = Code::malformed) const;

 private:
  std::istream& in_;
  const std::string name_;
  std::string buffer_;
  std::size_t used_ = 0;
  std::uint64_t offset_ = 0;
  bool drained_ = false;
};

// The pieces of a file of one format.
class PieceSource {
 public:
  explicit PieceSource(PieceStream& stream) : stream_(stream) {}
  virtual ~PieceSource() = default;

  // Nothing at the end. malformed, too_large: names the octet; what came before it is good.
  virtual Result<std::optional<Piece>> next() = 0;
  // Where the last piece began; where several come from one place (a certificate, a bundle), where that did.
  std::uint64_t begin() const { return begin_; }
  // Everything before it has been given out.
  virtual std::uint64_t offset() const { return stream_.offset(); }
  // Goes on at an offset() of an earlier reading; the file must be seekable.
  virtual Result<void> resume(std::uint64_t offset) { return stream_.seek(offset); }
  // All that begins at a begin(), the reading being disturbed.
  virtual Result<std::vector<Piece>> at(std::uint64_t begin);
  // Why parts of what was given out since the last call were left out: nobody could take them.
  virtual std::vector<std::string> left_out() { return {}; }
  // Do many small pieces come from one place, which people count as one?
  virtual bool gathers() const { return false; }

 protected:
  PieceStream& stream_;
  std::uint64_t begin_ = 0;
};

// Writes a file of one format that its source reads. The octets go to `out`.
class PieceSink {
 public:
  using Out = std::function<Result<void>(View)>;

  explicit PieceSink(Out out) : out_(std::move(out)) {}
  virtual ~PieceSink() = default;
  virtual Result<void> piece(View evidence) { return out_(evidence); }
  virtual Result<void> end_of_subject() { return {}; }  // all of its pieces were given
  virtual Result<void> finish() { return {}; }          // the file's end

 protected:
  const Out out_;
};

// The source that reads such a file, by how it begins. malformed: it is empty; unsupported: it is none of ours; not_permitted: a
// private key is in it.
Result<std::unique_ptr<PieceSource>> open_source(PieceStream& stream);
// The names of the formats that have files of their own: a format without comes in another's.
std::vector<std::string> formats_of_files();
std::unique_ptr<PieceSink> open_sink(Format format, PieceSink::Out out);

}  // namespace cm4it::evidence
