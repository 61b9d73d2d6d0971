#include "apps/ics/key_source.h"

#include <openssl/x509.h>

#include <algorithm>
#include <filesystem>

#include "apps/ics/files.h"
#include "base/budgets.h"
#include "base/text.h"
#include "crypto/pem.h"
#include "evidence/formats/openpgp/openpgp.h"

namespace cm4it::ics {
namespace {

using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using RequestPtr = std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)>;

Result<crypto::PublicKey> key_of(X509_PUBKEY* spki, const char* what) {
  std::uint8_t* der = nullptr;
  const int size = i2d_X509_PUBKEY(spki, &der);
  if (size <= 0) return fail(Code::malformed, std::string(what) + ": no public key in it");
  auto key = crypto::PublicKey::from_spki({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return key;
}

X509Ptr parsed(View der) {
  const unsigned char* at = der.data();
  return {d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free};
}

// Only its key: nothing that the certificate says is believed here. Of several that of the one that issued none of the others.
Result<crypto::PublicKey> key_of_certificates(const std::vector<Bytes>& certificates) {
  std::vector<X509Ptr> all;
  for (const Bytes& der : certificates) all.push_back(parsed(der));
  if (std::any_of(all.begin(), all.end(), [](const X509Ptr& one) { return !one; })) return fail(Code::malformed, "not an X.509 certificate");
  std::vector<X509*> last;
  for (const auto& one : all)
    if (std::none_of(all.begin(), all.end(), [&](const auto& other) {
          return other != one && X509_NAME_cmp(X509_get_issuer_name(other.get()), X509_get_subject_name(one.get())) == 0;
        }))
      last.push_back(one.get());
  if (all.size() == 1) last = {all[0].get()};
  if (last.size() != 1) return fail(Code::ambiguous, std::to_string(all.size()) + " certificates; that of the subject alone is needed");
  return key_of(X509_get_X509_PUBKEY(last[0]), "certificate");
}

// RFC 2986, as RFC 7468 section 7 has it in PEM: what a device asks its CA with.
Result<crypto::PublicKey> key_of_request(View der) {
  const unsigned char* at = der.data();
  const RequestPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())), X509_REQ_free);
  if (!request || X509_REQ_verify(request.get(), X509_REQ_get0_pubkey(request.get())) != 1)
    return fail(Code::malformed, "not a certificate request that its own key signed");
  return key_of(X509_REQ_get_X509_PUBKEY(request.get()), "certificate request");
}

constexpr std::size_t most_certificates = 64;

// Of a text with PEM's lines; none: with no block of which a key is read here.
Result<std::optional<crypto::PublicKey>> from_pem(const std::string& text) {
  TRY(const auto block, crypto::next_pem(text));
  if (!block) return std::optional<crypto::PublicKey>{};
  if (block->label == "CERTIFICATE REQUEST" || block->label == "NEW CERTIFICATE REQUEST") {
    TRY(const Bytes der, crypto::der_of(*block));
    TRY(auto key, key_of_request(der));
    return std::optional(std::move(key));
  }
  if (!crypto::has_pkix_pem(text)) return std::optional<crypto::PublicKey>{};
  TRY(const auto certificates, crypto::certificates_in_file(text, most_certificates));
  TRY(auto key, key_of_certificates(certificates));
  return std::optional(std::move(key));
}

Result<crypto::PublicKey> from_contents(const std::string& path, const std::string& contents, const crypto::KeyAccess& access) {
  if (contents.find("PRIVATE KEY-----") != contents.npos) {
    TRY(const auto signer, crypto::load_key_file(path, access));
    return signer->public_key();
  }
  if (evidence::openpgp::looks_like_openpgp(view(contents))) return evidence::openpgp::primary_key(view(contents));
  TRY(const auto in_pem, from_pem(contents));
  if (in_pem) return *in_pem;
  const auto decoded = crypto::bare_base64(contents);
  if (const View binary = decoded ? View(*decoded) : view(contents); !binary.empty() && binary[0] == 0x30) {
    if (auto key = crypto::PublicKey::from_spki(binary)) return key;
    if (auto key = key_of_request(binary)) return key;
    TRY(const auto certificates, crypto::certificates_in_file(contents, most_certificates));
    return key_of_certificates(certificates);
  }
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

std::string public_pem(const crypto::PublicKey& key) { return crypto::pem_text("PUBLIC KEY", key.spki()); }

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
