#include "evidence/formats/openpgp/source.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/budgets.h"
#include "evidence/formats/openpgp/openpgp.h"

namespace cm4it::evidence::openpgp {
namespace {

constexpr std::size_t certificate_bytes = 2 * 1024 * 1024;  // of one in a dump

class Source final : public PieceSource {
 public:
  explicit Source(PieceStream& stream) : PieceSource(stream), armored_(view(stream.rest())[0] < 0x80) {}

  Result<std::optional<Piece>> next() override {
    if (queue_.empty()) CHECK_OK(read());
    if (queue_.empty()) return std::optional<Piece>{};
    auto piece = std::optional(std::move(queue_.front()));
    queue_.pop_front();
    return piece;
  }
  std::uint64_t offset() const override { return queue_.empty() ? stream_.offset() : begin_; }

  Result<void> resume(std::uint64_t offset) override {
    if (armored_) return {};  // it is read as a whole, from its beginning again: what is sent twice is known then
    queue_.clear();
    return stream_.seek(offset);
  }

  // The whole certificate's.
  Result<std::vector<Piece>> at(std::uint64_t begin) override {
    CHECK_OK(resume(begin));
    read_armor_ = false;
    CHECK_OK(read());
    std::vector<Piece> pieces(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.end()));
    queue_.clear();
    left_out_.clear();  // told when they were read first
    return pieces;
  }

  std::vector<std::string> left_out() override { return std::exchange(left_out_, {}); }
  bool gathers() const override { return true; }

 private:
  Result<void> read() { return armored_ ? read_armored() : read_certificate(); }

  // Armor is for few certificates.
  Result<void> read_armored() {
    if (std::exchange(read_armor_, true)) return {};
    if (whole_.empty()) {
      stream_.fill(PieceStream::window_bytes - 1);
      if (!stream_.drained())
        return stream_.bad("armor of more than " + std::to_string(PieceStream::window_bytes) + " octets; `gpg --dearmor` it first", Code::too_large);
      whole_ = std::string(stream_.rest());
      stream_.consume(whole_.size());
    }
    TRY(auto split, split_certificates(view(whole_)));
    if (split.pieces.empty())
      return stream_.bad(split.dropped.empty() ? "no signature in it, so it says nothing" : split.dropped[0].what + ": " + split.dropped[0].why);
    give_out(std::move(split));
    return {};
  }

  // The next certificate's pieces into the queue. One that cannot be read is given on as it is: the server says what is wrong.
  Result<void> read_certificate() {
    stream_.fill(certificate_bytes);
    begin_ = stream_.offset();
    const std::string_view rest = stream_.rest();
    if (rest.empty()) return {};
    const auto octets = first_certificate(view(rest.substr(0, stream_.drained() ? rest.size() : certificate_bytes)));
    if (!octets && rest.size() > certificate_bytes)
      return stream_.bad("a certificate of more than " + std::to_string(certificate_bytes) + " octets", Code::too_large);
    if (!octets) return stream_.bad(octets.error().message);
    const View certificate = view(rest.substr(0, *octets));
    auto split = split_certificates(certificate);
    if (split && !split->pieces.empty()) give_out(std::move(*split));
    else queue_ = {Piece{Format::openpgp, to_bytes(certificate.first(std::min<std::size_t>(certificate.size(), budget::openpgp_key_bytes)))}};
    stream_.consume(*octets);
    return {};
  }

  void give_out(SplitCertificates split) {
    queue_.assign(std::make_move_iterator(split.pieces.begin()), std::make_move_iterator(split.pieces.end()));
    for (auto& dropped : split.dropped) left_out_.push_back(std::move(dropped.why));
    left_out_.resize(left_out_.size() + split.dropped_count - split.dropped.size(), "hangs on what was left out before it");
  }

  const bool armored_;
  bool read_armor_ = false;
  std::string whole_;  // of an armored file
  std::deque<Piece> queue_;
  std::vector<std::string> left_out_;
};

}  // namespace

std::unique_ptr<PieceSource> open_source(PieceStream& stream) { return std::make_unique<Source>(stream); }

}  // namespace cm4it::evidence::openpgp
