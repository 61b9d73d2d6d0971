#include "evidence/formats/manifest/source.h"

#include "base/budgets.h"
#include "evidence/formats/manifest/elements.h"

namespace cm4it::evidence::manifest {
namespace {

class Source final : public PieceSource {
 public:
  using PieceSource::PieceSource;

  Result<std::optional<Piece>> next() override {
    if (place_ == Place::start) start();
    stream_.skip_space();
    if (place_ == Place::after_element || (place_ == Place::first_element && array_ && stream_.rest().starts_with(']'))) CHECK_OK(separator());
    if (place_ == Place::end) return std::optional<Piece>{};
    return element();
  }

  // What separates elements stands before the next one, of which alone an earlier reading told.
  Result<void> resume(std::uint64_t offset) override {
    if (place_ == Place::start) start();
    CHECK_OK(stream_.seek(offset));
    place_ = Place::after_element;
    return {};
  }

  Result<std::vector<Piece>> at(std::uint64_t begin) override {
    CHECK_OK(resume(begin));
    stream_.fill(budget::evidence_bytes);
    TRY(auto piece, element());
    std::vector<Piece> pieces;
    pieces.push_back(std::move(*piece));
    return pieces;
  }

 private:
  enum class Place { start, first_element, after_element, end };

  void start() {
    place_ = Place::first_element;
    stream_.skip_space();
    array_ = stream_.rest().starts_with('[');
    if (array_) stream_.consume(1);
  }

  Result<void> separator() {
    const bool closed = array_ && stream_.rest().starts_with(']');
    if (closed) {
      stream_.consume(1);
      stream_.skip_space();
    }
    if (closed || !array_) {
      if (!stream_.rest().empty()) return stream_.bad("octets after the manifest");
      place_ = Place::end;
      return {};
    }
    if (!stream_.rest().starts_with(',')) return stream_.bad("',' or ']' expected");
    stream_.consume(1);
    stream_.skip_space();
    return {};
  }

  Result<std::optional<Piece>> element() {
    if (!stream_.rest().starts_with('{')) return stream_.bad("an object expected");
    begin_ = stream_.offset();
    const std::size_t octets = object_octets(stream_.rest().substr(0, budget::evidence_bytes));
    if (octets == 0 && stream_.rest().size() >= budget::evidence_bytes)
      return stream_.bad("an element of more than " + std::to_string(budget::evidence_bytes) + " octets", Code::too_large);
    if (octets == 0) return stream_.bad("the input ends inside an element");
    Piece piece{Format::manifest, to_bytes(view(stream_.rest().substr(0, octets)))};
    stream_.consume(octets);
    place_ = Place::after_element;
    return std::optional(std::move(piece));
  }

  Place place_ = Place::start;
  bool array_ = false;
};

class Sink final : public PieceSink {
 public:
  using PieceSink::PieceSink;
  Result<void> piece(View evidence) override {
    CHECK_OK(out_(view(any_ ? ",\n" : "[\n")));
    any_ = true;
    return out_(evidence);
  }
  Result<void> finish() override { return any_ ? out_(view("\n]\n")) : Result<void>{}; }

 private:
  bool any_ = false;
};

}  // namespace

std::unique_ptr<PieceSource> open_source(PieceStream& stream) { return std::make_unique<Source>(stream); }
std::unique_ptr<PieceSink> open_sink(PieceSink::Out out) { return std::make_unique<Sink>(std::move(out)); }

}  // namespace cm4it::evidence::manifest
