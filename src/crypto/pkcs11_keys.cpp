// Keys in a token: finding them, reading public ones, signing, making new ones.
#include <cstring>

#include "crypto/key_impl.h"
#include "crypto/pkcs11_session.h"

namespace cm4it::crypto {
namespace {

// CKA_EC_PARAMS: DER of an OBJECT IDENTIFIER (RFC 5480, RFC 8410), or of the PrintableString "edwards25519" (PKCS #11 v3.0).
const Bytes p256 = *from_hex("06082a8648ce3d030107");
const Bytes p384 = *from_hex("06052b81040022");
const Bytes ed25519 = *from_hex("06032b6570");
const Bytes edwards25519 = *from_hex("130c656477617264733235353139");

unsigned long number_of(View octets) {
  unsigned long number = 0;
  if (octets.size() == sizeof number) std::memcpy(&number, octets.data(), sizeof number);
  return number;
}

// CKA_EC_POINT is a DER OCTET STRING; some modules give what is in it.
View unwrapped(View point, std::size_t size) {
  return point.size() == size + 2 && point[0] == 0x04 && point[1] == size ? point.subspan(2) : point;
}

Result<PublicKey> ec_key(View parameters, View point, const std::string& where) {
  if (equal(parameters, ed25519) || equal(parameters, edwards25519)) return PublicKey::from_ed25519(unwrapped(point, 32));
  const bool small = equal(parameters, p256);
  if (!small && !equal(parameters, p384))
    return fail(Code::unsupported, where + ": its curve; P-256, P-384 and Ed25519 are supported");
  const std::size_t size = small ? 32 : 48;
  const View octets = unwrapped(point, 1 + 2 * size);
  if (octets.size() != 1 + 2 * size || octets[0] != 4) return fail(Code::malformed, where + ": its public point");
  return PublicKey::from_ec_point(small ? "P-256" : "P-384", octets.subspan(1, size), octets.subspan(1 + size));
}

}  // namespace

Result<PublicKey> Pkcs11Session::public_key_of_object(ck_object_handle_t object) const {
  TRY(const Bytes type, attribute(object, CKA_KEY_TYPE));
  switch (number_of(type)) {
    case CKK_EC:
    case CKK_EC_EDWARDS: {
      TRY(const Bytes parameters, attribute(object, CKA_EC_PARAMS));
      TRY(const Bytes point, attribute(object, CKA_EC_POINT));
      return ec_key(parameters, point, uri_.key_text());
    }
    case CKK_RSA: {
      TRY(const Bytes modulus, attribute(object, CKA_MODULUS));
      TRY(const Bytes exponent, attribute(object, CKA_PUBLIC_EXPONENT));
      return PublicKey::from_rsa(modulus, exponent);
    }
    default: return fail(Code::unsupported, uri_.key_text() + ": neither P-256, P-384, Ed25519 nor RSA");
  }
}

Result<ck_object_handle_t> Pkcs11Session::find_private_key() const {
  TRY(const auto found, find({CKO_PRIVATE_KEY, uri_.find("object"), uri_.find("id")}));
  if (!found) return fail(Code::not_found, uri_.key_text() + ": no such private key", "`ics key new URI` makes one");
  return *found;
}

// The public key object of the same id or label, else what the private key itself tells (of RSA keys, and where modules are so
// kind).
Result<PublicKey> Pkcs11Session::find_public_key(std::optional<ck_object_handle_t> private_key) const {
  const auto* label = uri_.find("object");
  const auto* id = uri_.find("id");
  std::string its_id;
  if (private_key) {
    if (const auto octets = attribute(*private_key, CKA_ID); octets && !octets->empty()) {
      its_id = std::string(cm4it::text(*octets));
      id = &its_id;
      label = nullptr;
    }
  }
  TRY(const auto found, find({CKO_PUBLIC_KEY, label, id}));
  if (found) return public_key_of_object(*found);
  if (!private_key) return fail(Code::not_found, uri_.key_text() + ": no such public key");
  auto key = public_key_of_object(*private_key);
  if (!key)
    return fail(Code::not_found, uri_.key_text() + ": its public key is not in the token",
                "write the public key object beside it, under the same id");
  return key;
}

Result<Bytes> Pkcs11Session::sign(ck_object_handle_t key, Algorithm algorithm, View message, const KeyAccess& access) const {
  ck_rsa_pkcs_pss_params pss{CKM_SHA256, CKG_MGF1_SHA256, 32};
  ck_mechanism mechanism{CKM_ECDSA, nullptr, 0};
  if (algorithm == Algorithm::eddsa) mechanism.mechanism = CKM_EDDSA;
  if (algorithm == Algorithm::ps256) mechanism = {CKM_RSA_PKCS_PSS, &pss, sizeof pss};
  Bytes data = algorithm == Algorithm::eddsa ? to_bytes(message)
                                             : digest(algorithm == Algorithm::es384 ? Hash::sha384 : Hash::sha256, message);
  if (const auto code = module_->C_SignInit(session_, &mechanism, key); code != CKR_OK)
    return pkcs11_failed(uri_.key_text(), "C_SignInit", code);
  // Keys that want the PIN for every signature.
  if (const auto always = attribute(key, CKA_ALWAYS_AUTHENTICATE); always && *always == Bytes{1})
    CHECK_OK(log_in_as(CKU_CONTEXT_SPECIFIC, access));
  data.reserve(1);  // an empty message has an address, too: modules ask for one
  Bytes signature(1024);
  unsigned long size = signature.size();
  if (const auto code = module_->C_Sign(session_, data.data(), data.size(), signature.data(), &size);
      code != CKR_OK || size > signature.size())
    return pkcs11_failed(uri_.key_text(), "C_Sign", code);
  signature.resize(size);
  return signature;
}

Result<void> Pkcs11Session::generate(Algorithm algorithm, const std::string& label, const std::string& id) const {
  TRY(const auto known, find({CKO_PRIVATE_KEY, label.empty() ? nullptr : &label, label.empty() ? &id : nullptr}));
  if (known)
    return fail(Code::conflict, uri_.key_text() + ": there is one already", "a key is never written over; choose another name");
  unsigned char yes = 1, no = 0;
  unsigned long bits = 3072;
  unsigned char exponent[] = {1, 0, 1};
  const auto text_attribute = [](ck_attribute_type_t type, const std::string& value) {
    return ck_attribute{type, const_cast<char*>(value.data()), value.size()};
  };
  std::vector<ck_attribute> shared = {{CKA_TOKEN, &yes, 1}, text_attribute(CKA_LABEL, label), text_attribute(CKA_ID, id)};
  std::vector<ck_attribute> hidden = shared, shown = shared;
  for (const auto type : {CKA_PRIVATE, CKA_SENSITIVE, CKA_SIGN}) hidden.push_back({type, &yes, 1});
  for (const auto type : {CKA_EXTRACTABLE, CKA_DECRYPT, CKA_UNWRAP}) hidden.push_back({type, &no, 1});
  shown.push_back({CKA_VERIFY, &yes, 1});
  Bytes parameters = algorithm == Algorithm::es256 ? p256 : algorithm == Algorithm::es384 ? p384 : ed25519;
  ck_mechanism mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
  if (algorithm == Algorithm::eddsa) mechanism.mechanism = CKM_EC_EDWARDS_KEY_PAIR_GEN;
  if (algorithm == Algorithm::ps256) {
    mechanism.mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN;
    shown.push_back({CKA_MODULUS_BITS, &bits, sizeof bits});
    shown.push_back({CKA_PUBLIC_EXPONENT, exponent, sizeof exponent});
  } else {
    shown.push_back({CKA_EC_PARAMS, parameters.data(), parameters.size()});
  }
  ck_object_handle_t public_key = 0, private_key = 0;
  const auto code = module_->C_GenerateKeyPair(session_, &mechanism, shown.data(), shown.size(), hidden.data(), hidden.size(),
                                               &public_key, &private_key);
  if (code != CKR_OK) return pkcs11_failed(uri_.token_text(), "C_GenerateKeyPair", code);
  return {};
}

}  // namespace cm4it::crypto
