#include "net/tls_hello.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "net/budgets.h"

namespace cm4it::net {
namespace {

constexpr unsigned char handshake_record = 22, client_hello = 1;

int check_hello(SSL* ssl, int* alert, void*) {
  const unsigned char* groups = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_groups, &groups, &size) != 1) return SSL_CLIENT_HELLO_SUCCESS;
  if (size <= 2 + 2 * budget::tls_hello_groups) return SSL_CLIENT_HELLO_SUCCESS;
  *alert = SSL_AD_ILLEGAL_PARAMETER;
  return SSL_CLIENT_HELLO_ERROR;
}

}  // namespace

Hello look_at_hello(int fd, bool ended) {
  std::array<unsigned char, 9> head;
  const ssize_t got = ::recv(fd, head.data(), head.size(), MSG_PEEK);
  if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? Hello::waits : Hello::begins;
  if (got == 0 || head[0] != handshake_record) return Hello::begins;
  if (got < static_cast<ssize_t>(head.size())) return ended ? Hello::begins : Hello::waits;
  const unsigned record = head[3] * 256u + head[4];
  const unsigned message = head[6] * 65536u + head[7] * 256u + head[8];
  if (record < 4 || (head[5] == client_hello && message > budget::tls_hello_bytes)) return Hello::refused;
  return Hello::begins;
}

void bound_hellos(ssl_ctx_st* context) {
  SSL_CTX_set_client_hello_cb(context, check_hello, nullptr);
  SSL_CTX_set_max_cert_list(context, static_cast<long>(budget::tls_certificate_bytes));
}

}  // namespace cm4it::net
