// Transferable public keys split into pieces of evidence (RFC 9580 section 10.1).
#include "base/budgets.h"
#include "evidence/formats/openpgp/meaning.h"
#include "evidence/formats/openpgp/packet.h"
#include "evidence/formats/openpgp/placing.h"

namespace cm4it::evidence::openpgp {
namespace {

class CertificateSplitter {
 public:
  // Nothing of a submission with a secret key in it is taken; that is the only error once there are packets.
  Result<void> read(View binary) {
    PacketReader reader(binary);
    before_keys_ = true;
    while (!reader.done()) {
      const std::size_t offset = reader.offset();
      if (++packets_ > budget::openpgp_packets) {
        gathered_.drop("what follows octet " + std::to_string(offset), "more than " + std::to_string(budget::openpgp_packets) + " packets");
        break;
      }
      const auto packet = reader.next();
      if (!packet) {
        if (offset == 0) return tl::unexpected<Error>(packet.error());
        gathered_.drop("what follows octet " + std::to_string(offset), packet.error().message);
        break;
      }
      CHECK_OK(read(*packet));
    }
    placing_.end_certificate();
    return {};
  }

  SplitCertificates result() && { return std::move(gathered_).result(); }

 private:
  Result<void> read(const Packet& packet) {
    switch (packet.tag) {
      case tag::secret_key:
      case tag::secret_subkey:
        return fail(Code::not_permitted, "openpgp: a secret key; nothing of it was kept",
                    "only public keys belong here; see that nobody else got it");
      case tag::public_key: begin_certificate(packet.body); break;
      case tag::user_id:
      case tag::user_attribute:
      case tag::public_subkey:
        if (placing_.has_key()) placing_.begin_component(packet);
        else if (before_keys_) gathered_.drop(component_name(packet), "no key before it");
        else gathered_.drop_along();
        break;
      case tag::signature:
        if (before_keys_) gathered_.add_without_key(packet.body);
        else if (placing_.has_key()) placing_.take_signature(packet.body);
        else gathered_.drop_along();
        break;
      // Of a key ring, or of no meaning (RFC 9580 sections 5.8, 5.10, 5.14).
      case tag::trust:
      case tag::marker:
      case tag::padding: break;
      default: take_unknown(packet.tag);
    }
    return {};
  }

  // RFC 9580 section 4.3: types from 40 on may be passed over by who does not know them; what follows belongs to what was before.
  void take_unknown(std::uint8_t type) {
    constexpr std::uint8_t first_not_critical = 40;
    const std::string name = "a packet of type " + std::to_string(type);
    gathered_.drop(placing_.place(name), "it has no place in a certificate");
    if (type < first_not_critical && placing_.has_key()) placing_.begin_unknown(name);
  }

  void begin_certificate(View body) {
    placing_.end_certificate();
    ++certificates_;
    before_keys_ = false;
    auto key = read_key(body);
    const auto subject = key ? subject_of(*key, false) : Result<KeySubject>(tl::unexpected<Error>(key.error()));
    // All that follows up to the next key depends on this one, so it is dropped too, and only counted.
    if (!subject) return gathered_.drop("certificate " + std::to_string(certificates_), subject.error().message);
    placing_.begin_certificate(std::move(*key));
  }

  Gathered gathered_;
  Placing placing_{gathered_};
  std::size_t packets_ = 0, certificates_ = 0;
  bool before_keys_ = true;  // of what is being split
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

Result<SplitCertificates> split_certificates(View armored_or_binary) {
  if (armored_or_binary.empty()) return bad("submission", "empty");
  CertificateSplitter splitter;
  if (is_binary(armored_or_binary)) {
    CHECK_OK(splitter.read(armored_or_binary));
    return std::move(splitter).result();
  }
  TRY(const auto blocks, dearmor(armored_or_binary));
  for (const ArmorBlock& block : blocks) CHECK_OK(splitter.read(block.data));
  return std::move(splitter).result();
}

}  // namespace cm4it::evidence::openpgp
