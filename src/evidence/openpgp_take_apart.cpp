// Transferable public keys taken apart into pieces of evidence (RFC 9580 section 10.1).
#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/budgets.h"
#include "evidence/openpgp_certificate.h"
#include "evidence/openpgp_meaning.h"
#include "evidence/openpgp_packet.h"

namespace cm4it::evidence::openpgp {
namespace {

// A signature that does not stand where it belongs: `cat key.pgp key.rev`, or a key server that merged in disorder. By the first
// octets of its digest it is put where it belongs, as gpg and sq do.
struct Misplaced {
  Signature signature;
  std::size_t component = 0;  // behind which it came
};

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
    end_certificate();
    return {};
  }

  void drop(std::string what, std::string why) {
    if (++taken_.dropped_count > budget::openpgp_dropped) return;
    taken_.dropped.push_back({std::move(what), std::move(why)});
  }

  TakenApart result() && {
    // What restricts goes first: nothing else of the submission can use up what it needs.
    urgent_.insert(urgent_.end(), std::make_move_iterator(taken_.pieces.begin()), std::make_move_iterator(taken_.pieces.end()));
    taken_.pieces = std::move(urgent_);
    return std::move(taken_);
  }

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
      default: take_unknown(packet.tag);
    }
    return {};
  }

  std::string place(const std::string& what) const {
    return primary_ ? "certificate " + primary_->fingerprint.text() + ": " + what : what;
  }

  // RFC 9580 section 4.3: types from 40 on may be passed over by who does not know them; what follows belongs to what was before.
  void take_unknown(std::uint8_t type) {
    constexpr std::uint8_t first_not_critical = 40;
    const std::string name = "a packet of type " + std::to_string(type);
    drop(place(name), "it has no place in a certificate");
    if (type < first_not_critical) begin({.name = name, .good = false});
  }

  void begin(Component component) {
    flush_component();
    components_.push_back(std::move(component));
  }

  void begin_certificate(View body) {
    end_certificate();
    begin({.name = "the key"});
    ++certificates_;
    before_keys_ = false;
    auto key = read_key(body);
    const auto subject = key ? subject_of(*key, false) : Result<KeySubject>(tl::unexpected<Error>(key.error()));
    if (!subject) {
      // All that follows up to the next key hangs on it, and is only counted.
      drop("certificate " + std::to_string(certificates_), subject.error().message);
      components_.back().good = false;
      return;
    }
    primary_ = std::move(*key);
    auto& known = taken_.certificates;
    if (names_.insert(primary_->fingerprint.text()).second) known.push_back(primary_->fingerprint);
  }

  void begin_component(const Packet& packet) {
    if (!primary_) {
      if (before_keys_) drop(name_of(packet), "no key before it");
      else ++taken_.dropped_count;
      return begin({.good = false});
    }
    begin({.tag = packet.tag, .body = packet.body, .name = name_of(packet)});
    Component& component = components_.back();
    auto refuse = [&](std::string why) {
      component.good = false;
      drop(place(component.name), std::move(why));
    };
    if (components_.size() > budget::openpgp_components + 1) {
      refuse("more than " + std::to_string(budget::openpgp_components) + " user ids and subkeys");
      return components_.pop_back(), begin({.name = "what is too much", .good = false});
    }
    if (const auto fits = check_component(packet.tag, packet.body); !fits) return refuse(fits.error().message);
    if (packet.tag != tag::public_subkey) return;
    auto subkey = read_key(packet.body);
    if (!subkey) return refuse(subkey.error().message);
    component.name = "subkey " + subkey->fingerprint.text();
    component.subkey = std::move(*subkey);
  }

  static std::string name_of(const Packet& packet) {
    if (packet.tag == tag::user_id) return "user id \"" + shown_text(packet.body, 64) + "\"";
    return packet.tag == tag::user_attribute ? "a user attribute" : "a subkey";
  }

  void take_signature(View body) {
    if (before_keys_) return take_loose(body);
    if (!primary_) {
      ++taken_.dropped_count;
      return;
    }
    Component& component = components_.back();
    auto signature = read_signature(body);
    if (!signature) return component.good ? drop(place(component.name + ": signature"), signature.error().message) : void(++taken_.dropped_count);
    const bool of_another = signature->type == signature_type::key_revocation && !made_by(*signature, *primary_);
    if (of_another) return take_loose(body);  // `cat one.pgp other.pgp one.rev`
    const bool belongs_here = component.good && belongs(signature->type, component.tag);
    const auto begin = belongs_here ? digest_begin(*signature, component, hashed_at_home_) : DigestBegin{};
    const bool at_home = belongs_here && (!begin || *begin == signature->digest_begin);
    auto& misplaced = misplaced_[urgency_of(*signature)];
    if (!at_home && misplaced.size() < budget::openpgp_misplaced) {
      misplaced.push_back({std::move(*signature), components_.size() - 1});
      return;
    }
    if (!component.good) ++taken_.dropped_count;
    else put(std::move(*signature), component, begin);
  }

  void take_loose(View body) {
    auto signature = read_signature(body);
    if (!signature || signature->type != signature_type::key_revocation) return drop("a signature", "no key before it");
    if (loose_ == budget::openpgp_loose) return drop("a revocation", "one of too many without their keys");
    ++loose_;
    Bytes piece;
    append_packet(piece, tag::signature, canonical_signature(*signature, false));
    if (seen_.insert(crypto::sha256(piece)).second) urgent_.push_back({Format::openpgp, std::move(piece)});
  }

  // How the digest over this component begins; absent: more was hashed than is for one submission.
  using DigestBegin = std::optional<std::array<std::uint8_t, 2>>;
  DigestBegin digest_begin(const Signature& signature, const Component& component, std::size_t& hashed) {
    constexpr std::size_t least = 1024;  // what a digest costs of itself, in octets
    hashed += std::max(least, component.body.size() + primary_->body.size() + signature.hashed.size());
    if (hashed > budget::openpgp_placing_bytes) return {};
    const Bytes digest = crypto::digest(signature.hash, signed_input(signature, *primary_, component.tag, component.body,
                                                                     component.subkey ? &*component.subkey : nullptr));
    return std::array{digest[0], digest[1]};
  }

  // What goes first, and has room of its own: a flood of one kind shuts out none of another. A hard revocation of the key ends it,
  // whatever soft ones a thief has made before.
  enum Urgency : std::size_t { hard_revocation, own_revocation, own, others_revocation, others, urgencies };
  Urgency urgency_of(const Signature& signature) const {
    const bool revokes = is_revocation(signature.type), self = made_by(signature, *primary_);
    if (self && signature.type == signature_type::key_revocation && is_hard(signature)) return hard_revocation;
    if (self) return revokes ? own_revocation : own;
    return revokes ? others_revocation : others;
  }

  void put(Signature signature, const Component& component, const DigestBegin& begin) {
    auto& list = signatures_[urgency_of(signature)];
    const auto what = [&] { return place(component.name + ": signature"); };
    if (list.size() >= budget::openpgp_signatures)
      return drop(what(), "more than " + std::to_string(budget::openpgp_signatures) + " on this component");
    PieceParts parts{*primary_, component.tag, component.body, component.subkey, std::move(signature), {}};
    if (const auto checked = check_parts(parts); !checked) return drop(what(), checked.error().message);
    // Those octets are a hint that some writers have wrong; others refuse what has them wrong.
    if (begin) parts.signature.digest_begin = *begin;
    list.push_back(canonical_signature(parts.signature, parts.back_signature.has_value()));
  }

  void flush(const Component& component) {
    for (std::size_t urgency = 0; urgency < urgencies; ++urgency) {
      for (const Bytes& signature : signatures_[urgency]) add_piece(component, signature, static_cast<Urgency>(urgency));
      signatures_[urgency].clear();
    }
  }
  void flush_component() {
    if (!components_.empty()) flush(components_.back());
  }

  void end_certificate() {
    flush_component();
    for (auto& misplaced : misplaced_) {
      for (Misplaced& one : misplaced) find_place(std::move(one));
      misplaced.clear();
    }
    components_.clear();
    primary_.reset();
  }

  // Where its digest fits; else it stays where it came, for its own octets may be wrong.
  void find_place(Misplaced one) {
    for (const Component& component : components_) {
      if (!component.good || !belongs(one.signature.type, component.tag)) continue;
      const auto begin = digest_begin(one.signature, component, hashed_elsewhere_);
      const bool of_the_key = one.signature.type == signature_type::key_revocation;  // there is one such place
      if (!of_the_key && (!begin || *begin != one.signature.digest_begin)) continue;
      put(std::move(one.signature), component, begin);
      return flush(component);
    }
    const Component& came = components_[one.component];
    if (!came.good) {
      ++taken_.dropped_count;
      return;
    }
    const auto begin = belongs(one.signature.type, came.tag) ? digest_begin(one.signature, came, hashed_at_home_) : DigestBegin{};
    put(std::move(one.signature), came, begin);
    flush(came);
  }

  void add_piece(const Component& component, View signature, Urgency urgency) {
    const std::size_t size = primary_->body.size() + component.body.size() + signature.size() + 18;  // three headers
    const bool urgent = urgency != own && urgency != others;
    const std::size_t reserve = urgent ? budget::openpgp_signatures : 0;
    const std::size_t room = budget::submission_items + (urgency == hard_revocation ? 2 : 1) * reserve;
    if (taken_.pieces.size() + urgent_.size() >= room ||
        bytes_ + size > budget::openpgp_pieces_bytes + reserve * budget::openpgp_key_bytes)
      return drop(place(component.name + ": signature"), "more than one submission may hold; send it in parts");
    Bytes piece = write_piece(primary_->body, component.tag, component.body, signature);
    if (!seen_.insert(crypto::sha256(piece)).second) return;
    bytes_ += piece.size();
    auto& list = urgent ? urgent_ : taken_.pieces;
    list.insert(urgency == hard_revocation ? list.begin() : list.end(), Piece{Format::openpgp, std::move(piece)});
  }

  TakenApart taken_;
  std::vector<Piece> urgent_;                    // revocations
  std::unordered_set<Digest, DigestHash> seen_;  // pieces
  std::unordered_set<std::string> names_;        // certificates
  std::size_t packets_ = 0, bytes_ = 0, certificates_ = 0, loose_ = 0;
  std::size_t hashed_at_home_ = 0, hashed_elsewhere_ = 0;  // octets, to find where signatures belong
  bool before_keys_ = true;                      // of what is being taken
  // Views into what is being taken.
  std::optional<Key> primary_;  // absent: a bad one, or none yet
  std::vector<Component> components_;            // of this certificate; the first is the key itself
  std::array<std::vector<Misplaced>, urgencies> misplaced_;
  std::array<std::vector<Bytes>, urgencies> signatures_;  // on the component, canonical
};

