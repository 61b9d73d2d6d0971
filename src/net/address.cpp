#include "net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <charconv>
#include <memory>
#include <system_error>

namespace cm4it::net {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Result<Addresses> resolve(const std::string& host, const std::string& port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (int error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &list))
    return fail(Code::unavailable, host + ": " + ::gai_strerror(error));
  return Addresses(list);
}

std::string cause(int error) { return std::generic_category().message(error); }

Result<std::pair<std::string, std::string>> split(const std::string& address) {
  std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  std::uint16_t port = 0;
  const char* end = address.data() + address.size();
  const char* digits = colon == std::string::npos ? end : address.data() + colon + 1;
  auto parsed = std::from_chars(digits, end, port);
  bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (parsed.ec == std::errc::result_out_of_range) return fail(Code::malformed, "address '" + address + "': a port is 0 to 65535");
  if (parsed.ec != std::errc{} || parsed.ptr != end || (!bracketed && host.find_first_of(":[] \t/") != std::string::npos))
    return fail(Code::malformed, "address '" + address + "': ADDRESS:PORT or [IPv6]:PORT");
  if (bracketed) host = host.substr(1, host.size() - 2);
  return std::pair{host, std::to_string(port)};
}

// 0, or the errno.
int bind_socket(const addrinfo& info, bool shared, FileDescriptor& into) {
  FileDescriptor fd(::socket(info.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return errno;
  int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(fd.get(), info.ai_addr, info.ai_addrlen)) return errno;
  into = std::move(fd);
  return 0;
}

// 0, or the errno.
int finish_connecting(int fd, std::chrono::milliseconds timeout) {
  pollfd waiting{fd, POLLOUT, 0};
  int ready = ::poll(&waiting, 1, static_cast<int>(timeout.count()));
  if (ready <= 0) return ready == 0 ? ETIMEDOUT : errno;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> check_address(const std::string& address) {
  CHECK_OK(split(address));
  return {};
}

Result<FileDescriptor> listen_tcp(const std::string& address, bool shared) {
  TRY(auto parts, split(address));
  TRY(auto addresses, resolve(parts.first, parts.second, AI_PASSIVE));
  FileDescriptor fd;
  int error = bind_socket(*addresses, shared, fd);
  if (!error && ::listen(fd.get(), 4096)) error = errno;
  if (error) return fail(Code::unavailable, "address '" + address + "': " + cause(error));
  return fd;
}

Result<void> check_free(const std::string& address) {
  TRY(auto parts, split(address));
  TRY(auto addresses, resolve(parts.first, parts.second, AI_PASSIVE));
  FileDescriptor fd;
  if (int error = bind_socket(*addresses, false, fd))
    return fail(Code::unavailable, "address '" + address + "': " + cause(error));
  return {};
}

Result<FileDescriptor> connect_tcp(const std::string& host, std::uint16_t port,
                                   std::chrono::milliseconds timeout) {
  std::string where = host + ":" + std::to_string(port);
  TRY(auto addresses, resolve(host, std::to_string(port), 0));
  int error = 0;
  for (const addrinfo* info = addresses.get(); info; info = info->ai_next) {
    FileDescriptor fd(::socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (fd.get() < 0) continue;
    error = ::connect(fd.get(), info->ai_addr, info->ai_addrlen) ? errno : 0;
    if (error == EINPROGRESS) error = finish_connecting(fd.get(), timeout);
    if (error) continue;
    int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
  }
  return fail(Code::unavailable, where + ": " + cause(error));
}

Result<Accepted> accept_tcp(int listening) {
  sockaddr_storage remote{};
  socklen_t size = sizeof remote;
  FileDescriptor fd(
      ::accept4(listening, reinterpret_cast<sockaddr*>(&remote), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED) return Accepted{};
    return fail(Code::unavailable, "accepting a connection: " + cause(errno));
  }
  int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return Accepted{std::move(fd), to_text(remote), source_of(remote)};
}

Source source_of(const sockaddr_storage& address) {
  Source source = 0;
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6), link = IN6_IS_ADDR_LINKLOCAL(&v6);  // a link's hosts differ in the other half
    std::memcpy(&source, v6.s6_addr + (mapped ? 12 : link ? 8 : 0), mapped ? 4 : 8);
  } else {
    std::memcpy(&source, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
  }
  return source;
}

std::string to_text(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
  ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  return std::string(text) + ":" + std::to_string(ntohs(v4.sin_port));
}

std::string local_address(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return to_text(address);
}

std::uint16_t port_of(const std::string& address) {
  auto parts = split(address);
  return parts ? static_cast<std::uint16_t>(std::stoul(parts->second)) : std::uint16_t{0};
}

}  // namespace cm4it::net
