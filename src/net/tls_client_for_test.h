// For tests: a TLS client over OpenSSL as it is, that offers what it is told to.
#pragma once

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>

#include <functional>
#include <memory>

#include "net/address.h"

namespace cm4it::net {

class TlsClient {
 public:
  // `configure`: the client's context, before it connects.
  explicit TlsClient(std::uint16_t port, const std::function<void(SSL_CTX*)>& configure = {}) {
    auto fd = connect_tcp("127.0.0.1", port, std::chrono::seconds(10));
    EXPECT_TRUE(fd) << fd.error().message;
    if (fd) fd_ = std::move(*fd);
    context_.reset(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
    if (configure) configure(context_.get());
    ssl_.reset(SSL_new(context_.get()), SSL_free);
    ::signal(SIGPIPE, SIG_IGN);  // OpenSSL's own socket BIO writes to what has gone
    SSL_set_fd(ssl_.get(), fd_.get());
    SSL_set_connect_state(ssl_.get());
  }

  bool handshake() {
    return repeat([](SSL* ssl) { return SSL_do_handshake(ssl); });
  }
  bool send(std::string_view bytes) {
    return repeat([&](SSL* ssl) { return SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size())); });
  }
  // What comes next; empty: the end.
  std::string receive() {
    char bytes[16384];
    std::size_t count = 0;
    repeat([&](SSL* ssl) { return SSL_read_ex(ssl, bytes, sizeof bytes, &count); });
    return {bytes, count};
  }
  // One line without its end, or what came before the end.
  std::string line() {
    std::size_t end = std::string::npos;
    while ((end = received_.find('\n')) == std::string::npos) {
      const std::string more = receive();
      if (more.empty()) return std::exchange(received_, {});
      received_ += more;
    }
    std::string line = received_.substr(0, end);
    received_.erase(0, end + 1);
    return line;
  }
  // Status line of a GET over this connection; empty: none came.
  std::string get(const std::string& path) {
    if (!send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")) return {};
    const std::string answer = receive();
    return answer.substr(0, answer.find("\r\n"));
  }
  SSL* ssl() const { return ssl_.get(); }
  int fd() const { return fd_.get(); }

 private:
  template <class F>
  bool repeat(F&& operation) {
    for (;;) {
      ERR_clear_error();  // what failed before would be taken for this operation's
      const int done = operation(ssl_.get());
      if (done > 0) return true;
      const int error = SSL_get_error(ssl_.get(), done);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return false;
      pollfd waiting{fd_.get(), static_cast<short>(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT), 0};
      if (::poll(&waiting, 1, 10'000) != 1) return false;
    }
  }

  FileDescriptor fd_;
  std::string received_;  // by line(), and not told yet
  std::shared_ptr<SSL_CTX> context_;
  std::shared_ptr<SSL> ssl_;
};

}  // namespace cm4it::net
