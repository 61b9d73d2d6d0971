#include "apps/ics/piece_reader.h"

#include <algorithm>
#include <istream>

#include "base/budgets.h"
#include "base/cbor.h"
#include "base/der.h"
#include "evidence/formats/x509/crl.h"
#include "evidence/formats/x509/x509.h"

namespace cm4it::ics {
namespace {

constexpr std::size_t window_bytes = 4 * 1024 * 1024;
constexpr std::size_t certificate_bytes = 2 * 1024 * 1024;  // of one in a dump
constexpr std::string_view pem_begin = "-----BEGIN ";
constexpr std::size_t large_block_bytes = 3 * (budget::crl_bytes / 2);  // of a CRL, of a bundle, in base64
constexpr char der_sequence = '\x30';
constexpr char cose_sign1_tag = '\xd2', array_of_two = '\x82';

// Octets of the JSON object that begins `text`; 0: it does not end there.
std::size_t object_octets(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return at + 1;
    }
  }
  return 0;
}

}  // namespace

tl::unexpected<Error> PieceReader::bad(const std::string& rule, Code code) const {
  return fail(code, name_ + " at octet " + std::to_string(offset_) + ": " + rule);
}

// As much as any one piece may have lies in the buffer, or the whole rest.
void PieceReader::fill(std::size_t wanted) {
  if (drained_ || rest().size() > wanted) return;
  buffer_.erase(0, used_);
  used_ = 0;
  const std::size_t had = buffer_.size();
  const std::size_t window = std::max(window_bytes, wanted + 1);
  buffer_.resize(window);
  in_.read(buffer_.data() + had, static_cast<std::streamsize>(window - had));
  buffer_.resize(had + static_cast<std::size_t>(in_.gcount()));
  drained_ = !in_;
}

void PieceReader::consume(std::size_t octets) {
  used_ += octets;
  offset_ += octets;
}

void PieceReader::skip_space() {
  for (;;) {
    fill(budget::evidence_bytes);
    const auto octets = rest().find_first_not_of(" \t\r\n");
    if (octets != std::string_view::npos) return consume(octets);
    if (rest().empty()) return;
    consume(rest().size());
  }
}

Result<void> PieceReader::start() {
  place_ = Place::first_element;
  fill(budget::evidence_bytes);
  if (rest().empty()) return fail(Code::malformed, name_ + ": empty");
  if (rest()[0] == cose_sign1_tag || rest()[0] == array_of_two) {
    format_ = evidence::Format::cose;
    return {};
  }
  if (evidence::openpgp::looks_like_openpgp(view(rest()))) {
    format_ = evidence::Format::openpgp;
    armored_ = static_cast<unsigned char>(rest()[0]) < 0x80;
    return armored_ ? read_armored() : Result<void>{};
  }
  if (evidence::x509::looks_like_pkix(view(rest()))) {
    format_ = evidence::Format::x509;
    pem_ = crypto::has_pkix_pem(rest()) && rest()[0] != der_sequence;
    if (rest().find("PRIVATE KEY-----") != std::string_view::npos)
      return fail(Code::not_permitted, name_ + ": a private key is in it; nothing of it was sent", "give a file of certificates alone");
    return {};
  }
  if (rest().find("PRIVATE KEY-----") != std::string_view::npos)
    return fail(Code::not_permitted, name_ + ": a private key; nothing of it was sent", "its certificate would be evidence; to say whose key it is: ics identify " + name_ + " --type device");
  skip_space();
  format_ = evidence::Format::manifest;
  if (rest().starts_with('{')) return {};
  if (!rest().starts_with('[')) return fail(Code::unsupported, name_ + ": neither COSE_Sign1 messages nor a manifest nor OpenPGP nor X.509 certificates or CRLs");
  array_ = true;
  consume(1);
  return {};
}

Result<void> PieceReader::resume(std::uint64_t offset) {
  if (place_ == Place::start) CHECK_OK(start());
  if (armored_) return {};  // it was read whole: from its beginning again, repeats are free
  queue_.clear();
  in_.clear();
  if (!in_.seekg(static_cast<std::streamoff>(offset))) return fail(Code::unavailable, name_ + ": cannot go on in it");
  buffer_.clear();
  used_ = 0;
  offset_ = offset;
  drained_ = false;
  place_ = Place::after_element;
  return {};
}

