// Microchip secure-element manifests: one flattened JWS (RFC 7515 section 7.2.2) is the identity of slot 0's key.
#include <boost/json.hpp>

#include <algorithm>
#include <cctype>

#include "base/budgets.h"
#include "crypto/digest.h"
#include "evidence/builder.h"
#include "evidence/formats.h"
#include "evidence/formats/manifest/elements.h"
#include "evidence/formats/manifest/source.h"

namespace cm4it::evidence {
namespace {

namespace json = boost::json;

tl::unexpected<Error> bad_manifest(const std::string& path, const std::string& rule) {
  return fail(Code::malformed, "manifest." + path + ": " + rule, "Trust Platform Manifest File Format");
}

Result<json::object> parse_object(std::string_view text, const std::string& path) {
  json::parse_options options;
  options.max_depth = 8;
  boost::system::error_code error;
  auto value = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
  if (error) return bad_manifest(path, "not JSON: " + error.message());
  if (!value.is_object()) return bad_manifest(path, "an object expected");
  return std::move(value.as_object());
}

Result<std::string> text_of(const json::object& object, std::string_view name, const std::string& path) {
  const auto* value = object.if_contains(json::string_view(name.data(), name.size()));
  const std::string where = path + (path.empty() ? "" : ".") + std::string(name);
  if (!value) return bad_manifest(where, "missing");
  if (!value->is_string()) return bad_manifest(where, "a string expected");
  return std::string(value->as_string());
}

// Text that is shown to people; absent is empty.
Result<std::string> shown(const json::object& object, std::string_view name, const std::string& path) {
  if (!object.if_contains(json::string_view(name.data(), name.size()))) return std::string();
  TRY(auto text, text_of(object, name, path));
  if (text.size() > budget::text_field)
    return fail(Code::too_large, "manifest." + path + "." + std::string(name) + ": more than " +
                std::to_string(budget::text_field) + " octets");
  if (!is_clean_text(text)) return bad_manifest(path + "." + std::string(name), "control characters");
  return text;
}

Result<Bytes> base64url_of(const json::object& object, std::string_view name, const std::string& path) {
  TRY(const auto text, text_of(object, name, path));
  auto bytes = from_base64url(text);
  if (!bytes) return within("manifest." + path + "." + std::string(name), std::move(bytes).error());
  return bytes;
}

Result<IssuerHint> read_protected(std::string_view encoded) {
  auto bytes = from_base64url(encoded);
  if (!bytes) return within("manifest.protected", std::move(bytes).error());
  TRY(const auto header, parse_object(text(*bytes), "protected"));
  TRY(const auto alg, text_of(header, "alg", "protected"));
  if (alg != "ES256") return fail(Code::unsupported, "manifest.protected.alg: " + alg.substr(0, 32) + "; ES256 is supported");
  TRY(const Bytes kid, base64url_of(header, "kid", "protected"));
  if (kid.size() != method1_octets)
    return bad_manifest("protected.kid", "a key identifier of 20 octets expected (RFC 5280 section 4.2.1.2, method 1)");
  if (header.if_contains("crit")) return fail(Code::unsupported, "manifest.protected.crit: no extension is understood");
  return IssuerHint{{}, {method1_name(kid)}, {}, "with key identifier " + to_hex(kid)};
}

struct SlotKey { KeyId id; Bytes spki; };
struct Slots {
  std::optional<SlotKey> first;
  std::vector<std::string> others;  // keys of the other slots
};

// To examine a point costs more than all the rest: it is done once, when the evidence comes.
Result<SlotKey> slot_key(std::string_view curve, View x, View y, bool from_store) {
  if (!from_store) {
    TRY(const auto key, crypto::PublicKey::from_ec_point(curve, x, y));
    return SlotKey{key.id(), to_bytes(key.spki())};
  }
  TRY(auto spki, crypto::PublicKey::spki_of_known_point(curve, x, y));
  const KeyId id{crypto::sha256(spki)};
  return SlotKey{id, std::move(spki)};
}

// RFC 7517 keys, kid being the slot's number; x5c chains are carried along in the evidence, not judged.
Result<Slots> read_slots(const json::object& payload, bool from_store) {
  const auto* set = payload.if_contains("publicKeySet");
  const auto* keys = set && set->is_object() ? set->as_object().if_contains("keys") : nullptr;
  if (!keys || !keys->is_array()) return bad_manifest("payload.publicKeySet.keys", "an array of keys expected");
  if (keys->as_array().size() > budget::manifest_keys)
    return fail(Code::too_large, "manifest.payload.publicKeySet.keys: more than " + std::to_string(budget::manifest_keys) + " keys");
  Slots slots;
  for (std::size_t i = 0; i < keys->as_array().size(); ++i) {
    const std::string path = "payload.publicKeySet.keys[" + std::to_string(i) + "]";
    const auto& value = keys->as_array()[i];
    if (!value.is_object()) return bad_manifest(path, "an object expected");
    const auto& jwk = value.as_object();
    TRY(const auto slot, text_of(jwk, "kid", path));
    TRY(const auto type, text_of(jwk, "kty", path));
    TRY(const auto curve, text_of(jwk, "crv", path));
    if (type != "EC") return fail(Code::unsupported, "manifest." + path + ".kty: EC expected");
    TRY(const Bytes x, base64url_of(jwk, "x", path));
    TRY(const Bytes y, base64url_of(jwk, "y", path));
    auto key = slot_key(curve, x, y, from_store);
    if (!key) return within("manifest." + path, std::move(key).error());
    if (slot != "0") slots.others.push_back(key->id.text());
    else if (slots.first) return bad_manifest(path + ".kid", "slot 0 twice");
    else slots.first = std::move(*key);
  }
  if (!slots.first) return bad_manifest("payload.publicKeySet.keys", "no key of slot 0, which is the element's identity");
  return slots;
}

Result<std::string> organization(const json::object& payload, std::string_view role) {
  const auto* value = payload.if_contains(json::string_view(role.data(), role.size()));
  if (!value) return std::string();
  if (!value->is_object()) return bad_manifest("payload." + std::string(role), "an object expected");
  return shown(value->as_object(), "organizationName", "payload." + std::string(role));
}

bool is_hex(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c); });
}

