#include "net/tls_bio.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>

#include "net/budgets.h"

namespace cm4it::net {
namespace {

// A socket BIO whose writes to a connection that has gone are errors, not a SIGPIPE.
struct BioState {
  int fd;
  bool drained = true;       // the last read took all there was
  std::size_t messages = 0;  // of a handshake that came, and alerts that were sent
};
BioState* state_of(BIO* bio) { return static_cast<BioState*>(BIO_get_data(bio)); }

int bio_outcome(BIO* bio, ssize_t done, int retry) {
  BIO_clear_retry_flags(bio);
  if (done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
    BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
  return static_cast<int>(done);
}

bool broken_off(BIO* bio) {
  if (state_of(bio)->messages <= budget::tls_messages) return false;
  BIO_clear_retry_flags(bio);
  return true;
}

int bio_read(BIO* bio, char* data, int size) {
  if (broken_off(bio)) return -1;
  ssize_t got = ::recv(state_of(bio)->fd, data, static_cast<std::size_t>(size), 0);
  state_of(bio)->drained = got < size;
  return bio_outcome(bio, got, BIO_FLAGS_READ);
}

int bio_write(BIO* bio, const char* data, int size) {
  if (broken_off(bio)) return -1;
  ssize_t sent = ::send(state_of(bio)->fd, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  return bio_outcome(bio, sent, BIO_FLAGS_WRITE);
}

int bio_destroy(BIO* bio) {
  delete state_of(bio);
  BIO_set_data(bio, nullptr);
  return 1;
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    BIO_meth_set_destroy(made, bio_destroy);
    return made;
  }();
  return method;
}

void count_message(int sent, int, int type, const void*, std::size_t, SSL* ssl, void*) {
  if (sent ? type == SSL3_RT_ALERT : type == SSL3_RT_HANDSHAKE) ++state_of(SSL_get_rbio(ssl))->messages;
}

}  // namespace

BIO* make_socket_bio(int fd) {
  BIO* bio = BIO_new(socket_method());
  if (!bio) return nullptr;
  BIO_set_data(bio, new BioState{fd});
  BIO_set_init(bio, 1);
  return bio;
}

bool tls_drained(const ssl_st* ssl) { return state_of(SSL_get_rbio(ssl))->drained; }

void tls_stirred(const ssl_st* ssl) { state_of(SSL_get_rbio(ssl))->drained = false; }

void bound_messages(ssl_ctx_st* context) { SSL_CTX_set_msg_callback(context, count_message); }

}  // namespace cm4it::net
