#include "crypto/load_key.h"

#include "crypto/pkcs11.h"
#include "crypto/pkcs11_uri.h"

namespace cm4it::crypto {

bool is_key_uri(std::string_view where) { return where.starts_with("pkcs11:"); }

Result<void> check_key_name(std::string_view where) {
  if (where.starts_with("pkcs11:")) CHECK_OK(Pkcs11Uri::parse(where));
  return {};
}

Result<std::string> absolute_key_name(const std::string& where) {
  if (!is_key_uri(where)) return std::filesystem::absolute(where).string();
  TRY(auto uri, Pkcs11Uri::parse(where));
  if (uri.pin_source.empty()) return where;
  uri.pin_source = std::filesystem::absolute(uri.pin_source).string();
  return uri.text();
}

Result<SignerPtr> load_key(const std::string& where, const KeyAccess& access) {
  if (where.starts_with("pkcs11:")) return pkcs11_signer(where, access);
  return load_key_file(access.directory / where, access);
}

Result<PublicKey> load_public_key(const std::string& where, const KeyAccess& access) {
  if (where.starts_with("pkcs11:")) return pkcs11_public_key(where, access);
  TRY(const auto signer, load_key(where, access));
  return signer->public_key();
}

Result<SignerPtr> make_key(const std::string& where, Algorithm algorithm, const KeyAccess& access) {
  if (where.starts_with("pkcs11:")) return pkcs11_new_key(where, algorithm, access);
  TRY(const auto signer, generate(algorithm));
  CHECK_OK(save_key_file(*signer, access.directory / where));
  return signer;
}

}  // namespace cm4it::crypto
