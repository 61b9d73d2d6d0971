#include "evidence/piece_stream.h"

#include <algorithm>
#include <istream>

#include "base/budgets.h"
#include "base/cbor.h"
#include "evidence/codec.h"

namespace cm4it::evidence {
namespace {

// Of native statements, and of whatever is a leaf of a log: [format, evidence].
class SequenceSource final : public PieceSource {
 public:
  using PieceSource::PieceSource;

  Result<std::optional<Piece>> next() override {
    stream_.fill(budget::evidence_bytes);
    begin_ = stream_.offset();
    if (stream_.rest().empty()) return std::optional<Piece>{};
    CborReader reader(view(stream_.rest()));
    const auto item = reader.item();
    if (!item) return stream_.bad(item.error().message, item.error().code);
    const Bytes octets = to_bytes(*item);
    stream_.consume(octets.size());
    if (auto leaf = parse_leaf(octets)) return std::optional(Piece{leaf->first, std::move(leaf->second)});
    return std::optional(Piece{native_format, octets});  // what is no piece of evidence is the server's to refuse
  }
};

bool has_private_key(std::string_view text) { return text.find("PRIVATE KEY-----") != std::string_view::npos; }

}  // namespace

tl::unexpected<Error> PieceStream::bad(const std::string& rule, Code code) const {
  return fail(code, name_ + " at octet " + std::to_string(offset_) + ": " + rule);
}

void PieceStream::fill(std::size_t wanted) {
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

void PieceStream::consume(std::size_t octets) {
  used_ += octets;
  offset_ += octets;
}

void PieceStream::skip_space() {
  for (;;) {
    fill(budget::evidence_bytes);
    const auto octets = rest().find_first_not_of(" \t\r\n");
    if (octets != std::string_view::npos) return consume(octets);
    if (rest().empty()) return;
    consume(rest().size());
  }
}

Result<void> PieceStream::seek(std::uint64_t offset) {
  in_.clear();
  if (!in_.seekg(static_cast<std::streamoff>(offset))) return fail(Code::unavailable, name_ + ": cannot go on in it");
  buffer_.clear();
  used_ = 0;
  offset_ = offset;
  drained_ = false;
  return {};
}

Result<std::vector<Piece>> PieceSource::at(std::uint64_t begin) {
  CHECK_OK(resume(begin));
  TRY(auto piece, next());
  std::vector<Piece> pieces;
  if (piece) pieces.push_back(std::move(*piece));
  return pieces;
}

Result<std::unique_ptr<PieceSource>> open_source(PieceStream& stream) {
  stream.fill(budget::evidence_bytes);
  const View begin = view(stream.rest());
  if (begin.empty()) return fail(Code::malformed, stream.name() + ": empty");
  if (begins_like_a_sequence(begin)) return std::make_unique<SequenceSource>(stream);
  for (const Codec* codec : codecs()) {
    if (!codec->looks_like || !codec->source || !codec->looks_like(begin)) continue;
    if (has_private_key(stream.rest()))
      return fail(Code::not_permitted, stream.name() + ": a private key is in it; nothing of it was sent", "give a file of certificates alone");
    return codec->source(stream);
  }
  if (has_private_key(stream.rest()))
    return fail(Code::not_permitted, stream.name() + ": a private key; nothing of it was sent",
                "its certificate would be evidence; to say whose key it is: ics identify " + stream.name() + " --type device");
  return fail(Code::unsupported, stream.name() + ": neither COSE_Sign1 messages nor a manifest nor OpenPGP nor X.509 certificates or CRLs");
}

std::vector<std::string> formats_of_files() {
  std::vector<std::string> names;
  for (const Codec* codec : codecs())
    if (codec->split || codec->sink) names.emplace_back(codec->name);
  return names;
}

std::unique_ptr<PieceSink> open_sink(Format format, PieceSink::Out out) {
  const Codec* codec = find_codec(format);
  return codec && codec->sink ? codec->sink(std::move(out)) : std::make_unique<PieceSink>(std::move(out));
}

}  // namespace cm4it::evidence
