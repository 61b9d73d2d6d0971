#include "net/tls_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <atomic>
#include <cerrno>

#include "base/mutex.h"
#include "net/address.h"
#include "net/tls_internal.h"

namespace cm4it::net {
namespace {

using Clock = std::chrono::steady_clock;
constexpr const char* certificate_name = "cm4it";

// poll's number for the time left: rounded up, so that it is 0 only when it is over.
int left(Clock::time_point until) {
  auto time = std::chrono::ceil<Milliseconds>(until - Clock::now()).count();
  return time <= 0 ? 0 : static_cast<int>(std::min<std::int64_t>(time, 1'000'000'000));
}

}  // namespace

struct TlsStream::Impl {
  Impl(TlsContext context_used, FileDescriptor socket, SslPtr made, std::string name)
      : context(std::move(context_used)),
        fd(std::move(socket)),
        ssl(std::move(made)),
        remote(std::move(name)) {}

  // Repeats `operation` (returns as SSL_read does) until it succeeds, fails or time is over. The lock is
  // held for the operation only: reading and writing go on side by side.
  template <class F>
  Result<void> repeat(const char* doing, Milliseconds timeout, F&& operation) {
    auto until = Clock::now() + timeout;
    for (;;) {
      short wait_for = 0;
      {
        const Lock lock(mutex);
        if (closed) return over(doing, "closed");
        ERR_clear_error();
        int done = operation(ssl.get());
        if (done > 0) return {};
        int error = SSL_get_error(ssl.get(), done);
        if (error == SSL_ERROR_WANT_READ) wait_for = POLLIN;
        if (error == SSL_ERROR_WANT_WRITE) wait_for = POLLOUT;
        if (wait_for == 0) {
          closed = true;
          return over(doing, error == SSL_ERROR_ZERO_RETURN ? "the other side closed it"
                             : error == SSL_ERROR_SYSCALL   ? "the connection broke"
                                                            : tls_error());
        }
      }
      pollfd waiting{fd.get(), wait_for, 0};
      if (::poll(&waiting, 1, left(until)) == 0) return over(doing, "timed out");
    }
  }

  tl::unexpected<Error> over(const char* doing, const std::string& why) const {
    return fail(Code::unavailable, "tls connection with " + remote + ", " + doing + ": " + why);
  }

  void close() {
    closed = true;
    ::shutdown(fd.get(), SHUT_RDWR);  // wakes whoever polls
  }

  // Constant after construction
  const TlsContext context;
  const FileDescriptor fd;
  const SslPtr ssl;  // used under the mutex
  const std::string remote;

  Mutex mutex;
  std::atomic<bool> closed{false};
  Mutex writing;    // one write() at a time, so that they do not mix
  std::string received;  // the reader's
};

TlsStream::TlsStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TlsStream::~TlsStream() {
  if (!impl_->closed && SSL_is_init_finished(impl_->ssl.get())) SSL_shutdown(impl_->ssl.get());
  ERR_clear_error();
}

Result<std::unique_ptr<TlsStream>> TlsStream::connect(const std::string& host, std::uint16_t port,
                                                      const crypto::SignerPtr& signer, Milliseconds timeout) {
  auto until = Clock::now() + timeout;
  TRY(auto context, TlsContext::client(signer.get(), certificate_name));
  TRY(auto fd, connect_tcp(host, port, timeout));
  TRY(auto ssl, make_ssl(context, fd.get(), false));
  auto impl = std::make_unique<Impl>(std::move(context), std::move(fd), std::move(ssl),
                                     host + ":" + std::to_string(port));
  std::unique_ptr<TlsStream> stream(new TlsStream(std::move(impl)));
  CHECK_OK(stream->handshake(Milliseconds(left(until))));
  return stream;
}

Result<void> TlsStream::handshake(Milliseconds timeout) {
  return impl_->repeat("handshake", timeout, [](SSL* ssl) { return SSL_do_handshake(ssl); });
}

Result<crypto::PublicKey> TlsStream::peer_key() const {
  const Lock lock(impl_->mutex);
  return net::peer_key(impl_->ssl.get());
}

const std::string& TlsStream::remote() const { return impl_->remote; }

Result<std::string> TlsStream::read_line(std::size_t most, Milliseconds timeout) {
  auto until = Clock::now() + timeout;
  std::string& received = impl_->received;
  for (std::size_t searched = 0;;) {
    std::size_t end = received.find('\n', searched);
    std::size_t size = end == std::string::npos ? received.size() : end;
    if (size > most)
      return fail(Code::too_large, "tls connection with " + impl_->remote + ": a line of more than " +
                                       std::to_string(most) + " bytes");
    if (end != std::string::npos) {
      std::string line = received.substr(0, end);
      if (line.ends_with('\r')) line.pop_back();
      received.erase(0, end + 1);
      return line;
    }
    searched = size;
    char piece[4096];
    std::size_t count = 0;
    CHECK_OK(impl_->repeat("reading", Milliseconds(left(until)), [&](SSL* ssl) {
      int done = SSL_read(ssl, piece, sizeof piece);
      count = done > 0 ? static_cast<std::size_t>(done) : 0;
      return done;
    }));
    received.append(piece, count);
  }
}

Result<void> TlsStream::write(std::string_view bytes, Milliseconds timeout) {
  auto until = Clock::now() + timeout;
  const Lock lock(impl_->writing);
  while (!bytes.empty()) {
    std::size_t sent = 0;
    CHECK_OK(impl_->repeat("writing", Milliseconds(left(until)),
                           [&](SSL* ssl) { return SSL_write_ex(ssl, bytes.data(), bytes.size(), &sent); }));
    bytes.remove_prefix(sent);
  }
  return {};
}

void TlsStream::close() { impl_->close(); }
bool TlsStream::closed() const { return impl_->closed; }

struct TlsListener::Impl {
  Impl(TlsContext given, FileDescriptor listening) : context(std::move(given)), fd(std::move(listening)) {}

  const TlsContext context;
  const FileDescriptor fd;
  std::atomic<bool> closed{false};
};

TlsListener::TlsListener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsListener::~TlsListener() = default;

Result<std::unique_ptr<TlsListener>> TlsListener::listen(const std::string& address,
                                                         const crypto::SignerPtr& signer) {
  TRY(auto context, TlsContext::server(*signer, certificate_name, true));
  TRY(auto fd, listen_tcp(address, false));
  return std::unique_ptr<TlsListener>(
      new TlsListener(std::make_unique<Impl>(std::move(context), std::move(fd))));
}

std::string TlsListener::address() const { return local_address(impl_->fd.get()); }
std::uint16_t TlsListener::port() const { return port_of(address()); }

Result<std::unique_ptr<TlsStream>> TlsListener::accept() {
  while (!impl_->closed) {
    pollfd waiting{impl_->fd.get(), POLLIN, 0};
    ::poll(&waiting, 1, -1);
    TRY(auto accepted, accept_tcp(impl_->fd.get()));
    if (accepted.fd.get() < 0) continue;
    TRY(auto ssl, make_ssl(impl_->context, accepted.fd.get(), true));
    return std::unique_ptr<TlsStream>(new TlsStream(std::make_unique<TlsStream::Impl>(
        impl_->context, std::move(accepted.fd), std::move(ssl), std::move(accepted.remote))));
  }
  return fail(Code::unavailable, "tls listener: closed");
}

void TlsListener::close() {
  impl_->closed = true;
  ::shutdown(impl_->fd.get(), SHUT_RDWR);  // wakes accept()
}

}  // namespace cm4it::net
