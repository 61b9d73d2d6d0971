// Signature packets, and the subpackets in them (RFC 9580 sections 5.2.3 and 5.2.3.7).
#include <algorithm>
#include <span>

#include "base/budgets.h"
#include "base/text.h"
#include "evidence/formats/openpgp/packet.h"
#include "evidence/formats/openpgp/signature.h"
#include "evidence/formats/openpgp/subpacket.h"

namespace cm4it::evidence::openpgp {
namespace {

constexpr std::string_view where = "signature";

bool is_known(std::uint8_t type) {
  static constexpr std::uint8_t known[] = {
      creation_time, expiration_time, exportable, trust, regular_expression, revocable, key_expiration, preferred_ciphers,
      revocation_key, issuer_key_id, notation_data, preferred_hashes, preferred_compression, key_server_preferences,
      preferred_key_server, primary_user_id, policy_uri, key_flags, signers_user_id, revocation_reason, features,
      embedded_signature, issuer_fingerprint, preferred_aead_legacy, intended_recipient, preferred_aead};
  return contains(known, type);
}

tl::unexpected<Error> bad_subpacket(std::uint8_t type, std::string_view rule) {
  return bad(where, "subpacket " + std::to_string(type) + ": " + std::string(rule), "5.2.3.7");
}

// A length of one, two or five octets, then a type whose first bit says that it is critical.
template <class F>
Result<void> each_subpacket(View area, F&& take) {
  Fields fields(area, "signature: subpackets");
  for (std::size_t count = 0; !fields.done(); ++count) {
    if (count == budget::openpgp_subpackets)
      return fail(Code::too_large, "openpgp: signature: more than " + std::to_string(budget::openpgp_subpackets) + " subpackets");
    TRY(std::size_t size, fields.u8());
    if (size == 255) {
      TRY(size, fields.u32());
    } else if (size >= 192) {
      TRY(const std::size_t second, fields.u8());
      size = (size - 192) * 256 + second + 192;
    }
    if (size == 0) return bad(where, "a subpacket of no octets", "5.2.3.7");
    TRY(const View subpacket, fields.take(size));
    CHECK_OK(take(static_cast<std::uint8_t>(subpacket[0] & 0x7f), (subpacket[0] & 0x80) != 0, subpacket.subspan(1)));
  }
  return {};
}

Result<std::int64_t> seconds_of(std::uint8_t type, View value) {
  if (value.size() != 4) return bad_subpacket(type, "4 octets expected");
  return std::int64_t{value[0]} << 24 | std::int64_t{value[1]} << 16 | std::int64_t{value[2]} << 8 | value[3];
}

// RFC 9580 section 5.2.3.35: the key's version, then its fingerprint. Keys sign with signatures of their own version.
Result<Fingerprint> fingerprint_of(View value, std::uint8_t signature_version) {
  if (value.empty() || value.size() != (value[0] == 6 ? 33u : 21u) || value[0] != signature_version)
    return bad_subpacket(issuer_fingerprint, "a v" + std::to_string(signature_version) + " fingerprint expected");
  return Fingerprint{value[0], to_bytes(value.subspan(1))};
}

// RFC 9580 section 5.2.3.24: flags, lengths of name and value, name, value.
Result<Notation> notation_of(View value) {
  Fields fields(value, "signature: notation");
  TRY(const std::uint32_t flags, fields.u32());
  TRY(const std::size_t name_size, fields.u16());
  TRY(const std::size_t value_size, fields.u16());
  Notation notation;
  notation.readable = (flags & 0x80000000) != 0;
  TRY(const View name, fields.take(name_size));
  notation.name = text(name);
  TRY(notation.value, fields.take(value_size));
  CHECK_OK(fields.end());
  if (!is_clean_text(notation.name)) return bad(where, "a notation whose name is no text", "5.2.3.24");
  return notation;
}

// What is given twice counts as it was given last (RFC 9580 section 5.2.3.7).
class HashedArea {
 public:
  explicit HashedArea(Signature& signature) : signature_(signature) {}

  Result<void> take(std::uint8_t type, bool critical, View value) {
    if (critical && !is_known(type))
      return fail(Code::unsupported, "openpgp: signature: subpacket " + std::to_string(type) + " is critical and not understood here",
                  "RFC 9580 section 5.2.3.7");
    has_creation_time_ |= type == creation_time;
    return type == notation_data ? take_notation(critical, value) : take_known(type, value);
  }

