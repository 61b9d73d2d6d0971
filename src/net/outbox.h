// The octets that a connection has still to write: small pieces are joined, large ones held by reference.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cm4it::net {

class Outbox {
 public:
  bool empty() const { return first_ == used_; }
  std::size_t size() const { return size_; }  // bytes

  // The string at the end, to append small things to; joined() must follow.
  std::string& tail() {
    if (used_ == 0 || pieces_[used_ - 1].shared || pieces_[used_ - 1].own.size() > join_below)
      next_piece().own.clear();
    return pieces_[used_ - 1].own;
  }
  void joined(std::size_t bytes) { size_ += bytes; }

  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    tail().append(bytes);
    size_ += bytes.size();
  }
  void append(std::string&& bytes) {
    if (bytes.size() <= join_below) return append(std::string_view(bytes));
    size_ += bytes.size();
    next_piece().own = std::move(bytes);
  }
  void append(std::shared_ptr<const std::string> bytes, std::size_t from) {
    if (bytes->size() - from <= join_below) return append(std::string_view(*bytes).substr(from));
    size_ += bytes->size() - from;
    Piece& piece = next_piece();
    piece.shared = std::move(bytes);
    piece.offset = from;
  }

  std::string_view front() const { return pieces_[first_].rest(); }
  std::size_t gather(std::span<iovec> into) const {
    std::size_t count = 0;
    for (std::size_t i = first_; i < used_ && count < into.size(); ++i, ++count) {
      std::string_view rest = pieces_[i].rest();
      into[count] = {const_cast<char*>(rest.data()), rest.size()};
    }
    return count;
  }

  void advance(std::size_t bytes) {
    size_ -= bytes;
    while (bytes > 0) {
      std::size_t step = std::min(bytes, pieces_[first_].rest().size());
      pieces_[first_].offset += step;
      bytes -= step;
      if (pieces_[first_].rest().empty()) pieces_[first_++].shared.reset();
    }
    if (empty()) clear();
  }
  void clear() {
    for (std::size_t i = 0; i < used_; ++i) pieces_[i].reset();
    first_ = used_ = size_ = 0;
  }

 private:
  static constexpr std::size_t join_below = 16 * 1024;

  struct Piece {
    std::string own;
    std::shared_ptr<const std::string> shared;
    std::size_t offset = 0;

    std::string_view rest() const { return std::string_view(shared ? *shared : own).substr(offset); }
    void reset() {
      if (own.capacity() > 16 * join_below) own = {};  // what was large once need not stay so
      own.clear();
      shared.reset();
      offset = 0;
    }
  };
  Piece& next_piece() {
    if (used_ == pieces_.size()) pieces_.emplace_back();
    return pieces_[used_++];
  }

  std::vector<Piece> pieces_;  // from used_ on: spare ones that keep their memory
  std::size_t first_ = 0, used_ = 0, size_ = 0;
};

}  // namespace cm4it::net
