// TLS 1.2 and 1.3 (RFC 5246, RFC 8446) for parties who know each other by key: certificates are
// wrappings of keys, self-signed or not, whatever name or CA they bear. Forward-secret AEAD suites
// and the groups X25519, P-256 and P-384 only (RFC 9325 section 4.2); no resumption, no 0-RTT, no compression, no renegotiation: each
// connection proves its keys anew.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "crypto/key.h"
#include "crypto/signer.h"

struct ssl_st;      // SSL
struct ssl_ctx_st;  // SSL_CTX

namespace cm4it::net {

struct Certificate {
  Bytes der;
  std::string pem;
};

// X.509 v3 (RFC 5280), subject and issuer CN = name, of which a CN has 64 octets at most; the whole is its dNSName. The serial
// number is derived from the key. No not_after: 99991231235959Z (section 4.1.2.5). `names`: the subject's other names, host names
// and IP addresses (section 4.2.1.6).
// Errors: malformed (an empty or overlong name, one that is neither host nor address), unsupported (the key cannot be used so), internal.
Result<Certificate> self_signed_certificate(const crypto::Signer& signer, const std::string& common_name,
                                            Time not_before = {}, Time not_after = Time::never(), const std::vector<std::string>& names = {});
// "DNS:NAME" or "IP:ADDRESS", as OpenSSL's extensions have it. malformed: it is neither; "*." may begin a name.
Result<std::string> alternative_name(const std::string& name);

// The key that the peer proved in this connection's handshake.
// Errors: not_found (it showed none), unsupported (a kind of key not used here).
Result<crypto::PublicKey> peer_key(const ssl_st* ssl);

// What one side of many connections has in common. Immutable, cheap to copy, shared by threads.
class TlsContext {
 public:
  // Any certificate of the client's is accepted if asked for and sent, provided its key is of a
  // supported kind; else the handshake fails. `chain`: PEM certificates, the signer's key's first, as
  // a CA issued them; empty: a self-signed one. malformed: no such certificate, or of another key.
  static Result<TlsContext> server(const crypto::Signer& signer, const std::string& common_name,
                                   bool ask_client_certificate, const std::string& chain = {});
  // `signer` may be null: no client certificate. Any server certificate is accepted if its key is
  // of a supported kind: whose it is, peer_key() tells.
  static Result<TlsContext> client(const crypto::Signer* signer, const std::string& common_name);

  ssl_ctx_st* native() const { return context_.get(); }

 private:
  explicit TlsContext(std::shared_ptr<ssl_ctx_st> context) : context_(std::move(context)) {}
  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace cm4it::net
