#include "hello_flood.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <memory>

namespace cm4it::bench {
namespace {

sockaddr_in place(const char* address, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  ::inet_pton(AF_INET, address, &result.sin_addr);
  return result;
}

}  // namespace

Result<Bytes> client_hello(const std::string& groups) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(context ? SSL_new(context.get()) : nullptr, SSL_free);
  BIO* written = BIO_new(BIO_s_mem());
  if (!ssl || !written || SSL_set1_groups_list(ssl.get(), groups.c_str()) != 1)
    return fail(Code::internal, "OpenSSL makes no hello for " + groups);
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), written);
  (void)SSL_connect(ssl.get());  // it waits for an answer
  Bytes hello(BIO_ctrl_pending(written));
  if (hello.empty() || BIO_read(written, hello.data(), static_cast<int>(hello.size())) <= 0)
    return fail(Code::internal, "OpenSSL makes no hello for " + groups);
  return hello;
}

HelloFlood::HelloFlood(std::size_t threads, std::uint16_t port, Bytes hello) : hello_(std::move(hello)) {
  for (std::size_t i = 0; i < threads; ++i)
    threads_.emplace_back([this, port] {
      while (!over_) send_one(port);
    });
}

HelloFlood::~HelloFlood() {
  over_ = true;
  for (auto& thread : threads_) thread.join();
}

void HelloFlood::send_one(std::uint16_t port) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval timeout{0, 500'000};
  ::setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  const auto from = place("127.0.0.2", 0), to = place("127.0.0.1", port);
  if (::bind(made, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0 &&
      ::connect(made, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 && ::send(made, hello_.data(), hello_.size(), MSG_NOSIGNAL) > 0) {
    ++sent_;
    char answer[16];
    (void)!::recv(made, answer, sizeof answer, 0);
  } else {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ::close(made);
}

}  // namespace cm4it::bench
