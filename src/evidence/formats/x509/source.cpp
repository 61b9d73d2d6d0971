#include "evidence/formats/x509/source.h"

#include <deque>

#include "base/budgets.h"
#include "base/der.h"
#include "crypto/pem.h"
#include "evidence/formats/x509/crl.h"

namespace cm4it::evidence::x509 {
namespace {

constexpr std::string_view pem_begin = "-----BEGIN ";
constexpr std::size_t large_block_bytes = 3 * (budget::crl_bytes / 2);  // of a CRL, of a bundle, in base64

class Source : public PieceSource {
 public:
  using PieceSource::PieceSource;

  Result<std::optional<Piece>> next() override {
    if (queue_.empty()) CHECK_OK(read());
    return from_queue();
  }
  std::uint64_t offset() const override { return queue_.empty() ? stream_.offset() : begin_; }
  Result<void> resume(std::uint64_t offset) override {
    queue_.clear();
    return stream_.seek(offset);
  }
  // All of the same bundle.
  Result<std::vector<Piece>> at(std::uint64_t begin) override {
    TRY(auto pieces, PieceSource::at(begin));
    while (auto other = from_queue()) pieces.push_back(std::move(*other));
    return pieces;
  }

 protected:
  // What comes next into the queue; nothing at the end.
  virtual Result<void> read() = 0;
  void give_out(std::vector<crypto::PkixItem> items) {
    for (auto& item : items) queue_.push_back({item.crl ? Format::crl : Format::x509, std::move(item.der)});
  }
  std::deque<Piece> queue_;

 private:
  std::optional<Piece> from_queue() {
    if (queue_.empty()) return {};
    auto piece = std::optional(std::move(queue_.front()));
    queue_.pop_front();
    return piece;
  }
};

// RFC 7468: what stands around the blocks is passed over, and so are blocks of other things.
class PemSource final : public Source {
 public:
  using Source::Source;

 private:
  Result<void> read() override {
    while (queue_.empty()) {
      stream_.fill(budget::evidence_bytes);
      const auto at = stream_.rest().find(pem_begin);
      if (at == std::string_view::npos && stream_.drained()) {
        stream_.consume(stream_.rest().size());
        return {};
      }
      if (at == std::string_view::npos) {
        stream_.consume(stream_.rest().size() - pem_begin.size());
        continue;
      }
      stream_.consume(at);
      stream_.fill(budget::evidence_bytes);
      const auto kind = crypto::pkix_kind(crypto::pem_label(stream_.rest()));
      if (kind) CHECK_OK(read_block(*kind));
      else stream_.consume(pem_begin.size());
    }
    return {};
  }

  // The block that begins here: of a bundle all that is in it.
  Result<void> read_block(crypto::PkixKind kind) {
    const std::size_t most = kind == crypto::PkixKind::certificate ? budget::evidence_bytes : large_block_bytes;
    stream_.fill(most);
    begin_ = stream_.offset();
    const auto block = crypto::next_pem(stream_.rest().substr(0, most));
    if (!block || !*block) {
      const char* what = kind == crypto::PkixKind::certificate ? "certificate" : kind == crypto::PkixKind::crl ? "CRL" : "bundle";
      return stream_.bad(std::string("the input ends inside a ") + what + ", or that is too large");
    }
    auto items = crypto::items_in_pem(stream_.rest().substr(0, (*block)->end), budget::submission_items);
    if (!items) return stream_.bad(items.error().message, items.error().code);
    give_out(std::move(*items));
    stream_.consume((*block)->end);
    return {};
  }
};

class DerSource final : public Source {
 public:
  using Source::Source;

 private:
  // What is no DER is given on as it is: the server says what is wrong.
  Result<void> read() override {
    stream_.fill(budget::evidence_bytes);
    begin_ = stream_.offset();
    if (stream_.rest().empty()) return {};
    if (view(stream_.rest())[0] != der::sequence) return read_whole(true);
    if (crypto::looks_like_bundle(view(stream_.rest()))) return read_whole(false);
    const bool list = crl::looks_like_crl(view(stream_.rest()));
    if (list) stream_.fill(budget::crl_bytes + 16);
    const View rest = view(stream_.rest());
    const auto item = DerReader(rest).item("certificate");
    queue_.push_back({list ? Format::crl : Format::x509, to_bytes(item ? item->whole : rest.first(std::min(rest.size(), budget::certificate_bytes)))});
    stream_.consume(item ? item->whole.size() : rest.size());
    return {};
  }

  // A bundle, or DER in base64 without PEM's lines: the rest of the file, as a whole.
  Result<void> read_whole(bool base64) {
    stream_.fill(large_block_bytes);
    if (!stream_.drained()) return stream_.bad("more than " + std::to_string(large_block_bytes) + " octets", Code::too_large);
    begin_ = stream_.offset();
    Bytes decoded = base64 ? crypto::bare_base64(stream_.rest()).value_or(Bytes{}) : to_bytes(view(stream_.rest()));
    stream_.consume(stream_.rest().size());
    if (!crypto::looks_like_bundle(decoded)) {
      const auto format = crl::looks_like_crl(decoded) ? Format::crl : Format::x509;
      queue_.push_back({format, std::move(decoded)});
      return {};
    }
    auto items = crypto::items_in_bundle(decoded, budget::submission_items);
    if (!items) return stream_.bad(items.error().message, items.error().code);
    give_out(std::move(*items));
    return {};
  }
};

}  // namespace

std::unique_ptr<PieceSource> open_source(PieceStream& stream) {
  const bool pem = crypto::has_pkix_pem(stream.rest()) && view(stream.rest())[0] != der::sequence;
  if (pem) return std::make_unique<PemSource>(stream);
  return std::make_unique<DerSource>(stream);
}

}  // namespace cm4it::evidence::x509