Result<std::vector<evidence::Piece>> PieceReader::at(std::uint64_t begin) {
  CHECK_OK(resume(begin));
  std::vector<evidence::Piece> pieces;
  if (*format_ == evidence::Format::openpgp) {
    if (armored_) CHECK_OK(read_armored());
    else CHECK_OK(read_certificate());
    pieces.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.end()));
    queue_.clear();
    left_out_.clear();  // told when they were read first
    return pieces;
  }
  fill(budget::evidence_bytes);
  TRY(auto piece, *format_ == evidence::Format::manifest ? element() : next());
  if (piece) pieces.push_back(std::move(*piece));
  while (auto other = from_queue()) pieces.push_back(std::move(*other));  // of the same bundle
  return pieces;
}

Result<std::optional<evidence::Piece>> PieceReader::next() {
  if (place_ == Place::start) CHECK_OK(start());
  switch (*format_) {
    case evidence::Format::cose: return next_in_sequence();
    case evidence::Format::openpgp: return next_in_certificates();
    case evidence::Format::x509: return pem_ ? next_x509() : next_x509_der();
    default: return next_in_manifest();
  }
}

void PieceReader::give_out(evidence::openpgp::TakenApart taken) {
  queue_.assign(std::make_move_iterator(taken.pieces.begin()), std::make_move_iterator(taken.pieces.end()));
  for (auto& dropped : taken.dropped) left_out_.push_back(std::move(dropped.why));
  left_out_.resize(left_out_.size() + taken.dropped_count - taken.dropped.size(), "hangs on what was left out before it");
}

// Armor is for few certificates: it is read as a whole.
Result<void> PieceReader::read_armored() {
  if (whole_.empty()) {
    fill(window_bytes - 1);
    if (!drained_) return bad("armor of more than " + std::to_string(window_bytes) + " octets; `gpg --dearmor` it first", Code::too_large);
    whole_ = std::string(rest());
    consume(whole_.size());
  }
  TRY(auto taken, evidence::openpgp::take_apart(view(whole_)));
  if (taken.pieces.empty())
    return bad(taken.dropped.empty() ? "no signature in it, so it says nothing" : taken.dropped[0].what + ": " + taken.dropped[0].why);
  give_out(std::move(taken));
  return {};
}

// The next certificate's pieces into the queue. One that cannot be read is given on as it is: the server says what is wrong.
Result<void> PieceReader::read_certificate() {
  fill(certificate_bytes);
  begin_ = offset_;
  if (rest().empty()) return {};
  const auto octets = evidence::openpgp::first_certificate(view(rest().substr(0, drained_ ? rest().size() : certificate_bytes)));
  if (!octets && rest().size() > certificate_bytes) return bad("a certificate of more than " + std::to_string(certificate_bytes) + " octets", Code::too_large);
  if (!octets) return bad(octets.error().message);
  const View certificate = view(rest().substr(0, *octets));
  auto taken = evidence::openpgp::take_apart(certificate);
  if (taken && !taken->pieces.empty())
    give_out(std::move(*taken));
  else
    queue_ = {evidence::Piece{evidence::Format::openpgp, to_bytes(certificate.first(std::min<std::size_t>(certificate.size(), budget::openpgp_key_bytes)))}};
  consume(*octets);
  return {};
}

Result<std::optional<evidence::Piece>> PieceReader::next_in_certificates() {
  if (queue_.empty() && !armored_) CHECK_OK(read_certificate());
  return from_queue();
}

std::optional<evidence::Piece> PieceReader::from_queue() {
  if (queue_.empty()) return {};
  auto piece = std::optional(std::move(queue_.front()));
  queue_.pop_front();
  return piece;
}

void PieceReader::give_out(std::vector<crypto::PkixItem> items) {
  for (auto& item : items) queue_.push_back({item.crl ? evidence::Format::crl : evidence::Format::x509, std::move(item.der)});
}

// RFC 7468: what stands around the blocks is passed over, and so are blocks of other things.
Result<std::optional<evidence::Piece>> PieceReader::next_x509() {
  while (queue_.empty()) {
    fill(budget::evidence_bytes);
    const auto at = rest().find(pem_begin);
    if (at == std::string_view::npos && drained_) {
      consume(rest().size());
      return std::optional<evidence::Piece>{};
    }
    if (at == std::string_view::npos) {
      consume(rest().size() - pem_begin.size());
      continue;
    }
    consume(at);
    fill(budget::evidence_bytes);
    const std::string_view label = rest().substr(pem_begin.size(), 64);
    const auto kind = crypto::pkix_kind(label.substr(0, label.find("-----")));
    if (kind) CHECK_OK(read_block(*kind));
    else consume(pem_begin.size());
  }
  return from_queue();
}

