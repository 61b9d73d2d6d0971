#include "evidence/formats/openpgp/armor.h"

#include <algorithm>
#include <array>

#include "base/budgets.h"
#include "evidence/formats/openpgp/packet.h"

namespace cm4it::evidence::openpgp {
namespace {

constexpr std::string_view begin_mark = "-----BEGIN PGP ", end_mark = "-----END PGP ", dashes = "-----",
                           disabled_mark = "\n:-----BEGIN PGP PUBLIC KEY BLOCK-----";

// What an octet does to the remainder, 0 to 3 octets later: with generator 0x864cfb (RFC 9580 section 6.1.1), in the upper 24 bits. So
// four octets are taken in at once.
constexpr auto crc24_later = [] {
  std::array<std::array<std::uint32_t, 256>, 4> tables{};
  for (std::uint32_t octet = 0; octet < 256; ++octet) {
    std::uint32_t crc = octet << 24;
    for (auto& table : tables) {
      for (int bit = 0; bit < 8; ++bit) crc = crc << 1 ^ ((crc & 0x80000000) != 0 ? 0x864cfb00 : 0);
      table[octet] = crc;
    }
  }
  return tables;
}();

std::uint32_t crc24(View data) {
  std::uint32_t crc = 0xb704ce00;  // ibidem
  for (; data.size() >= 4; data = data.subspan(4)) {
    crc ^= std::uint32_t{data[0]} << 24 | std::uint32_t{data[1]} << 16 | std::uint32_t{data[2]} << 8 | data[3];
    crc = crc24_later[3][crc >> 24] ^ crc24_later[2][crc >> 16 & 0xff] ^ crc24_later[1][crc >> 8 & 0xff] ^ crc24_later[0][crc & 0xff];
  }
  for (const std::uint8_t octet : data) crc = crc << 8 ^ crc24_later[0][crc >> 24 ^ octet];
  return crc >> 8;
}

std::string checksum_of(View data) {
  const std::uint32_t crc = crc24(data);
  const Bytes octets = {static_cast<std::uint8_t>(crc >> 16), static_cast<std::uint8_t>(crc >> 8), static_cast<std::uint8_t>(crc)};
  return to_base64(octets);
}

// Lines without their ends and without the blanks that mail programs leave before them.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> next() {
    if (rest_.empty()) return {};
    const auto end = rest_.find_first_of("\r\n");  // LF, CR LF, or CR alone
    std::string_view line = rest_.substr(0, end);
    before_ = rest_;
    rest_ = end == rest_.npos ? std::string_view{} : rest_.substr(end + (rest_.substr(end).starts_with("\r\n") ? 2 : 1));
    ++number_;
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    return line;
  }
  // The last line is given once more.
  void back() {
    rest_ = before_;
    --number_;
  }
  std::string where() const { return "armor, line " + std::to_string(number_); }

 private:
  std::string_view rest_, before_;
  std::size_t number_ = 0;
};

// None: a block of another kind, a message say, that is passed over.
Result<std::optional<ArmorKind>> kind_of(std::string_view name, const Lines& lines) {
  for (const ArmorKind kind : {ArmorKind::public_key_block, ArmorKind::signature})
    if (name == to_string(kind)) return std::optional(kind);
  if (name == "PRIVATE KEY BLOCK" || name == "SECRET KEY BLOCK")
    return fail(Code::not_permitted, "openpgp: " + lines.where() + ": a secret key; nothing of it was kept",
                "only public keys belong here; see that nobody else got it");
  return std::optional<ArmorKind>{};
}

bool is_base64(std::string_view line) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  return line.find_first_not_of(digits) == line.npos;
}

// "Key: Value" lines up to an empty one (section 6.2.2), which some writers leave out: no line of base64 has a colon. Keys nobody
// knows are no error.
Result<void> read_headers(Lines& lines, ArmorBlock& block) {
  for (;;) {
    const auto line = lines.next();
    if (!line) return bad(lines.where(), "ends inside its headers", "6.2");
    if (line->empty()) return {};
    const auto colon = line->find(':');
    if (colon == line->npos && is_base64(*line)) return lines.back(), Result<void>{};
    if (colon == line->npos || colon == 0 || (colon + 1 < line->size() && (*line)[colon + 1] != ' '))
      return bad(lines.where(), "\"Key: Value\" or an empty line expected", "6.2.2");
    if (block.headers.size() == budget::armor_headers)
      return fail(Code::too_large, "openpgp: " + lines.where() + ": more than " + std::to_string(budget::armor_headers) + " headers");
    block.headers.emplace_back(line->substr(0, colon), line->substr(std::min(line->size(), colon + 2)));
  }
}