  Result<void> finish() const {
    if (!has_creation_time_) return bad_subpacket(creation_time, "missing among the hashed ones: when was it made?");
    if (!exportable_)
      return fail(Code::not_permitted, "openpgp: signature: not exportable: its issuer keeps it for itself", "RFC 9580 section 5.2.3.19");
    return {};
  }
  std::optional<std::int64_t> lifetime;

 private:
  Result<void> take_notation(bool critical, View value) {
    TRY(const Notation notation, notation_of(value));
    if (critical && !is_known_notation(notation.name))
      return fail(Code::unsupported, "openpgp: signature: the notation " + std::string(notation.name.substr(0, 64)) +
                  " is critical and not understood here", "RFC 9580 section 5.2.3.24");
    signature_.notations.push_back(notation);
    return {};
  }

  Result<void> take_known(std::uint8_t type, View value) {
    switch (type) {
      case creation_time: {
        TRY(signature_.created.seconds, seconds_of(type, value));
        return {};
      }
      case expiration_time: {
        TRY(lifetime, seconds_of(type, value));
        return {};
      }
      case key_expiration: {
        TRY(const auto seconds, seconds_of(type, value));
        signature_.key_lifetime = seconds != 0 ? std::optional(seconds) : std::nullopt;  // 0: it does not expire
        return {};
      }
      case exportable:
        if (value.size() != 1 || value[0] > 1) return bad_subpacket(type, "0 or 1 expected");
        exportable_ = value[0] == 1;
        return {};
      case issuer_key_id:
        // RFC 9580 section 5.2.3.12: not in v6 signatures.
        if (value.size() != 8 || signature_.version != 4) return bad_subpacket(type, "8 octets, in a v4 signature, expected");
        signature_.issuer_key_id = read_u64(value);
        signature_.key_id_hashed = true;
        return {};
      case issuer_fingerprint: {
        TRY(signature_.issuer, fingerprint_of(value, signature_.version));
        signature_.fingerprint_hashed = true;
        return {};
      }
      case primary_user_id: signature_.primary_user_id = !value.empty() && value[0] != 0; return {};
      case key_flags: signature_.key_flags = value.empty() ? std::uint8_t{0} : value[0]; return {};
      case revocation_reason:
        if (value.empty()) return bad_subpacket(type, "a code expected");
        signature_.reason = value[0];
        signature_.reason_text = text(value.subspan(1));
        return {};
      case embedded_signature:
        signature_.back_signature = value;
        signature_.back_signature_hashed = true;
        return {};
      default: return {};
    }
  }

