// Framing: what is a packet, what is none, and the one form in which packets are written.
#include "evidence/formats/openpgp/packet.h"

#include <gtest/gtest.h>

namespace cm4it::evidence::openpgp {
namespace {

Bytes hex(std::string_view digits) { return from_hex(digits).value(); }

struct Owned { std::uint8_t tag; Bytes body; bool operator==(const Owned&) const = default; };

Result<std::vector<Owned>> all(View bytes) {
  std::vector<Owned> packets;
  PacketReader reader(bytes);
  while (!reader.done()) {
    TRY(const Packet packet, reader.next());
    packets.push_back({packet.tag, to_bytes(packet.body)});
  }
  return packets;
}

TEST(OpenPgpPacket, OldAndNewHeadersSayTheSame) {
  const Owned packet{13, hex("616263")};
  for (const char* form : {"cd03616263", "b403616263", "b50003616263", "b600000003616263", "cdff00000003616263"})
    EXPECT_EQ(all(hex(form)).value(), std::vector{packet}) << form;
}

TEST(OpenPgpPacket, IsWrittenWithTheShortestLength) {
  for (const std::size_t size : {0u, 1u, 191u, 192u, 193u, 8383u, 8384u, 70'000u}) {
    const Bytes body(size, 7);
    Bytes out;
    append_packet(out, 17, body);
    EXPECT_EQ(out.size() - size, size < 192 ? 2u : size < 8384 ? 3u : 6u) << size;
    EXPECT_EQ(all(out).value(), (std::vector{Owned{17, body}})) << size;
  }
}

TEST(OpenPgpPacket, RefusesWhatIsNone) {
  struct Case { const char* what; const char* bytes; const char* rule; };
  const Case cases[] = {{"plain text", "6162", "first bit"},
                        {"type 0", "c000", "type 0"},
                        {"old type 0", "8000", "type 0"},
                        {"no length", "cd", "ends inside its header"},
                        {"half a length", "cdc0", "ends inside its header"},
                        {"a length cut short", "cdff0000", "ends inside its header"},
                        {"beyond the end", "cd0461", "beyond the end"},
                        {"4 GB", "cdffffffffff00", "beyond the end"},
                        {"old, 4 GB", "b6ffffffff00", "beyond the end"},
                        {"partial", "cde0616263", "partial"},
                        {"indeterminate", "b7616263", "indeterminate"}};
  for (const auto& [what, bytes, rule] : cases) {
    const auto packets = all(hex(bytes));
    ASSERT_FALSE(packets) << what;
    EXPECT_EQ(packets.error().code, Code::malformed) << what;
    EXPECT_NE(packets.error().message.find(rule), std::string::npos) << what << ": " << packets.error().message;
  }
}

TEST(OpenPgpPacket, NumbersHaveOneEncoding) {
  const auto number = [](const char* bytes) -> Result<Bytes> {
    const Bytes body = hex(bytes);
    Fields fields(body, "test");
    TRY(const View octets, fields.mpi());
    CHECK_OK(fields.end());
    return to_bytes(octets);
  };
  EXPECT_EQ(number("000101").value(), hex("01"));      // RFC 9580 section 3.2
  EXPECT_EQ(number("000901ff").value(), hex("01ff"));
  EXPECT_EQ(number("0000").value(), Bytes{});
  for (const char* wrong : {"000201", "000901", "0009ff01", "00100001", "000801", "000102", "0001", "00", "000901ff00"})
    EXPECT_EQ(number(wrong).error().code, Code::malformed) << wrong;
  for (const char* digits : {"", "01", "80", "01ff", "ffff"}) {
    Bytes out;
    append_mpi(out, hex(std::string("0000") + digits));
    EXPECT_EQ(number(to_hex(out).c_str()).value(), hex(digits));
  }
}

}  // namespace
}  // namespace cm4it::evidence::openpgp
