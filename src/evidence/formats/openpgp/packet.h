// OpenPGP packets: framing, and reading what is in them (RFC 9580 sections 3 and 4). For this room's .cpp files.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace cm4it::evidence::openpgp {

// RFC 9580 section 5, those that are met here.
namespace tag {
inline constexpr std::uint8_t signature = 2, secret_key = 5, public_key = 6, secret_subkey = 7, marker = 10, trust = 12,
                              user_id = 13, public_subkey = 14, user_attribute = 17, padding = 21;
}

// "openpgp: WHERE: RULE", with the section of RFC 9580 that has the rule.
tl::unexpected<Error> bad(std::string_view where, std::string_view rule, std::string_view section = {});

struct Packet {
  std::uint8_t tag = 0;
  View body;
};

// The packets of a buffer, one after another; views into it.
class PacketReader {
 public:
  explicit PacketReader(View bytes) : bytes_(bytes) {}

  bool done() const { return at_ == bytes_.size(); }
  std::size_t offset() const { return at_; }
  // malformed: a header that is none, a length beyond the end, a partial or indeterminate length (those are for data
  // only). After an error there is no next packet: where it would begin is not known.
  Result<Packet> next();

 private:
  Result<std::size_t> new_length();
  Result<std::size_t> old_length(std::uint8_t type);
  Result<std::size_t> big_endian(std::size_t octets);

  const View bytes_;
  std::size_t at_ = 0;
};

// With a header of the OpenPGP format and the shortest length: the one encoding that is stored and given out.
// RFC 9580 section 4.2.1, and of subpackets 5.2.3.7: the shortest form.
void append_length(Bytes& to, std::size_t size);
void append_packet(Bytes& to, std::uint8_t tag, View body);

// The fields of a packet's body, from its begin to its end. Every error is malformed and names `where`.
class Fields {
 public:
  Fields(View bytes, std::string_view where) : rest_(bytes), size_(bytes.size()), where_(where) {}

  Result<View> take(std::size_t count);
  Result<std::uint8_t> u8();
  Result<std::uint16_t> u16();
  Result<std::uint32_t> u32();
  // A number's octets, most significant first and none of them zero in front. Only the one encoding of section 3.2 is
  // read: the count of bits is right.
  Result<View> mpi();
  // The same of signatures, in which nothing hangs on the encoding: some writers count the zeros in front too, or the bits of
  // whole octets. Without those zeros.
  Result<View> loose_mpi();

  View rest() const { return rest_; }
  std::size_t offset() const { return size_ - rest_.size(); }
  bool done() const { return rest_.empty(); }
  Result<void> end() const;

 private:
  View rest_;
  std::size_t size_;
  std::string_view where_;
};

void append_u16(Bytes& to, std::size_t value);
void append_u32(Bytes& to, std::size_t value);
void append_mpi(Bytes& to, View number);  // leading zeros left out

}  // namespace cm4it::evidence::openpgp
