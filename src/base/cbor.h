// Deterministic CBOR (RFC 8949 section 4.2.1): the only CBOR that is written or accepted here.
// Shortest heads, definite lengths, map keys in bytewise order of their encoding and none twice,
// well-formed UTF-8; no floats, no simple values but false, true and null.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/budgets.h"
#include "base/bytes.h"
#include "base/result.h"

namespace cm4it {

enum class CborType : std::uint8_t { unsigned_int, negative_int, bytes, text, array, map, tag, simple };

// Writes items one after another. The caller writes as many items as it announced, map keys in order.
class CborWriter {
 public:
  CborWriter& uint(std::uint64_t value);
  CborWriter& integer(std::int64_t value);
  CborWriter& bytes(View value);
  CborWriter& text(std::string_view value);
  CborWriter& array(std::size_t items);
  CborWriter& map(std::size_t pairs);
  CborWriter& tag(std::uint64_t number);
  CborWriter& boolean(bool value);
  CborWriter& null();
  CborWriter& raw(View encoded_item);

  const Bytes& view() const { return out_; }
  Bytes take() { return std::move(out_); }

 private:
  void head(std::uint8_t major, std::uint64_t argument);
  Bytes out_;
};

// Reads items in order out of a buffer that outlives it; every view handed out lies in that buffer.
// Errors are Code::malformed (or too_large past budget::cbor_depth and `most_items`) and give
// the offset; they name the rule that was broken. After an error the reader is of no further use.
class CborReader {
 public:
  explicit CborReader(View input, std::size_t most_items = budget::cbor_items) : input_(input), most_items_(most_items) {}

  bool at_end() const { return position_ == input_.size(); }
  std::size_t position() const { return position_; }
  Result<CborType> peek() const;

  Result<std::uint64_t> uint();
  Result<std::int64_t> integer();
  Result<View> bytes();
  Result<std::string_view> text();
  Result<std::size_t> array();      // how many items follow
  Result<std::uint64_t> tag();
  Result<bool> boolean();
  Result<void> null();
  bool next_is_null() const;        // looks, consumes nothing
  Result<View> item();              // one whole item, checked throughout; its encoding

  // Calls field(key) once for each pair, positioned at the value, which field must consume.
  // Keys must be integers, in order and unique: map {1: …, 2: …, -1: …}.
  template <class F>
  Result<void> int_map(F&& field) {
    TRY(auto pairs, map());
    for (std::size_t i = 0; i < pairs; ++i) {
      TRY(auto key, map_key(i == 0));
      CHECK_OK(field(key));
    }
    leave();
    return {};
  }
  // The same for maps from text to something.
  template <class F>
  Result<void> text_map(F&& field) {
    TRY(auto pairs, map());
    for (std::size_t i = 0; i < pairs; ++i) {
      TRY(auto key, map_text_key(i == 0));
      CHECK_OK(field(key));
    }
    leave();
    return {};
  }

  // The input must be used up.
  Result<void> end() const;

 private:
  struct Head { std::uint8_t major; std::uint64_t argument; };
  Result<Head> head();
  Result<View> string(std::uint8_t major);
  Result<void> skip(std::size_t depth);
  Result<void> check_key_order(std::size_t begin, bool first);
  Result<std::size_t> map();
  Result<std::int64_t> map_key(bool first);
  Result<std::string_view> map_text_key(bool first);
  void leave();
  tl::unexpected<Error> broken(std::string rule) const;

  View input_;
  std::size_t most_items_;
  std::size_t position_ = 0;
  std::size_t items_ = 0;
  std::size_t depth_ = 0;
  // Where the previous key of each open map lies, to compare the next one with.
  struct Key { std::size_t begin = 0, end = 0; };
  std::vector<Key> keys_;
};

}  // namespace cm4it
