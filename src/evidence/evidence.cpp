#include "evidence/evidence.h"

#include <algorithm>
#include <array>
#include <atomic>

#include "base/cbor.h"
#include "base/text.h"
#include "evidence/builder.h"
#include "evidence/codec.h"

namespace cm4it::evidence {

namespace {

std::atomic<std::uint64_t> decoded_pieces = 0;

tl::unexpected<Error> not_read(Format format) {
  return fail(Code::unsupported, std::string("format: ") + to_string(format) + " is not read by this server");
}

Result<Decoded> decode_as(Format format, View bytes, Trust trust) {
  const Codec* codec = find_codec(format);
  if (!codec) return not_read(format);
  if (bytes.size() > codec->most_octets) return fail(Code::too_large, "evidence: more than " + std::to_string(codec->most_octets) + " octets");
  decoded_pieces.fetch_add(1, std::memory_order_relaxed);
  return codec->decode(bytes, trust);
}

}  // namespace

// Numbers of formats are octets: found at once, on every look-up.
const Codec* find_codec(Format format) {
  static const auto by_number = [] {
    std::array<const Codec*, 256> table{};
    for (const Codec* codec : codecs()) table[static_cast<std::uint8_t>(codec->format)] = codec;
    return table;
  }();
  return by_number[static_cast<std::uint8_t>(format)];
}

bool signed_by_authorities(Format format) {
  const Codec* codec = find_codec(format);
  return codec && codec->by_authorities;
}

bool gives_name(const Statement& statement, std::string_view name) {
  if (contains(statement.aliases, name)) return true;
  const Codec* codec = find_codec(statement.format);
  return codec && codec->gives_name && codec->gives_name(statement, name);
}

bool may_bear_chain(Format format) {
  const Codec* codec = find_codec(format);
  return codec && codec->bears_chain;
}

const char* to_string(Format format) {
  const Codec* codec = find_codec(format);
  return codec ? codec->name : "unknown";
}

Result<Format> parse_format(std::string_view text) {
  std::vector<std::string_view> all;
  for (const Codec* codec : codecs()) {
    if (text == codec->name) return codec->format;
    all.emplace_back(codec->name);
  }
  return none_of("format", text, all);
}

std::uint64_t pieces_decoded() { return decoded_pieces.load(std::memory_order_relaxed); }

Result<Decoded> decode(Format format, View bytes) { return decode_as(format, bytes, Trust::none); }

Verified::Verified(Decoded decoded, const KeyId& issuer)
    : decoded_(std::move(decoded)), issuer_(issuer),
      id_(statement_id(decoded_.format(), issuer, decoded_.signed_bytes())) {
  for (Statement& statement : decoded_.statements_) {
    statement.issuer = issuer;
    statement.id = id_;
    if (statement.revocations) statement.subject = SubjectId::key(issuer);  // a list names its issuer and no key
  }
}

Result<void> check_signature(const Decoded& decoded, const crypto::PublicKey& issuer) {
  const IssuerHint& hint = decoded.issuer();
  if (hint.key && *hint.key != issuer.id())
    return fail(Code::not_permitted, "kid: the evidence names " + hint.key->text() + " as its issuer");
  if (hint.by_hash_alone() && std::none_of(hint.names.begin(), hint.names.end(), [&](const auto& name) { return is_named(issuer, name); }))
    return fail(Code::not_permitted, "kid: the evidence names another key as its issuer");
  const Codec* codec = find_codec(decoded.format());
  return codec ? codec->verify(decoded, issuer) : not_read(decoded.format());
}

Result<Verified> verify(Decoded decoded, const crypto::PublicKey& issuer) {
  CHECK_OK(check_signature(decoded, issuer));
  return Verified(std::move(decoded), issuer.id());
}

Result<std::vector<Statement>> statements_of_stored(Format format, View bytes, const KeyId& issuer,
                                                  const std::optional<StatementId>& id, const SubjectId* about) {
  std::vector<Statement> statements;
  if (const Codec* codec = find_codec(format); id && codec && codec->stored_statements) {
    decoded_pieces.fetch_add(1, std::memory_order_relaxed);
    TRY(statements, codec->stored_statements(bytes, issuer, about));
    for (Statement& statement : statements) {
      statement.issuer = issuer;
      statement.id = *id;
    }
    return statements;
  }
  TRY(const Decoded decoded, decode_as(format, bytes, Trust::from_store));
  statements = decoded.statements();
  const StatementId found = id ? *id : statement_id(format, issuer, decoded.signed_bytes());
  for (Statement& statement : statements) {
    statement.issuer = issuer;
    statement.id = found;
  }
  return statements;
}

Result<void> visit_revocation_list(Format format, View bytes, const RevocationVisitor& visit) {
  const Codec* codec = find_codec(format);
  if (!codec || !codec->visit_list) return fail(Code::unsupported, std::string("format: ") + to_string(format) + " has no lists that take certificates back");
  decoded_pieces.fetch_add(1, std::memory_order_relaxed);
  return codec->visit_list(bytes, visit);
}

Bytes leaf_bytes(Format format, View evidence) {
  if (format == Format::cose) return to_bytes(evidence);
  CborWriter out;
  out.array(2).uint(static_cast<std::uint8_t>(format)).bytes(evidence);
  return out.take();
}

Result<std::pair<Format, Bytes>> parse_leaf(View leaf) {
  CborReader reader(leaf);
  TRY(const auto type, reader.peek());
  if (type == CborType::tag) return std::pair{Format::cose, to_bytes(leaf)};
  TRY(const auto items, reader.array());
  TRY(const auto format, reader.uint());
  TRY(const View evidence, reader.bytes());
  CHECK_OK(reader.end());
  const auto known = format <= UINT8_MAX ? static_cast<Format>(format) : Format::cose;
  if (items != 2 || known == Format::cose || !find_codec(known)) return fail(Code::malformed, "leaf: expected [format, evidence]");
  return std::pair{known, to_bytes(evidence)};
}

}  // namespace cm4it::evidence
