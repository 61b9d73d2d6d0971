#include "evidence/formats/openpgp/packet.h"

#include <bit>
#include <string>

namespace cm4it::evidence::openpgp {

tl::unexpected<Error> bad(std::string_view where, std::string_view rule, std::string_view section) {
  return fail(Code::malformed, "openpgp: " + std::string(where) + ": " + std::string(rule),
              section.empty() ? std::string() : "RFC 9580 section " + std::string(section));
}

namespace {

std::string at_octet(std::size_t offset) { return "packet at octet " + std::to_string(offset); }

}  // namespace

Result<std::size_t> PacketReader::big_endian(std::size_t octets) {
  if (bytes_.size() - at_ < octets) return bad("packet", "the input ends inside its header", "4.2");
  std::size_t value = 0;
  for (; octets > 0; --octets) value = value << 8 | bytes_[at_++];
  return value;
}

// RFC 9580 section 4.2.1: one, two or five octets; 224 to 254 begin a part of unknown whole.
Result<std::size_t> PacketReader::new_length() {
  TRY(const std::size_t first, big_endian(1));
  if (first < 192) return first;
  if (first < 224) {
    TRY(const std::size_t second, big_endian(1));
    return (first - 192) * 256 + second + 192;
  }
  if (first < 255) return bad("packet", "a partial length, which is for data only", "4.2.1.4");
  return big_endian(4);
}

// RFC 9580 section 4.2.2.
Result<std::size_t> PacketReader::old_length(std::uint8_t type) {
  if (type == 3) return bad("packet", "an indeterminate length, which is for data only", "4.2.2");
  return big_endian(std::size_t{1} << type);
}

Result<Packet> PacketReader::next() {
  const std::size_t begin = at_;
  const std::uint8_t head = bytes_[at_++];
  if ((head & 0x80) == 0) return bad(at_octet(begin), "its first bit is not set", "4.2");
  const bool new_format = (head & 0x40) != 0;
  Packet packet;
  packet.tag = new_format ? head & 0x3f : head >> 2 & 0x0f;
  if (packet.tag == 0) return bad(at_octet(begin), "a packet of type 0", "5");
  TRY(const std::size_t size, new_format ? new_length() : old_length(head & 3));
  if (size > bytes_.size() - at_)
    return bad(at_octet(begin), "its length of " + std::to_string(size) + " octets goes beyond the end", "4.2");
  packet.body = bytes_.subspan(at_, size);
  at_ += size;
  return packet;
}

void append_length(Bytes& to, std::size_t size) {
  if (size < 192) {
    to.push_back(static_cast<std::uint8_t>(size));
  } else if (size < 8384) {
    to.push_back(static_cast<std::uint8_t>(192 + ((size - 192) >> 8)));
    to.push_back(static_cast<std::uint8_t>(size - 192));
  } else {
    to.push_back(255);
    append_u32(to, size);
  }
}

void append_packet(Bytes& to, std::uint8_t tag, View body) {
  to.push_back(static_cast<std::uint8_t>(0xc0 | tag));
  append_length(to, body.size());
  append(to, body);
}

Result<View> Fields::take(std::size_t count) {
  if (count > rest_.size()) return bad(where_, "ends too early");
  const View taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

Result<std::uint8_t> Fields::u8() {
  TRY(const View octet, take(1));
  return octet[0];
}

Result<std::uint16_t> Fields::u16() {
  TRY(const View octets, take(2));
  return static_cast<std::uint16_t>(octets[0] << 8 | octets[1]);
}

Result<std::uint32_t> Fields::u32() {
  TRY(const View octets, take(4));
  return std::uint32_t{octets[0]} << 24 | std::uint32_t{octets[1]} << 16 | std::uint32_t{octets[2]} << 8 | octets[3];
}

Result<View> Fields::mpi() {
  TRY(const std::size_t bits, u16());
  TRY(const View octets, take((bits + 7) / 8));
  if (bits != 0 && static_cast<std::size_t>(std::bit_width(octets[0])) != (bits - 1) % 8 + 1)
    return bad(where_, "a number whose count of bits is wrong", "3.2");
  return octets;
}

Result<View> Fields::loose_mpi() {
  TRY(const std::size_t bits, u16());
  TRY(View octets, take((bits + 7) / 8));
  while (!octets.empty() && octets[0] == 0) octets = octets.subspan(1);
  return octets;
}

Result<void> Fields::end() const {
  if (rest_.empty()) return {};
  return bad(where_, std::to_string(rest_.size()) + " octets after its end");
}

void append_u16(Bytes& to, std::size_t value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}

void append_u32(Bytes& to, std::size_t value) {
  append_u16(to, value >> 16);
  append_u16(to, value & 0xffff);
}

void append_mpi(Bytes& to, View number) {
  while (!number.empty() && number[0] == 0) number = number.subspan(1);
  append_u16(to, number.empty() ? 0 : 8 * (number.size() - 1) + static_cast<std::size_t>(std::bit_width(number[0])));
  append(to, number);
}

}  // namespace cm4it::evidence::openpgp
