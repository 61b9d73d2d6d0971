#include "tlog/tiles.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>

#include "crypto/digest.h"

namespace cm4it::tlog {
namespace {

constexpr std::size_t hash_bytes = 32;
constexpr std::size_t longest_entry = 65'535;

tl::unexpected<Error> bad_path() {
  return fail(Code::malformed, "tile path: expected tile/LEVEL/INDEX or tile/entries/INDEX", "C2SP tlog-tiles");
}

// "x001/x234/067"
std::string grouped(std::uint64_t index) {
  char group[8];
  std::snprintf(group, sizeof group, "%03u", static_cast<unsigned>(index % 1000));
  std::string text = group;
  for (index /= 1000; index > 0; index /= 1000) {
    std::snprintf(group, sizeof group, "x%03u/", static_cast<unsigned>(index % 1000));
    text = group + text;
  }
  return text;
}

template <class T>
bool number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

}  // namespace

std::string format_tile_path(const TilePath& path) {
  std::string text = "tile/" + (path.level ? std::to_string(*path.level) : std::string("entries")) + "/" + grouped(path.index);
  if (path.width < tile_width) text += ".p/" + std::to_string(path.width);
  return text;
}

Result<TilePath> parse_tile_path(std::string_view whole) {
  std::string_view text = whole;
  TilePath path;
  if (text.size() > 200 || !text.starts_with("tile/")) return bad_path();
  text.remove_prefix(5);
  const auto slash = text.find('/');
  if (slash == text.npos) return bad_path();
  if (const auto level = text.substr(0, slash); level != "entries") {
    unsigned value = 0;
    if (!number(level, value) || value > 7) return bad_path();
    path.level = value;
  }
  text.remove_prefix(slash + 1);
  if (const auto partial = text.find(".p/"); partial != text.npos) {
    if (!number(text.substr(partial + 3), path.width) || path.width == 0 || path.width >= tile_width) return bad_path();
    text = text.substr(0, partial);
  }
  for (;;) {
    const bool more = text.starts_with('x');
    std::uint64_t group = 0;
    if (more) text.remove_prefix(1);
    if (text.size() < 3 || !number(text.substr(0, 3), group) || path.index > UINT64_MAX / 1000 - 1) return bad_path();
    path.index = path.index * 1000 + group;
    text.remove_prefix(3);
    if (!more) break;
    if (!text.starts_with('/')) return bad_path();
    text.remove_prefix(1);
  }
  if (!text.empty() || format_tile_path(path) != whole) return bad_path();
  return path;
}

void append_entry(Bytes& bundle, View entry) {
  const bool whole = !entry.empty() && entry.size() <= longest_entry;
  const std::size_t length = whole ? entry.size() : 0;
  bundle.push_back(static_cast<std::uint8_t>(length >> 8));
  bundle.push_back(static_cast<std::uint8_t>(length));
  append(bundle, whole ? entry : View(crypto::sha256(entry)));
}

NodeReader nodes_of_tiles(std::uint64_t size, TileSource source) {
  auto fetched = std::make_shared<std::map<std::pair<unsigned, std::uint64_t>, Bytes>>();
  return [size, source = std::move(source), fetched](unsigned level, std::uint64_t index) -> Result<Digest> {
    const unsigned tile_level = level / 8, inside = level % 8;
    const std::uint64_t first = index << inside, count = std::uint64_t{1} << inside;
    const std::uint64_t complete = size >> (8 * tile_level);  // nodes of the tile's level in the whole tree
    const std::uint64_t at = first / tile_width;
    if (first + count > complete) return fail(Code::malformed, "proof: a node beyond the tree");
    auto [tile, fresh] = fetched->try_emplace({tile_level, at});
    if (fresh) {
      const auto width = static_cast<unsigned>(std::min<std::uint64_t>(tile_width, complete - at * tile_width));
      auto bytes = source({tile_level, at, width});
      if (!bytes || bytes->size() != width * hash_bytes) {
        fetched->erase(tile);
        if (!bytes) return tl::unexpected(std::move(bytes).error());
        return fail(Code::malformed, "tile: not " + std::to_string(width) + " hashes");
      }
      tile->second = std::move(*bytes);
    }
    std::vector<Digest> hashes(count);
    for (std::uint64_t i = 0; i < count; ++i)
      std::copy_n(tile->second.begin() + static_cast<std::ptrdiff_t>((first % tile_width + i) * hash_bytes), hash_bytes,
                  hashes[i].begin());
    for (; hashes.size() > 1; hashes.resize(hashes.size() / 2))
      for (std::size_t i = 0; i < hashes.size() / 2; ++i) hashes[i] = node_hash(hashes[2 * i], hashes[2 * i + 1]);
    return hashes[0];
  };
}

}  // namespace cm4it::tlog
