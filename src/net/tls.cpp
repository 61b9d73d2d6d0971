#include "net/tls.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <vector>

#include "crypto/digest.h"
#include "net/tls_bio.h"
#include "net/tls_hello.h"
#include "net/tls_internal.h"

namespace cm4it::net {
namespace {

template <auto free_function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;

tl::unexpected<Error> openssl_failed(const std::string& what) {
  return fail(Code::internal, what + ": " + tls_error());
}

Result<EVP_PKEY*> private_key(const crypto::Signer& signer) {
  auto* key = static_cast<EVP_PKEY*>(signer.native());
  if (!key) return fail(Code::unsupported, "tls key: this kind of signer cannot be used for TLS");
  return key;
}

bool set_time(ASN1_TIME* to, Time time) {
  // RFC 5280 section 4.1.2.5: the time that stands for no expiry; also the last that can be said.
  constexpr std::int64_t last = 253402300799;
  return ASN1_TIME_set(to, static_cast<time_t>(std::min(time.seconds, last))) != nullptr;
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
  std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

constexpr std::size_t longest_name = 318;  // a server's name, a dot, and its domain's

// Letters, digits, '-' and '.': what may stand in a dNSName, and in OpenSSL's extension syntax.
bool is_host_name(const std::string& name) {
  if (name.size() > 253) return false;
  for (char c : name)
    if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' && c != '.')
      return false;
  return true;
}

// A common name has 64 octets at most (RFC 5280 appendix A.1): of a longer name the labels that fit. The whole name stands in
// the extension, where clients look for it.
std::string common_name(const std::string& name) {
  constexpr std::size_t most = 64;
  if (name.size() <= most) return name;
  const auto dot = name.rfind('.', most);
  return name.substr(0, dot == 0 || dot == name.npos ? most : dot);
}

bool fill_certificate(X509* x509, const crypto::PublicKey& key, const std::string& name, Time from,
                      Time until, const std::string& alternatives) {
  Digest digest = crypto::sha256(key.spki());
  digest[0] &= 0x7f;  // positive,
  digest[0] |= 0x40;  // and of 16 bytes (RFC 5280 section 4.1.2.2)
  std::unique_ptr<BIGNUM, Free<BN_free>> serial(BN_bin2bn(digest.data(), 16, nullptr));
  X509_NAME* subject = X509_get_subject_name(x509);
  const std::string common = common_name(name);
  const auto* text = reinterpret_cast<const unsigned char*>(common.data());
  auto* evp = static_cast<EVP_PKEY*>(key.native());
  return serial && X509_set_version(x509, X509_VERSION_3) &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(x509)) &&
         X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, static_cast<int>(common.size()), -1,
                                    0) &&
         X509_set_issuer_name(x509, subject) && set_time(X509_getm_notBefore(x509), from) &&
         set_time(X509_getm_notAfter(x509), until) && X509_set_pubkey(x509, evp) &&
         (alternatives.empty() || add_extension(x509, NID_subject_alt_name, alternatives));
}

Result<X509Ptr> make_certificate(const crypto::Signer& signer, const std::string& name, Time from,
                                 Time until, const std::vector<std::string>& names = {}) {
  if (name.empty() || name.size() > longest_name)
    return fail(Code::malformed, "certificate name: 1 to " + std::to_string(longest_name) + " bytes");
  TRY(EVP_PKEY * key, private_key(signer));
  std::string alternatives = is_host_name(name) ? "DNS:" + name : "";
  for (const auto& other : names) {
    TRY(const auto alternative, alternative_name(other));
    alternatives += (alternatives.empty() ? "" : ",") + alternative;
  }
  X509Ptr x509(X509_new());
  if (!x509 || !fill_certificate(x509.get(), signer.public_key(), name, from, until, alternatives))
    return openssl_failed("certificate");
  bool edwards = signer.public_key().algorithm() == crypto::Algorithm::eddsa;  // has its own digest
  bool large = signer.public_key().algorithm() == crypto::Algorithm::es384;
  if (!X509_sign(x509.get(), key, edwards ? nullptr : large ? EVP_sha384() : EVP_sha256()))
    return openssl_failed("certificate, signing");
  return x509;
}

// Replaces the building of a chain: only the key counts, not who certified it. That the peer has it is
// proven by the handshake itself (RFC 8446 section 4.4.3).
int accept_supported_key(X509_STORE_CTX* store, void*) {
  try {
    X509* leaf = X509_STORE_CTX_get0_cert(store);
    if (leaf && certificate_key(leaf)) return 1;
  } catch (...) {  // no exception may cross OpenSSL
  }
  ERR_clear_error();
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

Result<std::vector<X509Ptr>> certificates_in(const std::string& pem) {
  constexpr std::size_t most = 10;
  const std::unique_ptr<BIO, Free<BIO_free_all>> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<X509Ptr> found;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) found.emplace_back(next);
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end || found.empty() || found.size() > most)
    return fail(Code::malformed, "certificate: 1 to " + std::to_string(most) + " X.509 certificates in PEM expected");
  return found;
}

Result<std::vector<X509Ptr>> certificates_for(const crypto::Signer& signer, const std::string& name, const std::string& pem) {
  if (!pem.empty()) {
    TRY(auto chain, certificates_in(pem));
    TRY(const auto key, certificate_key(chain[0].get()));
    if (!(key == signer.public_key()))
      return fail(Code::malformed, "certificate: its key is " + key.id().text() + ", ours is " + signer.public_key().id().text(),
                  "the server's own certificate comes first, then those above it");
    return chain;
  }
  TRY(auto own, make_certificate(signer, name, {}, Time::never()));
  std::vector<X509Ptr> chain;
  chain.push_back(std::move(own));
  return chain;
}

