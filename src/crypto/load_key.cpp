#include "crypto/load_key.h"

#include "crypto/key_impl.h"
#include "crypto/pkcs11.h"
#include "crypto/pkcs11_uri.h"
#include "crypto/tpm.h"

namespace cm4it::crypto {

namespace {

bool is_handle(std::string_view where) { return where.starts_with("handle:"); }

}  // namespace

bool is_key_uri(std::string_view where) { return where.starts_with("pkcs11:") || is_handle(where); }

Result<void> check_key_name(std::string_view where) {
  if (where.starts_with("pkcs11:")) CHECK_OK(Pkcs11Uri::parse(where));
  if (!is_handle(where)) return {};
  auto digits = where.substr(7);
  if (digits.ends_with("?pass")) digits.remove_suffix(5);
  if (!digits.starts_with("0x") || digits.size() < 3 || digits.size() > 10 ||
      digits.find_first_not_of("0123456789abcdefABCDEF", 2) != digits.npos)
    return fail(Code::malformed, "handle: handle:0x81… expected, and ?pass after it where the key has a passphrase");
  return {};
}

Result<std::string> absolute_key_name(const std::string& where) {
  if (is_handle(where)) return where;
  if (!is_key_uri(where)) return std::filesystem::absolute(where).string();
  TRY(auto uri, Pkcs11Uri::parse(where));
  if (uri.pin_source.empty()) return where;
  uri.pin_source = std::filesystem::absolute(uri.pin_source).string();
  return uri.text();
}

Result<SignerPtr> load_key(const std::string& where, const KeyAccess& access) {
  if (where.starts_with("pkcs11:")) return pkcs11_signer(where, access);
  if (is_handle(where)) {
    CHECK_OK(check_key_name(where));
    return tpm_signer(where, access);
  }
  return load_key_file(access.directory / where, access);
}

Result<PublicKey> load_public_key(const std::string& where, const KeyAccess& access) {
  if (where.starts_with("pkcs11:")) return pkcs11_public_key(where, access);
  TRY(const auto signer, load_key(where, access));
  return signer->public_key();
}

Result<SignerPtr> make_key(const std::string& where, Algorithm algorithm, const KeyAccess& access) {
  if (where.starts_with("pkcs11:")) return pkcs11_new_key(where, algorithm, access);
  if (is_handle(where))
    return fail(Code::unsupported, where + ": handles are given by tpm2_evictcontrol",
                "`ics key new FILE --tpm` makes a key in a file for this TPM alone");
  TRY(const auto signer, generate(algorithm));
  CHECK_OK(save_key_file(*signer, access.directory / where));
  return signer;
}

Result<SignerPtr> make_tpm_key_file(const std::filesystem::path& path, Algorithm algorithm) {
  TRY(const std::string pem, tpm_new_key(algorithm));
  CHECK_OK(write_key_file(pem, path));
  return load_key_file(path);
}

}  // namespace cm4it::crypto