Result<Identity> read_identity(const json::object& payload, const SlotKey& key) {
  Identity identity;
  identity.type = Type::device;
  identity.spki = key.spki;
  TRY(identity.maker, organization(payload, "manufacturer"));
  TRY(identity.model, shown(payload, "model", "payload"));
  TRY(identity.serial, shown(payload, "uniqueId", "payload"));
  if (!is_hex(identity.serial)) return bad_manifest("payload.uniqueId", "hex digits expected");
  for (const char* name : {"partNumber", "groupId"}) {
    TRY(auto text, shown(payload, name, "payload"));
    if (!text.empty()) identity.attributes[name] = std::move(text);
  }
  for (const char* role : {"provisioner", "distributor"}) {
    TRY(auto text, organization(payload, role));
    if (!text.empty()) identity.attributes[role] = std::move(text);
  }
  return identity;
}

Result<Decoded> decode_manifest(View bytes, Trust trust) {
  const bool from_store = trust == Trust::from_store;
  if (!is_utf8(text(bytes))) return bad_manifest("element", "not UTF-8");
  TRY(const auto element, parse_object(text(bytes), "element"));
  TRY(const auto payload_text, text_of(element, "payload", ""));
  TRY(const auto protected_text, text_of(element, "protected", ""));
  DecodedBuilder builder;
  builder.format = Format::manifest;
  TRY(builder.signature, base64url_of(element, "signature", "element"));
  if (builder.signature.size() != 64) return bad_manifest("signature", "r and s, 64 octets, expected (RFC 7518 section 3.4)");
  TRY(builder.issuer, read_protected(protected_text));
  auto payload_bytes = from_base64url(payload_text);
  if (!payload_bytes) return within("manifest.payload", std::move(payload_bytes).error());
  TRY(const auto payload, parse_object(text(*payload_bytes), "payload"));
  TRY(const auto slots, read_slots(payload, from_store));

  Statement statement;
  statement.format = Format::manifest;
  statement.subject = SubjectId::key(slots.first->id);
  TRY(auto identity, read_identity(payload, *slots.first));
  if (const auto* header = element.if_contains("header"); header && header->is_object()) {
    TRY(const auto unique_id, text_of(header->as_object(), "uniqueId", "header"));
    if (unique_id != identity.serial) return bad_manifest("header.uniqueId", "differs from the signed payload's");
  }
  TRY(const auto time, text_of(payload, "provisioningTimestamp", "payload"));
  auto issued_at = from_rfc3339(time);
  if (!issued_at) return within("manifest.payload.provisioningTimestamp", std::move(issued_at).error());
  statement.issued_at = *issued_at;
  statement.body = std::move(identity);
  statement.other_keys.names = slots.others;
  // JWS signing input, RFC 7515 section 5.1.
  builder.signed_bytes = to_bytes(view(protected_text + "." + payload_text));
  builder.bytes = to_bytes(bytes);
  builder.statements.push_back(std::move(statement));
  return std::move(builder).build();
}

