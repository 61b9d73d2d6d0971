#include "formats/toy.h"

#include <sstream>

#include "evidence/builder.h"

namespace cm4it::evidence::toy {
namespace {

bool begins_like_toy(View body) { return text(body).starts_with("toy "); }

tl::unexpected<Error> bad(const std::string& rule) { return fail(Code::malformed, "toy: " + rule); }

Result<std::vector<Piece>> lines(View body) {
  std::vector<Piece> pieces;
  std::istringstream all{std::string(text(body))};
  for (std::string line; std::getline(all, line);) pieces.push_back({format, to_bytes(view(line))});
  return pieces;
}

Result<Decoded> decode(View piece, Trust) {
  std::istringstream words{std::string(text(piece))};
  std::string toy, name, key, issuer, signature;
  std::int64_t time = 0;
  if (!(words >> toy >> name >> key >> issuer >> time >> signature)) return bad("six words expected");
  DecodedBuilder builder;
  builder.format = format;
  builder.bytes = to_bytes(piece);
  builder.signed_bytes = to_bytes(piece.first(piece.size() - signature.size()));
  TRY(builder.signature, from_base64(signature));
  TRY(builder.issuer.key, KeyId::parse(issuer));
  Identity identity;
  identity.name = name;
  identity.maker = "Toymaker";
  TRY(identity.spki, from_base64(key));
  TRY(const auto device, crypto::PublicKey::from_canonical_spki(identity.spki));
  Statement statement;
  statement.format = format;
  statement.subject = SubjectId::key(device.id());
  statement.issued_at = Time{time};
  statement.body = std::move(identity);
  builder.statements.push_back(std::move(statement));
  return std::move(builder).build();
}

Result<void> verify(const Decoded& decoded, const crypto::PublicKey& issuer) { return issuer.verify(decoded.signed_bytes(), decoded.signature()); }

class Source final : public PieceSource {
 public:
  using PieceSource::PieceSource;
  Result<std::optional<Piece>> next() override {
    stream_.fill(4096);
    begin_ = stream_.offset();
    const auto end = stream_.rest().find('\n');
    if (stream_.rest().empty()) return std::optional<Piece>{};
    if (end == std::string_view::npos) return stream_.bad("a line without an end");
    Piece piece{format, to_bytes(view(stream_.rest().substr(0, end)))};
    stream_.consume(end + 1);
    return std::optional(std::move(piece));
  }
};

class Sink final : public PieceSink {
 public:
  using PieceSink::PieceSink;
  Result<void> piece(View evidence) override { return out_(view(std::string(text(evidence)) + "\n")); }
};

std::unique_ptr<PieceSource> open_source(PieceStream& stream) { return std::make_unique<Source>(stream); }
std::unique_ptr<PieceSink> open_sink(PieceSink::Out out) { return std::make_unique<Sink>(std::move(out)); }

constexpr std::string_view submitted_as[] = {"text/toy"};

}  // namespace

constexpr Codec codec{.format = format, .name = "toy", .media_type = "text/toy", .submitted = submitted_as, .most_octets = 4096,
                      .looks_like = begins_like_toy, .split = lines, .source = open_source, .sink = open_sink,
                      .decode = decode, .verify = verify};

std::string sign(const std::string& name, const crypto::PublicKey& device, Time time, const crypto::Signer& issuer) {
  const std::string said = "toy " + name + " " + device.base64() + " " + issuer.public_key().id().text() + " " + std::to_string(time.seconds) + " ";
  return said + to_base64(issuer.sign(view(said)).value());
}

}  // namespace cm4it::evidence::toy