  Signature& signature_;
  bool has_creation_time_ = false, exportable_ = true;
};

// A revocation that is not heard does more harm than one whose issuer wrote it carelessly: of what is malformed in it that part is
// passed over, and not the whole.
Result<void> or_passed_over(Result<void> taken, const Signature& signature) {
  if (!taken && taken.error().code == Code::malformed && is_revocation(signature.type)) return {};
  return taken;
}

// Whoever forwards a revocation can write other names beside its signature: those that contradict each other are none. It is then
// taken for one by the key it stands behind, which proves itself.
Result<void> contradictory(Signature& signature, std::string_view rule) {
  if (!is_revocation(signature.type)) return bad(where, rule, "5.2.3.35");
  if (!signature.fingerprint_hashed) signature.issuer.reset();
  signature.issuer_key_id = signature.issuer ? signature.issuer->key_id() : signature.key_id_hashed ? signature.issuer_key_id : 0;
  return {};
}

// Of what is not signed only what can be checked is looked at: who it may be by, and the back-signature. What is hashed goes
// before: an unhashed key id beside a hashed fingerprint says nothing.
Result<void> read_unhashed(View area, Signature& signature) {
  std::optional<std::uint64_t> key_id;
  bool differ = false;
  const auto take = [&](std::uint8_t type, bool, View value) -> Result<void> {
    if (type == issuer_key_id && signature.version == 4) {
      if (value.size() != 8) return bad_subpacket(type, "8 octets expected");
      differ |= key_id && *key_id != read_u64(value);
      key_id = read_u64(value);
    } else if (type == issuer_fingerprint && !signature.issuer) {
      TRY(signature.issuer, fingerprint_of(value, signature.version));
    } else if (type == embedded_signature && signature.back_signature.empty()) {
      signature.back_signature = value;
    }
    return {};
  };
  CHECK_OK(each_subpacket(area, [&](auto... subpacket) { return or_passed_over(take(subpacket...), signature); }));
  if (key_id && (signature.key_id_hashed || signature.fingerprint_hashed)) key_id.reset();
  if (key_id && differ) return contradictory(signature, "two key ids (16) of its issuer that differ");
  if (key_id) signature.issuer_key_id = *key_id;
  const bool named = key_id || signature.key_id_hashed;
  if (!named && !signature.issuer) return contradictory(signature, "it does not say whose it is (subpacket 33 or 16)");
  if (!signature.issuer) return {};
  if (named && signature.issuer_key_id != signature.issuer->key_id())
    return contradictory(signature, "its issuer's key id (16) and fingerprint (33) do not agree");
  signature.issuer_key_id = signature.issuer->key_id();
  return {};
}

// RFC 9580 section 5.2.1: over keys and user ids, and over documents.
constexpr std::uint8_t certificate_types[] = {0x10, 0x11, 0x12, 0x13, 0x18, 0x19, 0x1f, 0x20, 0x28, 0x30};
constexpr std::uint8_t document_types[] = {0x00, 0x01};

Result<void> read_head(Fields& fields, Signature& signature, std::span<const std::uint8_t> types) {
  TRY(signature.version, fields.u8());
  if (signature.version != 4 && signature.version != 6)
    return fail(Code::unsupported, "openpgp: signature: version " + std::to_string(signature.version) + "; 4 and 6 are read");
  TRY(signature.type, fields.u8());
  if (!contains(types, signature.type))
    return fail(Code::unsupported, "openpgp: " + type_text(signature.type) + ", which is none over " +
                (types.size() == std::size(document_types) ? "a document" : "keys and user ids"));
  TRY(signature.key_algorithm, fields.u8());
  TRY(const std::uint8_t hash, fields.u8());
  TRY(signature.hash, hash_of(hash));
  return {};
}

Result<View> read_area(Fields& fields, std::uint8_t version) {
  if (version == 4) {
    TRY(const std::size_t size, fields.u16());
    return fields.take(size);
  }
  TRY(const std::size_t size, fields.u32());
  return fields.take(size);
}

// RFC 9580 section 5.2.3: version, type, algorithms, hashed subpackets, unhashed subpackets, two octets of the digest,
// (v6) salt, numbers.
Result<Signature> read(View body, std::span<const std::uint8_t> types) {
  if (body.size() > budget::openpgp_signature_bytes)
    return fail(Code::too_large, "openpgp: signature: more than " + std::to_string(budget::openpgp_signature_bytes) + " octets");
  Fields fields(body, where);
  Signature signature;
  signature.body = body;
  CHECK_OK(read_head(fields, signature, types));
  TRY(const View hashed, read_area(fields, signature.version));
  signature.hashed = body.first(fields.offset());
  HashedArea area(signature);
  CHECK_OK(each_subpacket(hashed, [&](auto... subpacket) { return or_passed_over(area.take(subpacket...), signature); }));
  CHECK_OK(area.finish());
  if (area.lifetime.value_or(0) != 0) signature.expires = Time{signature.created.seconds + *area.lifetime};
  CHECK_OK(check_hash(signature));
  TRY(const View unhashed, read_area(fields, signature.version));
  CHECK_OK(read_unhashed(unhashed, signature));
  TRY(const View begin, fields.take(2));
  std::copy(begin.begin(), begin.end(), signature.digest_begin.begin());
  if (signature.version == 6) {
    TRY(const std::size_t salt, fields.u8());
    if (salt != salt_bytes(signature.hash)) return bad(where, "a salt of " + std::to_string(salt) + " octets", "9.5");
    TRY(signature.salt, fields.take(salt));
  }
  signature.numbers = fields.rest();
  if (is_revocation(signature.type)) signature.numbers = without_what_follows(signature);
  CHECK_OK(check_numbers(signature));
  return signature;
}

}  // namespace

bool is_revocation(std::uint8_t type) {
  return type == signature_type::key_revocation || type == signature_type::subkey_revocation || type == signature_type::certification_revocation;
}

std::string type_text(std::uint8_t type) { return "a signature of type 0x" + to_hex(View(&type, 1)); }

namespace {

Result<Signature> not_weak(Result<Signature> signature) {
  if (signature && signature->weak) return too_weak(*signature);
  return signature;
}

}  // namespace

Result<Signature> read_certificate_signature(View body) { return read(body, certificate_types); }
Result<Signature> read_signature(View body) { return not_weak(read(body, certificate_types)); }
Result<Signature> read_document_signature(View body) { return not_weak(read(body, document_types)); }

}  // namespace cm4it::evidence::openpgp