bool is_binary(View bytes) { return (bytes[0] & 0x80) != 0; }

}  // namespace

bool looks_like_openpgp(View bytes) {
  if (bytes.empty()) return false;
  if (!is_binary(bytes)) return looks_armored(bytes);
  const int tag = (bytes[0] & 0x40) != 0 ? bytes[0] & 0x3f : bytes[0] >> 2 & 0x0f;
  if (tag == tag::signature) return loose_revocation(bytes).has_value();
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

int revocation_weight(View piece) {
  const auto parts = read_piece(piece);
  if (!parts || parts->signature.type != signature_type::key_revocation) return 0;
  return is_hard(parts->signature) ? 2 : 1;
}

std::optional<PgpIssuer> loose_revocation(View piece) {
  PacketReader reader(piece);
  if (reader.done()) return {};
  const auto packet = reader.next();
  if (!packet || packet->tag != tag::signature || !reader.done()) return {};
  const auto signature = read_signature(packet->body);
  if (!signature || signature->type != signature_type::key_revocation) return {};
  return PgpIssuer{signature->issuer ? signature->issuer->octets : Bytes{}, signature->issuer_key_id};
}

Result<Piece> complete(View revocation, View certificate) {
  TRY(const Packet loose, PacketReader(revocation).next());
  TRY(const Packet first, PacketReader(certificate).next());
  if (first.tag != tag::public_key) return bad("certificate", "a public key comes first", "10.1");
  TRY(const Key key, read_key(first.body));
  TRY(Signature signature, read_signature(loose.body));
  if (!made_by(signature, key)) return fail(Code::not_found, "openpgp: a revocation of another key");
  const Bytes digest = crypto::digest(signature.hash, signed_input(signature, key, 0, {}, nullptr));
  std::copy_n(digest.begin(), signature.digest_begin.size(), signature.digest_begin.begin());
  return Piece{Format::openpgp, write_piece(key.body, 0, {}, canonical_signature(signature, false))};
}

}  // namespace cm4it::evidence::openpgp
