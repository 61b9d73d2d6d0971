#include "base/bytes.h"

#include <algorithm>

namespace cm4it {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";
constexpr char standard_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// The value of each character of an alphabet; -1: it is none of it.
using Values = std::array<std::int8_t, 256>;

constexpr Values values_of(std::string_view alphabet) {
  Values values{};
  values.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return values;
}

constexpr Values lowercase_values = values_of({hex_digits, 16});
constexpr Values hex_values = [] {
  Values values = lowercase_values;
  for (int i = 10; i < 16; ++i) values[static_cast<std::size_t>('A' + i - 10)] = static_cast<std::int8_t>(i);
  return values;
}();
constexpr Values standard_values = values_of({standard_alphabet, 64}), url_values = values_of({url_alphabet, 64});

// Half as many octets as there are digits. False: a character is no digit. Digits are as good as random: every branch on
// one would be guessed wrong half the time, and ids are on the way of each answer.
bool decode_hex(std::string_view hex, const Values& values, std::uint8_t* to) {
  int wrong = 0;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = values[static_cast<unsigned char>(hex[i])], low = values[static_cast<unsigned char>(hex[i + 1])];
    wrong |= high | low;  // negative where either is
    *to++ = static_cast<std::uint8_t>(high << 4 | low);
  }
  return wrong >= 0;
}

std::string encode64(View bytes, const char* alphabet, bool padded) {
  std::string out((bytes.size() + 2) / 3 * 4, '=');
  char* to = out.data();
  const auto put = [&](std::uint32_t group, unsigned digits) {
    for (unsigned digit = 0; digit < digits; ++digit) *to++ = alphabet[group >> (18 - 6 * digit) & 0x3f];
  };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) put(std::uint32_t{bytes[i]} << 16 | std::uint32_t{bytes[i + 1]} << 8 | bytes[i + 2], 4);
  if (const std::size_t left = bytes.size() - i; left > 0)
    put(std::uint32_t{bytes[i]} << 16 | (left > 1 ? std::uint32_t{bytes[i + 1]} << 8 : 0), static_cast<unsigned>(left) + 1);
  if (!padded) out.resize(static_cast<std::size_t>(to - out.data()));
  return out;
}

// The digits without padding. RFC 4648 section 3.5: bits that no octet takes must be zero.
Result<Bytes> decode64(std::string_view digits, const Values& values) {
  if (digits.size() % 4 == 1) return fail(Code::malformed, "base64: impossible length");
  Bytes out;
  out.reserve(digits.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : digits) {
    const int value = values[static_cast<unsigned char>(c)];
    if (value < 0) return fail(Code::malformed, "base64: a character outside its alphabet");
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<std::uint8_t>(bits >> count));
      bits &= (1u << count) - 1;
    }
  }
  if (bits != 0) return fail(Code::malformed, "base64: stray bits at the end");
  return out;
}

}  // namespace

bool equal(View a, View b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

std::string to_hex(View bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out.push_back(hex_digits[byte >> 4]);
    out.push_back(hex_digits[byte & 0xf]);
  }
  return out;
}

Result<Bytes> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return fail(Code::malformed, "hex: an odd number of digits");
  Bytes out(hex.size() / 2);
  if (!decode_hex(hex, hex_values, out.data())) return fail(Code::malformed, "hex: a character that is no digit");
  return out;
}

Result<Digest> digest_from_hex(std::string_view hex) {
  if (hex.size() != 64) return fail(Code::malformed, "digest: expected 64 hex digits, found " + std::to_string(hex.size()));
  Digest digest;
  if (!decode_hex(hex, hex_values, digest.data())) return fail(Code::malformed, "hex: a character that is no digit");
  return digest;
}

bool digest_from_lowercase_hex(std::string_view hex, Digest& digest) {
  return hex.size() == 2 * digest.size() && decode_hex(hex, lowercase_values, digest.data());
}

std::string to_base64(View bytes) { return encode64(bytes, standard_alphabet, true); }
std::string to_base64url(View bytes) { return encode64(bytes, url_alphabet, false); }

Result<Bytes> from_base64(std::string_view base64) {
  if (base64.size() % 4 != 0) return fail(Code::malformed, "base64: its length is no multiple of four");
  for (int padding = 0; padding < 2 && base64.ends_with('='); ++padding) base64.remove_suffix(1);
  return decode64(base64, standard_values);
}

Result<Bytes> from_base64url(std::string_view base64url) { return decode64(base64url, url_values); }

void append_u64(Bytes& to, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint64_t read_u64(View eight_bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | eight_bytes[i];
  return value;
}

// RFC 3629 section 4.
namespace {

// All octets between these: what most texts are, told apart without a branch for each.
bool is_between(std::string_view text, unsigned char low, unsigned char high) {
  bool beyond = false;
  for (const char c : text) beyond |= static_cast<unsigned char>(c) < low || static_cast<unsigned char>(c) > high;
  return !beyond;
}

}  // namespace

bool is_utf8(std::string_view text) {
  if (is_between(text, 0, 0x7f)) return true;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3
                               : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
    if (length == 0 || length > text.size() - i) return false;
    for (std::size_t tail = 1; tail < length; ++tail) {
      const auto octet = static_cast<unsigned char>(text[i + tail]);
      unsigned char low = 0x80, high = 0xbf;
      if (tail == 1) {  // shortest form, no surrogates, nothing beyond U+10FFFF
        if (lead == 0xe0) low = 0xa0;
        if (lead == 0xed) high = 0x9f;
        if (lead == 0xf0) low = 0x90;
        if (lead == 0xf4) high = 0x8f;
      }
      if (octet < low || octet > high) return false;
    }
    i += length;
  }
  return true;
}

bool is_clean_text(std::string_view text, std::string_view allowed_controls) {
  if (is_between(text, 0x20, 0x7e)) return true;
  if (!is_utf8(text)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    const bool c1 = octet == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if ((octet < 0x20 || octet == 0x7f || c1) && allowed_controls.find(text[i]) == allowed_controls.npos) return false;
  }
  return true;
}

}  // namespace cm4it
