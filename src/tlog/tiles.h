// C2SP tlog-tiles: the paths and contents by which anyone can read a log over HTTP.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tlog/merkle.h"

namespace cm4it::tlog {

inline constexpr unsigned tile_width = 256;  // hashes of a full tile, entries of a full bundle

// "tile/L/N[.p/W]" or "tile/entries/N[.p/W]", N in groups of three digits, all but the last prefixed x.
struct TilePath {
  std::optional<unsigned> level;  // none: entries
  std::uint64_t index = 0;
  unsigned width = tile_width;    // 1 to 255 when partial
};
std::string format_tile_path(const TilePath& path);
// malformed unless it is the one way to write it.
Result<TilePath> parse_tile_path(std::string_view path);

// An entry bundle is entries one after another: u16 length, entry. An entry of more than 65,535 octets is written as a
// length of 0 and the SHA-256 of the entry (docs/formats/log.md).
void append_entry(Bytes& bundle, View entry);

// Nodes of a tree of `size` leaves, out of its hash tiles, fetched by `tile(level, index, width)`; each at most once.
using TileSource = std::function<Result<Bytes>(const TilePath& path)>;
NodeReader nodes_of_tiles(std::uint64_t size, TileSource tile);

}  // namespace cm4it::tlog
