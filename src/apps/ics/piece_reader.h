// Evidence out of a file of any length, a piece after another: a CBOR sequence (COSE_Sign1, or [format, evidence]), a
// manifest (a JSON array of elements, or one element), OpenPGP certificates, or X.509 certificates and CRLs (PEM, DER one after
// another, or bundles: PKCS #7). Which of them is seen by how it begins.
#pragma once

#include <deque>
#include <iosfwd>
#include <optional>
#include <string>
#include <utility>

#include "crypto/pem.h"
#include "evidence/formats/openpgp/openpgp.h"

namespace cm4it::ics {

class PieceReader {
 public:
  // `name` is for errors; `in` outlives the reader.
  PieceReader(std::istream& in, std::string name) : in_(in), name_(std::move(name)) {}

  // Nothing at the end. malformed, too_large: names the octet; what came before it is good.
  Result<std::optional<evidence::Piece>> next();
  // Where the last piece began; of a certificate's pieces, where the certificate did.
  std::uint64_t begin() const { return begin_; }
  // Everything before it has been given out.
  std::uint64_t offset() const { return queue_.empty() ? offset_ : begin_; }
  // Why parts of the certificates given out since the last call were left out: nobody could take them.
  std::vector<std::string> left_out() { return std::exchange(left_out_, {}); }
  bool certificates() const { return format_ == evidence::Format::openpgp; }
  // Goes on behind a piece, at an offset() of an earlier reading; the file must be seekable.
  Result<void> resume(std::uint64_t offset);
  // What begins there, one piece or a certificate's, the reading being disturbed.
  Result<std::vector<evidence::Piece>> at(std::uint64_t begin);

 private:
  enum class Place { start, first_element, after_element, end };
  Result<void> start();
  void fill(std::size_t wanted);
  std::string_view rest() const { return std::string_view(buffer_).substr(used_); }
  void consume(std::size_t octets);
  void skip_space();
  tl::unexpected<Error> bad(const std::string& rule, Code code = Code::malformed) const;
  Result<std::optional<evidence::Piece>> next_in_sequence();
  Result<std::optional<evidence::Piece>> next_in_manifest();
  Result<std::optional<evidence::Piece>> element();
  Result<std::optional<evidence::Piece>> next_in_certificates();
  Result<std::optional<evidence::Piece>> next_x509();
  Result<std::optional<evidence::Piece>> next_x509_der();
  Result<std::optional<evidence::Piece>> next_in_whole(bool base64);
  Result<void> read_block(crypto::PkixKind kind);
  std::optional<evidence::Piece> from_queue();
  void give_out(std::vector<crypto::PkixItem> items);
  void give_out(evidence::openpgp::TakenApart taken);
  Result<void> read_armored();
  Result<void> read_certificate();

  std::istream& in_;
  std::string name_, buffer_, whole_;  // whole_: of an armored file
  std::size_t used_ = 0;
  std::uint64_t begin_ = 0, offset_ = 0;
  bool drained_ = false, array_ = false, armored_ = false, pem_ = false;
  std::deque<evidence::Piece> queue_;  // of the last certificate (OpenPGP), or bundle
  std::vector<std::string> left_out_;
  std::optional<evidence::Format> format_;
  Place place_ = Place::start;
};

}  // namespace cm4it::ics
