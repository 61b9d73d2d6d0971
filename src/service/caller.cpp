#include "service/caller.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace cm4it::service {
namespace {

constexpr std::size_t network_octets = 8;  // RFC 4291 section 2.5.4: a subnet prefix of 64 bits

// RFC 4291 section 2.5.5.2: IPv4 that an IPv6 socket accepted.
bool is_mapped_ipv4(const std::array<std::uint8_t, 16>& octets) {
  return std::all_of(octets.begin(), octets.begin() + 10, [](auto octet) { return octet == 0; }) && octets[10] == 0xff && octets[11] == 0xff;
}

std::string address_of(std::string_view remote) {
  std::string host(remote.substr(0, remote.rfind(':')));
  if (!host.starts_with('[')) return host;
  host = host.substr(1, host.find_first_of("%]") - 1);
  std::array<std::uint8_t, 16> octets{};
  if (::inet_pton(AF_INET6, host.c_str(), octets.data()) != 1) return host;
  if (is_mapped_ipv4(octets)) return to_hex(View(octets).subspan(12));
  return to_hex(View(octets).first(network_octets)) + "/64";
}

}  // namespace

Caller Caller::from(const crypto::PublicKey* proven, std::string_view remote) {
  Caller caller;
  if (proven) caller.who = proven->id();
  caller.address = address_of(remote);
  if (caller.address.empty()) caller.address = "unknown";  // never taken for this server itself
  return caller;
}

}  // namespace cm4it::service