// The block that begins here, into the queue: of a bundle all that is in it.
Result<void> PieceReader::read_block(crypto::PkixKind kind) {
  const std::size_t most = kind == crypto::PkixKind::certificate ? budget::evidence_bytes : large_block_bytes;
  fill(most);
  begin_ = offset_;
  const auto block = crypto::next_pem(rest().substr(0, most));
  if (!block || !*block) {
    const char* what = kind == crypto::PkixKind::certificate ? "certificate" : kind == crypto::PkixKind::crl ? "CRL" : "bundle";
    return bad(std::string("the input ends inside a ") + what + ", or that is too large");
  }
  auto items = crypto::items_in_pem(rest().substr(0, (*block)->end), budget::submission_items);
  if (!items) return bad(items.error().message, items.error().code);
  give_out(std::move(*items));
  consume((*block)->end);
  return {};
}

// A bundle, or DER without PEM's lines in base64: the rest of the file, as a whole.
Result<std::optional<evidence::Piece>> PieceReader::next_in_whole(bool base64) {
  fill(large_block_bytes);
  if (!drained_) return bad("more than " + std::to_string(large_block_bytes) + " octets", Code::too_large);
  begin_ = offset_;
  Bytes decoded = base64 ? crypto::bare_base64(rest()).value_or(Bytes{}) : to_bytes(view(rest()));
  consume(rest().size());
  if (!crypto::looks_like_bundle(decoded)) {
    const auto format = evidence::crl::looks_like_crl(decoded) ? evidence::Format::crl : evidence::Format::x509;
    return std::optional(evidence::Piece{format, std::move(decoded)});
  }
  auto items = crypto::items_in_bundle(decoded, budget::submission_items);
  if (!items) return bad(items.error().message, items.error().code);
  give_out(std::move(*items));
  return from_queue();
}

// What is no DER is given on as it is: the server says what is wrong.
Result<std::optional<evidence::Piece>> PieceReader::next_x509_der() {
  if (!queue_.empty()) return from_queue();
  fill(budget::evidence_bytes);
  begin_ = offset_;
  if (rest().empty()) return std::optional<evidence::Piece>{};
  if (rest()[0] != der_sequence) return next_in_whole(true);
  if (crypto::looks_like_bundle(view(rest()))) return next_in_whole(false);
  const bool list = evidence::crl::looks_like_crl(view(rest()));
  if (list) fill(budget::crl_bytes + 16);
  const auto item = DerReader(view(rest())).item("certificate");
  const Bytes octets = to_bytes(item ? item->whole : view(rest().substr(0, budget::certificate_bytes)));
  consume(item ? octets.size() : rest().size());
  return std::optional(evidence::Piece{list ? evidence::Format::crl : evidence::Format::x509, octets});
}

Result<std::optional<evidence::Piece>> PieceReader::next_in_sequence() {
  fill(budget::evidence_bytes);
  begin_ = offset_;
  if (rest().empty()) return std::optional<evidence::Piece>{};
  CborReader reader(view(rest()));
  const auto item = reader.item();
  if (!item) return bad(item.error().message, item.error().code);
  // What is no piece of evidence is the server's to refuse.
  const Bytes octets = to_bytes(*item);
  consume(octets.size());
  if (auto leaf = evidence::parse_leaf(octets)) return std::optional(evidence::Piece{leaf->first, std::move(leaf->second)});
  return std::optional(evidence::Piece{evidence::Format::cose, octets});
}

Result<std::optional<evidence::Piece>> PieceReader::next_in_manifest() {
  skip_space();
  if (place_ == Place::after_element || (place_ == Place::first_element && array_ && rest().starts_with(']'))) {
    const bool closed = array_ && rest().starts_with(']');
    if (closed) {
      consume(1);
      skip_space();
    }
    if (closed || !array_) {
      if (!rest().empty()) return bad("octets after the manifest");
      place_ = Place::end;
    } else {
      if (!rest().starts_with(',')) return bad("',' or ']' expected");
      consume(1);
      skip_space();
    }
  }
  if (place_ == Place::end) return std::optional<evidence::Piece>{};
  return element();
}

Result<std::optional<evidence::Piece>> PieceReader::element() {
  if (!rest().starts_with('{')) return bad("an object expected");
  begin_ = offset_;
  const std::size_t octets = object_octets(rest().substr(0, budget::evidence_bytes));
  if (octets == 0 && rest().size() >= budget::evidence_bytes)
    return bad("an element of more than " + std::to_string(budget::evidence_bytes) + " octets", Code::too_large);
  if (octets == 0) return bad("the input ends inside an element");
  evidence::Piece piece{evidence::Format::manifest, to_bytes(view(rest().substr(0, octets)))};
  consume(octets);
  place_ = Place::after_element;
  return std::optional(std::move(piece));
}

}  // namespace cm4it::ics
