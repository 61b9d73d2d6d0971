// The socket under a TLS connection, as OpenSSL reads and writes it. For net's own use.
#pragma once

#include "net/tls.h"

struct bio_st;  // BIO

namespace cm4it::net {

// Over the non-blocking socket `fd`, which stays the caller's; null: no memory.
bio_st* make_socket_bio(int fd);

// The last read of such a connection took all that had come.
bool tls_drained(const ssl_st* ssl);
// More may have come since.
void tls_stirred(const ssl_st* ssl);

// A connection of `context` over such a BIO breaks off once more handshake messages than any handshake has have come, or more
// alerts have been sent: key updates and renegotiations cost us more than their sender.
void bound_messages(ssl_ctx_st* context);

}  // namespace cm4it::net