// Most elements have no chains: to find that out they are not parsed. "x5c" with its quotation marks in base64url, as it comes
// out at each of three places.
std::vector<Piece> chains_in(const Piece& piece) {
  std::vector<Piece> pieces;
  const std::string_view all = text(piece.bytes);
  if (all.find("Ing1Yy") == all.npos && all.find("J4NWMi") == all.npos && all.find("ieDVjI") == all.npos) return pieces;
  const auto add = [&](const json::value& value) {
    if (!value.is_string() || pieces.size() >= budget::manifest_keys * budget::path_certificates) return;
    auto der = from_base64(std::string_view(value.get_string().data(), value.get_string().size()));
    if (!der) return;
    const bool known = std::any_of(pieces.begin(), pieces.end(), [&](const Piece& one) { return one.bytes == *der; });
    if (!known) pieces.push_back({Format::x509, std::move(*der)});
  };
  const auto element = parse_object(all, "element");
  const auto encoded = element ? text_of(*element, "payload", "") : Result<std::string>(std::string());
  const auto octets = encoded ? from_base64url(*encoded) : Result<Bytes>(Bytes{});
  const auto payload = octets ? parse_object(text(*octets), "payload") : Result<json::object>(json::object{});
  const auto* set = payload ? payload->if_contains("publicKeySet") : nullptr;
  const auto* keys = set && set->is_object() ? set->get_object().if_contains("keys") : nullptr;
  if (!keys || !keys->is_array()) return pieces;
  for (const auto& key : keys->get_array())
    if (const auto* chain = key.is_object() ? key.get_object().if_contains("x5c") : nullptr; chain && chain->is_array())
      for (const auto& certificate : chain->get_array()) add(certificate);
  return pieces;
}

Result<void> verify_manifest(const Decoded& decoded, const crypto::PublicKey& issuer) {
  return issuer.verify(decoded.signed_bytes(), decoded.signature());
}

constexpr std::string_view json_types[] = {"application/json", "application/jose+json"};

}  // namespace

constexpr Codec manifest::codec{.format = Format::manifest, .name = "manifest", .media_type = "application/jose+json", .submitted = json_types,
                                .most_octets = budget::evidence_bytes, .looks_like = manifest::looks_like_manifest, .split = manifest::split, .source = manifest::open_source, .sink = manifest::open_sink,
                                .decode = decode_manifest, .verify = verify_manifest, .accompanying = chains_in};

}  // namespace cm4it::evidence
