// Pieces of TLS that the server's connections and TlsStream share.
#pragma once

#include <memory>
#include <string>

#include "net/tls.h"

struct x509_st;  // X509

namespace cm4it::net {

struct SslDeleter {
  void operator()(ssl_st* ssl) const;
};
using SslPtr = std::unique_ptr<ssl_st, SslDeleter>;

// A connection of `context` over the non-blocking socket `fd`, which stays the caller's.
Result<SslPtr> make_ssl(const TlsContext& context, int fd, bool server);

// Makes `context`, which must be a client's, show the signer's certificate (null: none), and accept
// any supported key of the server's; for libcurl's own SSL_CTX too.
Result<void> equip_client(ssl_ctx_st* context, const crypto::Signer* signer, const std::string& common_name);

// The key in a certificate (X509*), in canonical form.
Result<crypto::PublicKey> certificate_key(x509_st* certificate);

// The first of OpenSSL's queued errors, in words; the queue is emptied.
std::string tls_error();

}  // namespace cm4it::net
