#include "apps/ics/key_source.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <filesystem>

#include "apps/ics/files.h"
#include "base/budgets.h"
#include "evidence/openpgp.h"

namespace cm4it::ics {
namespace {

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free_all)>;
using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;

std::string trimmed(std::string text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  const auto end = text.find_last_not_of(" \t\r\n");
  return begin == text.npos ? std::string() : text.substr(begin, end - begin + 1);
}

// Only its key: nothing that the certificate says is believed here.
Result<crypto::PublicKey> key_of_certificate(const std::string& bytes, bool pem) {
  const BioPtr bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())), BIO_free_all);
  const X509Ptr certificate(pem ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : d2i_X509_bio(bio.get(), nullptr),
                            X509_free);
  if (!certificate) return fail(Code::malformed, "not an X.509 certificate");
  std::uint8_t* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der);
  if (size <= 0) return fail(Code::malformed, "certificate: no public key in it");
  auto key = crypto::PublicKey::from_spki({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return key;
}

Result<crypto::PublicKey> from_contents(const std::string& path, const std::string& contents, const crypto::KeyAccess& access) {
  if (contents.find("PRIVATE KEY-----") != contents.npos) {
    TRY(const auto signer, crypto::load_key_file(path, access));
    return signer->public_key();
  }
  if (contents.find("-----BEGIN CERTIFICATE-----") != contents.npos) return key_of_certificate(contents, true);
  if (!contents.empty() && contents[0] == 0x30) {
    if (auto key = crypto::PublicKey::from_spki(view(contents))) return key;
    return key_of_certificate(contents, false);
  }
  if (evidence::openpgp::looks_like_openpgp(view(contents))) return evidence::openpgp::primary_key(view(contents));
  return crypto::PublicKey::from_text(trimmed(contents));
}

}  // namespace

bool is_key_place(const std::string& text) {
  std::error_code failed;
  return crypto::is_key_uri(text) || std::filesystem::is_regular_file(text, failed);
}

Result<crypto::PublicKey> public_key_at(const std::string& path, const crypto::KeyAccess& access) {
  if (crypto::is_key_uri(path)) return crypto::load_public_key(path, access);
  TRY(const auto contents, read_file(path, budget::key_file_bytes));
  auto key = from_contents(path, contents, access);
  if (!key) {
    // A refusal for the file's rights names the file already.
    if (key.error().message.find(path) != std::string::npos) return key;
    return within(path, std::move(key).error());
  }
  return key;
}

Result<crypto::PublicKey> public_key_from(const std::string& text, const crypto::KeyAccess& access) {
  if (is_key_place(text)) return public_key_at(text, access);
  if (text.starts_with("-----BEGIN") || text.size() >= 56) {
    auto key = crypto::PublicKey::from_text(trimmed(text));
    if (!key) return within("key", std::move(key).error());
    return key;
  }
  return fail(Code::not_found, "key: \"" + text.substr(0, 80) + "\" is no file, and no base64 of a public key",
              "`ics key show FILE` prints a key's base64");
}

std::string public_pem(const crypto::PublicKey& key) {
  const std::string base64 = key.base64();
  std::string pem = "-----BEGIN PUBLIC KEY-----\n";
  for (std::size_t at = 0; at < base64.size(); at += 64) pem += base64.substr(at, 64) + "\n";
  return pem + "-----END PUBLIC KEY-----\n";
}

const char* algorithm_name(crypto::Algorithm algorithm) {
  switch (algorithm) {
    case crypto::Algorithm::es256: return "p256";
    case crypto::Algorithm::es384: return "p384";
    case crypto::Algorithm::eddsa: return "ed25519";
    case crypto::Algorithm::ps256: return "rsa";
    case crypto::Algorithm::x25519: return "x25519";
  }
  return "";
}

Result<crypto::Algorithm> parse_algorithm(const std::string& name) {
  for (const auto algorithm : {crypto::Algorithm::es256, crypto::Algorithm::es384, crypto::Algorithm::eddsa, crypto::Algorithm::ps256})
    if (name == algorithm_name(algorithm)) return algorithm;
  return fail(Code::malformed, "alg: one of ed25519, p256, p384, rsa");
}

}  // namespace cm4it::ics