// Base64 up to the tail line; a line "=" and four digits before it is the checksum (section 6.1).
Result<void> read_data(Lines& lines, ArmorBlock& block) {
  const std::string tail = std::string(end_mark) + to_string(block.kind) + std::string(dashes);
  std::string digits, checksum;
  for (;;) {
    const auto line = lines.next();
    if (!line) return bad(lines.where(), "ends before its tail line", "6.2");
    if (line->starts_with("-")) {
      if (*line != tail) return bad(lines.where(), "\"" + tail + "\" expected", "6.2");
      break;
    }
    if (!checksum.empty() && !line->empty()) return bad(lines.where(), "a line after the checksum", "6.2");
    if (line->size() == 5 && line->front() == '=') checksum = line->substr(1);
    else digits += *line;
  }
  auto data = from_base64(digits);
  if (!data) return within("openpgp: " + lines.where(), std::move(data).error());
  block.data = std::move(*data);
  if (!checksum.empty()) block.checksum_fits = checksum == checksum_of(block.data);
  return {};
}

// Of a v6 key or signature, which whoever wants it can read without a checksum.
bool is_v6(View data) {
  if (data.empty()) return false;
  const auto first = PacketReader(data).next();
  return first && !first->body.empty() && first->body[0] == 6;
}

}  // namespace

const char* to_string(ArmorKind kind) {
  switch (kind) {
    case ArmorKind::public_key_block: return "PUBLIC KEY BLOCK";
    case ArmorKind::signature: return "SIGNATURE";
  }
  return "";
}

std::string armor(ArmorKind kind, View data) {
  constexpr std::size_t line = 64;
  const std::string digits = to_base64(data);
  std::string out = std::string(begin_mark) + to_string(kind) + std::string(dashes) + "\n\n";
  out.reserve(out.size() + digits.size() + digits.size() / line + 64);
  for (std::size_t i = 0; i < digits.size(); i += line) out.append(digits, i, line).push_back('\n');
  if (!is_v6(data)) out += "=" + checksum_of(data) + "\n";
  return out + std::string(end_mark) + to_string(kind) + std::string(dashes) + "\n";
}

Result<std::vector<ArmorBlock>> dearmor(View bytes) {
  Lines lines(text(bytes));
  std::vector<ArmorBlock> blocks;
  std::string other;  // what was passed over
  while (const auto line = lines.next()) {
    if (!line->starts_with(begin_mark)) continue;
    if (!line->ends_with(dashes) || line->size() < begin_mark.size() + dashes.size())
      return bad(lines.where(), "a header line ends with five dashes", "6.2.1");
    ArmorBlock block;
    const std::string_view name = line->substr(begin_mark.size(), line->size() - begin_mark.size() - dashes.size());
    TRY(const auto kind, kind_of(name, lines));
    if (!kind) {
      if (other.empty()) other = "openpgp: " + lines.where() + ": \"" + std::string(name.substr(0, 32)) + "\"; PUBLIC KEY BLOCK and SIGNATURE are read";
      continue;
    }
    block.kind = *kind;
    if (blocks.size() == budget::armor_blocks)
      return fail(Code::too_large, "openpgp: more than " + std::to_string(budget::armor_blocks) + " armored blocks");
    CHECK_OK(read_headers(lines, block));
    CHECK_OK(read_data(lines, block));
    blocks.push_back(std::move(block));
  }
  if (blocks.empty() && !other.empty()) return fail(Code::unsupported, other);
  if (blocks.empty() && text(bytes).find(disabled_mark) != std::string_view::npos)
    return bad("armor", "a revocation that GnuPG has disabled by a colon before \"-----BEGIN\": remove the colon to use it");
  if (blocks.empty()) return bad("armor", "no line begins with \"-----BEGIN PGP \"", "6.2.1");
  return blocks;
}

bool looks_armored(View bytes) {
  const std::string_view all = text(bytes);
  const auto first = all.find_first_not_of(" \t\r\n");
  if (first == all.npos) return false;
  if (all.substr(first).starts_with(begin_mark)) return true;
  // GnuPG writes what a revocation is for above it.
  const std::string_view near = all.substr(0, 64 * 1024);
  for (auto at = near.find(begin_mark); at != near.npos; at = near.find(begin_mark, at + 1)) {
    const char before = near[at - 1];
    if (before == '\n' || before == '\r') return true;
  }
  return near.find(disabled_mark) != near.npos;
}

}  // namespace cm4it::evidence::openpgp
