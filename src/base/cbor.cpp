#include "base/cbor.h"

#include "base/budgets.h"

namespace cm4it {
namespace {

enum Major : std::uint8_t { unsigned_major, negative_major, bytes_major, text_major, array_major, map_major, tag_major, simple_major };
constexpr std::uint64_t simple_false = 20, simple_true = 21, simple_null = 22;

}  // namespace

// RFC 8949 section 3: initial byte = major type (3 bits) and additional information (5 bits); section 4.2.1: the
// shortest form that holds the argument.
void CborWriter::head(std::uint8_t major, std::uint64_t argument) {
  const auto initial = static_cast<std::uint8_t>(major << 5);
  if (argument < 24) {
    out_.push_back(static_cast<std::uint8_t>(initial | argument));
    return;
  }
  const unsigned width = argument <= 0xff ? 0 : argument <= 0xffff ? 1 : argument <= 0xffffffff ? 2 : 3;
  out_.push_back(static_cast<std::uint8_t>(initial | (24 + width)));
  for (int shift = static_cast<int>(8u << width) - 8; shift >= 0; shift -= 8)
    out_.push_back(static_cast<std::uint8_t>(argument >> shift));
}

CborWriter& CborWriter::uint(std::uint64_t value) { return head(unsigned_major, value), *this; }

CborWriter& CborWriter::integer(std::int64_t value) {
  if (value >= 0) head(unsigned_major, static_cast<std::uint64_t>(value));
  else head(negative_major, ~static_cast<std::uint64_t>(value));  // -1 - n
  return *this;
}

CborWriter& CborWriter::bytes(View value) {
  head(bytes_major, value.size());
  append(out_, value);
  return *this;
}

CborWriter& CborWriter::text(std::string_view value) {
  head(text_major, value.size());
  append(out_, cm4it::view(value));
  return *this;
}

CborWriter& CborWriter::array(std::size_t items) { return head(array_major, items), *this; }
CborWriter& CborWriter::map(std::size_t pairs) { return head(map_major, pairs), *this; }
CborWriter& CborWriter::tag(std::uint64_t number) { return head(tag_major, number), *this; }
CborWriter& CborWriter::boolean(bool value) { return head(simple_major, value ? simple_true : simple_false), *this; }
CborWriter& CborWriter::null() { return head(simple_major, simple_null), *this; }

CborWriter& CborWriter::raw(View encoded_item) {
  append(out_, encoded_item);
  return *this;
}

tl::unexpected<Error> CborReader::broken(std::string rule) const {
  return fail(Code::malformed, "CBOR at octet " + std::to_string(position_) + ": " + std::move(rule),
              "RFC 8949 section 4.2.1");
}

Result<CborReader::Head> CborReader::head() {
  if (at_end()) return broken("the input ends where an item should begin");
  if (++items_ > most_items_)
    return fail(Code::too_large, "CBOR: more than " + std::to_string(most_items_) + " items");
  const std::uint8_t initial = input_[position_];
  const auto major = static_cast<std::uint8_t>(initial >> 5);
  const std::uint8_t info = initial & 0x1f;
  if (info < 24) {
    ++position_;
    return Head{major, info};
  }
  if (info > 27) return broken(info == 31 ? "indefinite length" : "reserved additional information");
  if (major == simple_major) return broken("floats and other simple values than false, true, null");
  const std::size_t width = std::size_t{1} << (info - 24);
  if (input_.size() - position_ - 1 < width) return broken("the input ends inside an item's head");
  std::uint64_t argument = 0;
  for (std::size_t i = 0; i < width; ++i) argument = argument << 8 | input_[position_ + 1 + i];
  const bool shortest = width == 1 ? argument >= 24 : (argument >> (4 * width)) != 0;
  if (!shortest) return broken("an argument that is not in its shortest form");
  position_ += 1 + width;
  return Head{major, argument};
}

Result<CborType> CborReader::peek() const {
  if (at_end()) return broken("the input ends where an item should begin");
  return static_cast<CborType>(input_[position_] >> 5);
}

bool CborReader::next_is_null() const { return !at_end() && input_[position_] == 0xf6; }

namespace {
constexpr const char* wanted[] = {"an unsigned integer", "a negative integer", "a byte string", "a text string",
                                  "an array",            "a map",              "a tag",         "a simple value"};
}

Result<std::uint64_t> CborReader::uint() {
  TRY(const Head found, head());
  if (found.major != unsigned_major) return broken(std::string("expected ") + wanted[unsigned_major]);
  return found.argument;
}

Result<std::int64_t> CborReader::integer() {
  TRY(const Head found, head());
  if (found.major > negative_major) return broken("expected an integer");
  if (found.argument > static_cast<std::uint64_t>(INT64_MAX)) return broken("an integer beyond 63 bits");
  const auto value = static_cast<std::int64_t>(found.argument);
  return found.major == unsigned_major ? value : -1 - value;
}

Result<View> CborReader::string(std::uint8_t major) {
  TRY(const Head found, head());
  if (found.major != major) return broken(std::string("expected ") + wanted[major]);
  if (found.argument > input_.size() - position_) return broken("a string longer than the input");
  const View value = input_.subspan(position_, found.argument);
  position_ += found.argument;
  return value;
}

Result<View> CborReader::bytes() { return string(bytes_major); }

Result<std::string_view> CborReader::text() {
  TRY(const View value, string(text_major));
  const auto found = cm4it::text(value);
  if (!is_utf8(found)) return broken("text that is not UTF-8");
  return found;
}

// Every item takes an octet at least: a count beyond what is left is refused before anything is reserved for it.
Result<std::size_t> CborReader::array() {
  TRY(const Head found, head());
  if (found.major != array_major) return broken(std::string("expected ") + wanted[array_major]);
  if (found.argument > input_.size() - position_) return broken("an array of more items than the input has octets");
  return static_cast<std::size_t>(found.argument);
}

Result<std::size_t> CborReader::map() {
  TRY(const Head found, head());
  if (found.major != map_major) return broken(std::string("expected ") + wanted[map_major]);
  if (found.argument > (input_.size() - position_) / 2) return broken("a map of more pairs than the input has octets");
  if (++depth_ > budget::cbor_depth)
    return fail(Code::too_large, "CBOR: nested deeper than " + std::to_string(budget::cbor_depth));
  keys_.push_back({});
  return static_cast<std::size_t>(found.argument);
}

void CborReader::leave() {
  --depth_;
  keys_.pop_back();
}

Result<std::uint64_t> CborReader::tag() {
  TRY(const Head found, head());
  if (found.major != tag_major) return broken(std::string("expected ") + wanted[tag_major]);
  return found.argument;
}

Result<bool> CborReader::boolean() {
  TRY(const Head found, head());
  if (found.major != simple_major || (found.argument != simple_false && found.argument != simple_true))
    return broken("expected false or true");
  return found.argument == simple_true;
}

Result<void> CborReader::null() {
  TRY(const Head found, head());
  if (found.major != simple_major || found.argument != simple_null) return broken("expected null");
  return {};
}

// RFC 8949 section 4.2.1: keys in the bytewise lexicographic order of their encodings.
Result<void> CborReader::check_key_order(std::size_t begin, bool first) {
  const Key key{begin, position_};
  if (!first) {
    const View before = input_.subspan(keys_.back().begin, keys_.back().end - keys_.back().begin);
    const View now = input_.subspan(key.begin, key.end - key.begin);
    const auto order = cm4it::text(before).compare(cm4it::text(now));
    if (order == 0) return broken("a map key twice");
    if (order > 0) return broken("map keys out of order");
  }
  keys_.back() = key;
  return {};
}

Result<std::int64_t> CborReader::map_key(bool first) {
  const std::size_t begin = position_;
  TRY(const auto key, integer());
  CHECK_OK(check_key_order(begin, first));
  return key;
}

Result<std::string_view> CborReader::map_text_key(bool first) {
  const std::size_t begin = position_;
  TRY(const auto key, text());
  CHECK_OK(check_key_order(begin, first));
  return key;
}

Result<View> CborReader::item() {
  const std::size_t begin = position_;
  CHECK_OK(skip(0));
  return input_.subspan(begin, position_ - begin);
}

Result<void> CborReader::skip(std::size_t depth) {
  if (depth > budget::cbor_depth)
    return fail(Code::too_large, "CBOR: nested deeper than " + std::to_string(budget::cbor_depth));
  TRY(const CborType type, peek());
  switch (type) {
    case CborType::unsigned_int:
    case CborType::negative_int: CHECK_OK(head()); return {};
    case CborType::bytes: CHECK_OK(bytes()); return {};
    case CborType::text: CHECK_OK(text()); return {};
    case CborType::tag: CHECK_OK(head()); return skip(depth + 1);
    case CborType::simple: {
      TRY(const Head found, head());
      if (found.argument < simple_false || found.argument > simple_null)
        return broken("floats and other simple values than false, true, null");
      return {};
    }
    case CborType::array: {
      TRY(const auto count, array());
      for (std::size_t i = 0; i < count; ++i) CHECK_OK(skip(depth + 1));
      return {};
    }
    case CborType::map: {
      TRY(const auto pairs, map());
      for (std::size_t i = 0; i < pairs; ++i) {
        const std::size_t begin = position_;
        CHECK_OK(skip(depth + 1));
        CHECK_OK(check_key_order(begin, i == 0));
        CHECK_OK(skip(depth + 1));
      }
      leave();
      return {};
    }
  }
  return broken("unknown major type");
}

Result<void> CborReader::end() const {
  if (!at_end()) return broken("octets after the end");
  return {};
}

}  // namespace cm4it