// An RSA key signs in one way here (crypto/key.h); OpenSSL would let it be asked for others.
constexpr const char* rsa_first = "rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ed25519";

Result<void> use_key(SSL_CTX* context, const crypto::Signer& signer, const std::string& name, const std::string& pem = {}) {
  TRY(EVP_PKEY * key, private_key(signer));
  TRY(const auto chain, certificates_for(signer, name, pem));
  bool used = SSL_CTX_use_certificate(context, chain[0].get()) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1;
  for (std::size_t i = 1; i < chain.size(); ++i) used = used && SSL_CTX_add1_chain_cert(context, chain[i].get()) == 1;
  if (signer.public_key().algorithm() == crypto::Algorithm::ps256) used = used && SSL_CTX_set1_sigalgs_list(context, rsa_first) == 1;
  if (!used) return fail(Code::unsupported, "tls key: " + tls_error());
  return {};
}

// Those of TLS 1.2; TLS 1.3 has no others (RFC 8446 appendix B.4).
bool set_suites(SSL_CTX* context) { return SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1; }

// A handshake costs the server a key exchange of the client's choice: with the finite-field groups of RFC 7919 tens of
// milliseconds, with these a fraction of one.
bool set_groups(SSL_CTX* context) { return SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1; }

// RFC 7301: HTTP/1.1 is chosen where offered; otherwise the connection goes on without.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  static constexpr unsigned char http11[] = "\x08http/1.1";
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, http11, sizeof http11 - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

Result<std::shared_ptr<SSL_CTX>> make_context(const SSL_METHOD* method) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(method), SSL_CTX_free);
  if (!context || !SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) || !set_suites(context.get()) || !set_groups(context.get()))
    return openssl_failed("tls context");
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_early_data(context.get(), 0);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_clear_mode(context.get(), SSL_MODE_AUTO_RETRY);  // a read ends with what it began with, whatever else keeps coming
  SSL_CTX_set_read_ahead(context.get(), 1);                // one system call for several records
  return context;
}

}  // namespace

std::string tls_error() {
  unsigned long code = ERR_get_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return reason ? reason : "TLS failed";
}

Result<crypto::PublicKey> certificate_key(x509_st* x509) {
  unsigned char* der = nullptr;
  int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der);
  if (size <= 0) return openssl_failed("peer's certificate");
  auto key = crypto::PublicKey::from_spki({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  if (!key) return within("peer's certificate", std::move(key).error());
  return key;
}

void SslDeleter::operator()(ssl_st* ssl) const { SSL_free(ssl); }

Result<SslPtr> make_ssl(const TlsContext& context, int fd, bool server) {
  SslPtr ssl(SSL_new(context.native()));
  BIO* bio = ssl ? make_socket_bio(fd) : nullptr;
  if (!bio) return openssl_failed("tls connection");
  SSL_set_bio(ssl.get(), bio, bio);
  server ? SSL_set_accept_state(ssl.get()) : SSL_set_connect_state(ssl.get());
  return ssl;
}

Result<void> equip_client(ssl_ctx_st* context, const crypto::Signer* signer, const std::string& common_name) {
  if (!set_suites(context) || !set_groups(context)) return openssl_failed("tls context");
  if (signer) CHECK_OK(use_key(context, *signer, common_name));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, accept_supported_key, nullptr);
  return {};
}

Result<std::string> alternative_name(const std::string& name) {
  unsigned char octets[16];
  if (inet_pton(AF_INET, name.c_str(), octets) == 1 || inet_pton(AF_INET6, name.c_str(), octets) == 1) return "IP:" + name;
  const std::string host = name.starts_with("*.") ? name.substr(2) : name;
  if (host.empty() || host.front() == '.' || host.back() == '.' || host.find("..") != host.npos || !is_host_name(host))
    return fail(Code::malformed, "\"" + name.substr(0, 253) + "\": neither a host name nor an IP address");
  return "DNS:" + name;
}

Result<Certificate> self_signed_certificate(const crypto::Signer& signer, const std::string& common_name,
                                            Time not_before, Time not_after, const std::vector<std::string>& names) {
  TRY(auto x509, make_certificate(signer, common_name, not_before, not_after, names));
  Certificate certificate;
  unsigned char* der = nullptr;
  int size = i2d_X509(x509.get(), &der);
  if (size <= 0) return openssl_failed("certificate");
  certificate.der.assign(der, der + size);
  OPENSSL_free(der);
  std::unique_ptr<BIO, Free<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), x509.get()) != 1) return openssl_failed("certificate");
  char* text = nullptr;
  long length = BIO_get_mem_data(bio.get(), &text);
  certificate.pem.assign(text, static_cast<std::size_t>(length));
  return certificate;
}

Result<crypto::PublicKey> peer_key(const ssl_st* ssl) {
  X509Ptr certificate(SSL_get1_peer_certificate(ssl));
  if (!certificate) return fail(Code::not_found, "peer's certificate: it showed none");
  return certificate_key(certificate.get());
}

Result<TlsContext> TlsContext::server(const crypto::Signer& signer, const std::string& common_name,
                                      bool ask_client_certificate, const std::string& chain) {
  TRY(auto context, make_context(TLS_server_method()));
  CHECK_OK(use_key(context.get(), signer, common_name, chain));
  if (ask_client_certificate) {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context.get(), accept_supported_key, nullptr);
  }
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  bound_hellos(context.get());
  bound_messages(context.get());
  return TlsContext(std::move(context));
}

Result<TlsContext> TlsContext::client(const crypto::Signer* signer, const std::string& common_name) {
  TRY(auto context, make_context(TLS_client_method()));
  CHECK_OK(equip_client(context.get(), signer, common_name));
  return TlsContext(std::move(context));
}

}  // namespace cm4it::net
