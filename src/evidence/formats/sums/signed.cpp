// Lists as people publish them, made into evidence.
#include <algorithm>

#include "base/budgets.h"
#include "evidence/formats/openpgp/armor.h"
#include "evidence/formats/openpgp/packet.h"
#include "evidence/formats/openpgp/piece.h"
#include "evidence/formats/sums/sums.h"
#include "evidence/formats/sums/piece.h"

namespace cm4it::evidence::sums {
namespace {

using namespace openpgp;

constexpr std::string_view message_mark = "-----BEGIN PGP SIGNED MESSAGE-----", signature_mark = "-----BEGIN PGP SIGNATURE-----";

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

struct Inline { Bytes text; std::string_view signature; };

// RFC 9580 section 7.1: the mark, "Hash:" headers, an empty line, the text with "- " before lines that begin with a dash, the
// signature. Blanks at the ends of lines are not signed, nor is the last line's end.
Result<Inline> read_inline(View octets) {
  std::string_view rest = text(octets);
  while (!rest.empty() && (rest.front() == '\n' || rest.front() == '\r')) rest.remove_prefix(1);
  if (take_line(rest) != message_mark) return bad("sums", "\"" + std::string(message_mark) + "\" expected, or a signature beside the list", "7");
  for (std::string_view line = take_line(rest); !line.empty(); line = take_line(rest))
    if (!line.starts_with("Hash: ")) return bad("sums", "\"Hash:\" headers and an empty line expected", "7");
  std::string plain;
  bool first = true;
  for (;;) {
    if (rest.empty()) return bad("sums", "the message ends before its signature", "7");
    if (rest.starts_with(signature_mark)) return Inline{to_bytes(view(plain)), rest};
    std::string_view line = take_line(rest);
    if (line.starts_with("- ")) line.remove_prefix(2);
    else if (line.starts_with('-')) return bad("sums", "a line that begins with a dash and has none put before it", "7.2");
    while (line.ends_with(' ') || line.ends_with('\t')) line.remove_suffix(1);
    if (!first) plain += '\n';
    plain += line;
    first = false;
  }
}

// Signature packets, and nothing else.
Result<void> read_packets(View binary, std::vector<Bytes>& bodies) {
  for (PacketReader reader(binary); !reader.done();) {
    TRY(const Packet packet, reader.next());
    if (packet.tag == tag::secret_key || packet.tag == tag::secret_subkey)
      return fail(Code::not_permitted, "openpgp: a secret key; nothing of it was kept");
    if (packet.tag == tag::marker || packet.tag == tag::padding) continue;
    if (packet.tag != tag::signature) return bad("sums", "a packet of type " + std::to_string(packet.tag) + " where a signature is expected", "10.4");
    if (bodies.size() == budget::sums_signatures)
      return fail(Code::too_large, "sums: more than " + std::to_string(budget::sums_signatures) + " signatures");
    bodies.push_back(to_bytes(packet.body));
  }
  return {};
}

Result<std::vector<Bytes>> signature_bodies(View octets) {
  std::vector<Bytes> bodies;
  if (!looks_armored(octets)) {
    CHECK_OK(read_packets(octets, bodies));
  } else {
    TRY(const auto blocks, dearmor(octets));
    for (const ArmorBlock& block : blocks) {
      if (block.kind != ArmorKind::signature) return bad("sums", "an armored key where a signature is expected", "6.2");
      CHECK_OK(read_packets(block.data, bodies));
    }
  }
  if (bodies.empty()) return bad("sums", "no signature", "10.4");
  return bodies;
}

// The certificate's key that made the signature, as it goes into a piece.
class Finder {
 public:
  explicit Finder(const Signature& signature) : signature_(signature) {}

  Result<void> look_in(View binary) {
    std::optional<Key> primary, subkey;
    for (PacketReader reader(binary); !reader.done();) {
      TRY(const Packet packet, reader.next());
      if (packet.tag == tag::public_key) {
        primary.reset();
        if (auto key = read_key(packet.body)) primary = *key;
        subkey.reset();
        if (primary && made_by(signature_, *primary)) found_ = Signer{to_bytes(primary->body), {}, {}};
      } else if (packet.tag == tag::public_subkey) {
        subkey.reset();
        if (auto key = read_key(packet.body); key && primary && made_by(signature_, *key)) subkey = *key;
      } else if (packet.tag != tag::signature) {
        subkey.reset();
      } else if (subkey) {
        take_binding(*primary, *subkey, packet.body);
      }
    }
    return {};
  }

  const std::optional<Signer>& found() const { return found_; }

 private:
  void take_binding(const Key& primary, const Key& subkey, View body) {
    auto binding = read_signature(body);
    if (!binding || binding->type != signature_type::subkey_binding || (newest_ && binding->created <= *newest_)) return;
    PieceParts parts{primary, tag::public_subkey, subkey.body, subkey, std::move(*binding), {}};
    if (!check_parts(parts) || !parts.back_signature) return;
    newest_ = parts.signature.created;
    found_ = Signer{to_bytes(primary.body), to_bytes(subkey.body), canonical_signature(parts.signature, true)};
  }

  const Signature& signature_;
  std::optional<Signer> found_;
  std::optional<Time> newest_;
};

}  // namespace

Result<std::vector<Signed>> read_signed(View list, View signature) {
  if (looks_like_cms(signature)) {
    TRY(auto one, read_cms(list, signature));
    return std::vector<Signed>{std::move(one)};
  }
  Bytes inline_text;
  std::string_view armored = text(signature);
  const bool is_inline = signature.empty();
  if (is_inline) {
    TRY(auto message, read_inline(list));
    inline_text = std::move(message.text);
    armored = message.signature;
  }
  TRY(const auto bodies, signature_bodies(view(armored)));
  std::vector<Signed> all;
  for (const Bytes& body : bodies) {
    TRY(const Signature read, read_document_signature(body));
    if (is_inline && read.type != signature_type::text) return bad("sums", type_text(read.type) + " in a cleartext message", "7");
    Signed one{is_inline ? inline_text : to_bytes(list), canonical_signature(read, false), false, {}};
    one.issuer = issuer_of(read).hint();
    all.push_back(std::move(one));
  }
  return all;
}

Result<Piece> complete(const Signed& list, View certificates) {
  if (list.cms) return Piece{Format::sums, write_cms_piece(list.text, list.signature)};
  TRY(const Signature signature, read_document_signature(list.signature));
  Finder finder(signature);
  if (looks_armored(certificates)) {
    TRY(const auto blocks, dearmor(certificates));
    for (const ArmorBlock& block : blocks) CHECK_OK(finder.look_in(block.data));
  } else {
    CHECK_OK(finder.look_in(certificates));
  }
  if (!finder.found())
    return fail(Code::not_found, "sums: signature: by " + issuer_of(signature).text() + ", which is neither a key nor a bound signing subkey of the certificate given");
  return Piece{Format::sums, write_piece({list.text, list.signature, *finder.found()})};
}

}  // namespace cm4it::evidence::sums
