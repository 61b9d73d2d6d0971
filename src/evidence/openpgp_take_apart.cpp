// Transferable public keys taken apart into pieces of evidence (RFC 9580 section 10.1).
#include <unordered_set>

#include "base/budgets.h"
#include "evidence/openpgp_meaning.h"
#include "evidence/openpgp_packet.h"

namespace cm4it::evidence::openpgp {
namespace {

class Taker {
 public:
  // Nothing of a submission with a secret key in it is kept; that is the only error once there are packets.
  Result<void> take(View binary) {
    PacketReader reader(binary);
    before_keys_ = true;
    while (!reader.done()) {
      const std::size_t offset = reader.offset();
      if (++packets_ > budget::openpgp_packets) {
        drop("what follows octet " + std::to_string(offset), "more than " + std::to_string(budget::openpgp_packets) + " packets");
        break;
      }
      const auto packet = reader.next();
      if (!packet) {
        if (offset == 0) return tl::unexpected<Error>(packet.error());
        drop("what follows octet " + std::to_string(offset), packet.error().message);
        break;
      }
      CHECK_OK(take(*packet));
    }
    end_component();
    primary_.reset();
    return {};
  }

  void drop(std::string what, std::string why) {
    if (++taken_.dropped_count > budget::openpgp_dropped) return;
    taken_.dropped.push_back({std::move(what), std::move(why)});
  }

  TakenApart result() && { return std::move(taken_); }

 private:
  struct Component {
    std::uint8_t tag = 0;  // 0: the key itself
    View body = {};
    std::optional<Key> subkey = {};
    std::string name = {};
    bool good = true;
  };

  Result<void> take(const Packet& packet) {
    switch (packet.tag) {
      case tag::secret_key:
      case tag::secret_subkey:
        return fail(Code::not_permitted, "openpgp: a secret key; nothing of it was kept",
                    "only public keys belong here; see that nobody else got it");
      case tag::public_key: begin_certificate(packet.body); break;
      case tag::user_id:
      case tag::user_attribute:
      case tag::public_subkey: begin_component(packet); break;
      case tag::signature: take_signature(packet.body); break;
      // Of a key ring, or of no meaning (RFC 9580 sections 5.8, 5.10, 5.14).
      case tag::trust:
      case tag::marker:
      case tag::padding: break;
      default:
        end_component();
        component_ = {.name = "a packet of type " + std::to_string(packet.tag), .good = false};
        drop(place(component_.name), "it has no place in a certificate");
    }
    return {};
  }

  std::string place(const std::string& what) const {
    return primary_ ? "certificate " + primary_->fingerprint.text() + ": " + what : what;
  }

  void begin_certificate(View body) {
    end_component();
    component_ = {.name = "the key"};
    components_ = 0;
    primary_.reset();
    ++certificates_;
    before_keys_ = false;
    auto key = read_key(body);
    const auto subject = key ? subject_of(*key, false) : Result<KeySubject>(tl::unexpected<Error>(key.error()));
    if (!subject) {
      // All that follows up to the next key hangs on it, and is only counted.
      drop("certificate " + std::to_string(certificates_), subject.error().message);
      component_.good = false;
      return;
    }
    primary_ = std::move(*key);
    auto& known = taken_.certificates;
    if (names_.insert(primary_->fingerprint.text()).second) known.push_back(primary_->fingerprint);
  }

  void begin_component(const Packet& packet) {
    end_component();
    component_ = {.tag = packet.tag, .body = packet.body};
    auto refuse = [&](std::string why) {
      component_.good = false;
      drop(place(component_.name), std::move(why));
    };
    switch (packet.tag) {
      case tag::user_id: component_.name = "user id \"" + shown_text(packet.body, 64) + "\""; break;
      case tag::user_attribute: component_.name = "a user attribute"; break;
      default: component_.name = "a subkey";
    }
    if (!primary_) {
      component_.good = false;
      if (before_keys_) drop(component_.name, "no key before it");
      else ++taken_.dropped_count;
      return;
    }
    if (++components_ > budget::openpgp_components)
      return refuse("more than " + std::to_string(budget::openpgp_components) + " user ids and subkeys");
    if (const auto fits = check_component(packet.tag, packet.body); !fits) return refuse(fits.error().message);
    if (packet.tag != tag::public_subkey) return;
    auto subkey = read_key(packet.body);
    if (!subkey) return refuse(subkey.error().message);
    component_.name = "subkey " + subkey->fingerprint.text();
    component_.subkey = std::move(*subkey);
  }

