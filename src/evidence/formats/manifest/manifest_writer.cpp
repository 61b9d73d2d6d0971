#include "evidence/formats/manifest/manifest_writer.h"

#include <boost/json.hpp>

namespace cm4it::evidence {
namespace {

namespace json = boost::json;

constexpr std::size_t coordinate = 32;

json::object jwk(const crypto::PublicKey& key, std::size_t slot) {
  const View point = key.spki().last(2 * coordinate);
  return {{"kid", std::to_string(slot)}, {"kty", "EC"}, {"crv", "P-256"},
          {"x", to_base64url(point.first(coordinate))}, {"y", to_base64url(point.last(coordinate))}};
}

}  // namespace

Result<Bytes> make_manifest_element(const ManifestDevice& device, const crypto::Signer& signer) {
  if (signer.public_key().algorithm() != crypto::Algorithm::es256 ||
      device.key.algorithm() != crypto::Algorithm::es256)
    return fail(Code::unsupported, "manifest: keys of a manifest are P-256");
  json::array keys{jwk(device.key, 0)};
  json::array chain;
  for (const Bytes& certificate : device.certificates) chain.emplace_back(to_base64(certificate));
  if (!chain.empty()) keys[0].as_object()["x5c"] = std::move(chain);
  for (const auto& key : device.other_slots) keys.push_back(jwk(key, keys.size()));
  const json::object payload = {
      {"version", 1}, {"model", device.model}, {"partNumber", device.part_number},
      {"manufacturer", {{"organizationName", device.maker}}},
      {"provisioningTimestamp", device.provisioned_at}, {"uniqueId", device.serial_hex},
      {"publicKeySet", {{"keys", std::move(keys)}}}};
  const json::object header = {{"alg", "ES256"}, {"typ", "JWT"},
                               {"kid", to_base64url(signer.public_key().method1_id())}};
  const auto encode = [](const json::object& object) {
    const std::string text = json::serialize(object);
    return to_base64url(view(text));
  };
  const std::string protected_text = encode(header), payload_text = encode(payload);
  TRY(const Bytes signature, signer.sign(view(protected_text + "." + payload_text)));
  const json::object element = {{"payload", payload_text}, {"protected", protected_text},
                                {"header", {{"uniqueId", device.serial_hex}}}, {"signature", to_base64url(signature)}};
  return to_bytes(view(json::serialize(element)));
}

}  // namespace cm4it::evidence
