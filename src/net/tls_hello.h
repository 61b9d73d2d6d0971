// Checks a client's first TLS message before OpenSSL allocates memory for it or processes it. For net's own use.
#pragma once

#include "net/tls.h"

namespace cm4it::net {

enum class Hello { waits, begins, refused };

// Of the octets that wait at the socket: the head of the first record and of its ClientHello (RFC 8446 sections 5.1 and 4).
// OpenSSL makes room for as much as that head claims, before any of it comes: more than budget::tls_hello_bytes is refused, and
// a head in more than one record. Whatever is no handshake begins, and fails there. `ended`: nothing more comes.
Hello look_at_hello(int fd, bool ended);

// Bounds what is worked through with the product of two lists' lengths: at most budget::tls_hello_groups groups
// (RFC 8446 section 4.2.7).
void bound_hellos(ssl_ctx_st* context);

}  // namespace cm4it::net