  void take_signature(View body) {
    if (before_keys_) return take_loose(body);
    if (!primary_ || !component_.good) {
      ++taken_.dropped_count;
      return;
    }
    const auto what = [&] { return place(component_.name + ": signature"); };
    auto signature = read_signature(body);
    if (!signature) return drop(what(), signature.error().message);
    auto& list = made_by(*signature, *primary_) ? own_ : others_;
    if (list.size() >= budget::openpgp_signatures)
      return drop(what(), "more than " + std::to_string(budget::openpgp_signatures) + " on this component");
    PieceParts parts{*primary_, component_.tag, component_.body, component_.subkey, std::move(*signature), {}};
    if (const auto checked = check_parts(parts); !checked) return drop(what(), checked.error().message);
    list.push_back(canonical_signature(parts.signature, parts.back_signature.has_value()));
  }

  void take_loose(View body) {
    auto signature = read_signature(body);
    if (!signature || signature->type != signature_type::key_revocation) return drop("a signature", "no key before it");
    if (taken_.loose.size() == budget::openpgp_loose) return drop("a revocation", "one of too many without their keys");
    taken_.loose.push_back({canonical_signature(*signature, false), {signature->issuer ? signature->issuer->octets : Bytes{}, signature->issuer_key_id}});
  }

  // What the key says itself comes first: that is what must not be crowded out.
  void end_component() {
    for (auto* list : {&own_, &others_}) {
      for (const Bytes& signature : *list) add_piece(signature);
      list->clear();
    }
  }

  void add_piece(View signature) {
    const std::size_t size = primary_->body.size() + component_.body.size() + signature.size() + 18;  // three headers
    if (taken_.pieces.size() == budget::submission_items || bytes_ + size > budget::openpgp_pieces_bytes)
      return drop(place(component_.name + ": signature"), "more than one submission may hold; send it in parts");
    Bytes piece = write_piece(primary_->body, component_.tag, component_.body, signature);
    if (!seen_.insert(crypto::sha256(piece)).second) return;
    bytes_ += piece.size();
    taken_.pieces.push_back({Format::openpgp, std::move(piece)});
  }

  TakenApart taken_;
  std::unordered_set<Digest, DigestHash> seen_;  // pieces
  std::unordered_set<std::string> names_;        // certificates
  std::size_t packets_ = 0, bytes_ = 0, certificates_ = 0, components_ = 0;
  bool before_keys_ = true;                      // of what is being taken
  // Views into what is being taken.
  std::optional<Key> primary_;  // absent: a bad one, or none yet
  Component component_;
  std::vector<Bytes> own_, others_;  // signatures on the component, canonical
};

bool is_binary(View bytes) { return (bytes[0] & 0x80) != 0; }

}  // namespace

bool looks_like_openpgp(View bytes) {
  if (bytes.empty()) return false;
  if (!is_binary(bytes)) return looks_armored(bytes);
  const int tag = (bytes[0] & 0x40) != 0 ? bytes[0] & 0x3f : bytes[0] >> 2 & 0x0f;
  return tag == tag::public_key || tag == tag::secret_key || tag == tag::secret_subkey || tag == tag::public_subkey;
}

Result<TakenApart> take_apart(View armored_or_binary) {
  if (armored_or_binary.empty()) return bad("submission", "empty");
  Taker taker;
  if (is_binary(armored_or_binary)) {
    CHECK_OK(taker.take(armored_or_binary));
    return std::move(taker).result();
  }
  TRY(const auto blocks, dearmor(armored_or_binary));
  for (const ArmorBlock& block : blocks) CHECK_OK(taker.take(block.data));
  return std::move(taker).result();
}

Result<Piece> complete(const TakenApart::Loose& revocation, View certificate) {
  TRY(const Packet first, PacketReader(certificate).next());
  if (first.tag != tag::public_key) return bad("certificate", "a public key comes first", "10.1");
  TRY(const Key key, read_key(first.body));
  TRY(const Signature signature, read_signature(revocation.signature));
  if (!made_by(signature, key)) return fail(Code::not_found, "openpgp: a revocation by " + revocation.issuer.text() + ", of another key");
  return Piece{Format::openpgp, write_piece(key.body, 0, {}, revocation.signature)};
}

}  // namespace cm4it::evidence::openpgp
