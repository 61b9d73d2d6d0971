#include "tlog/tiles.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "crypto/digest.h"
#include "tlog/checkpoint.h"

namespace cm4it::tlog {
namespace {

TEST(TilePath, ThereAndBack) {
  struct Case { const char* text; std::optional<unsigned> level; std::uint64_t index; unsigned width; };
  const Case cases[] = {{"tile/0/000", 0, 0, 256}, {"tile/0/000.p/1", 0, 0, 1}, {"tile/1/999", 1, 999, 256},
                        {"tile/0/x001/000", 0, 1000, 256}, {"tile/0/x001/x234/067", 0, 1234067, 256},
                        {"tile/0/x001/x234/067.p/255", 0, 1234067, 255}, {"tile/7/000.p/1", 7, 0, 1},
                        {"tile/entries/000", {}, 0, 256}, {"tile/entries/x001/x234/067.p/8", {}, 1234067, 8},
                        {"tile/0/x018/x446/x744/x073/x709/551", 0, 18446744073709551, 256}};
  for (const auto& [text, level, index, width] : cases) {
    EXPECT_EQ(format_tile_path({level, index, width}), text);
    const auto path = parse_tile_path(text);
    ASSERT_TRUE(path) << text;
    EXPECT_EQ(path->level, level) << text;
    EXPECT_EQ(path->index, index) << text;
    EXPECT_EQ(path->width, width) << text;
  }
}

TEST(TilePath, OneWayToWriteIt) {
  for (const char* bad : {"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000", "tile/0/x000/000",
                          "tile/0/x001", "tile/0/x001/", "tile/0/001/000", "tile/0/x001/x000", "tile/0/000/", "tile/00/000", "tile/8/000",
                          "tile/-1/000", "tile/+1/000", "tile/a/000", "tile/0/0 0", "tile/0/-01", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0",
                          "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/1/", "tile/0/000.p/1.p/1", "tile/0/000.q/1", "/tile/0/000",
                          "tile//000", "tile/entries", "tile/entries/0", "tile/Entries/000", "tile/0/..", "tile/0/x018/x446/x744/x073/x709/x551/615",
                          "tile/0/x999/x999/x999/x999/x999/x999/x999/999"})
    EXPECT_EQ(parse_tile_path(bad).error().code, Code::malformed) << bad;
  EXPECT_FALSE(parse_tile_path("tile/0/" + std::string(1000, 'x')));
}

TEST(EntryBundle, LengthsAndLongEntries) {
  Bytes bundle;
  append_entry(bundle, view("one"));
  EXPECT_EQ(to_hex(bundle), "00036f6e65");
  const Bytes longest(65'535, 7), longer(65'536, 7);
  bundle.clear();
  append_entry(bundle, longest);
  EXPECT_EQ(bundle.size(), 2 + longest.size());
  EXPECT_EQ(to_hex(View(bundle).first(2)), "ffff");
  bundle.clear();
  append_entry(bundle, longer);  // docs/formats/log.md: length 0, then what it hashes to
  EXPECT_EQ(to_hex(bundle), "0000" + to_hex(crypto::sha256(longer)));
}

Digest entry_hash(std::uint64_t i) { return leaf_hash(view("leaf " + std::to_string(i))); }

// The hash tiles of a tree, as a log serves them.
struct Tiles {
  std::map<std::pair<unsigned, std::uint64_t>, Bytes> tiles;
  CompactRange range;
  std::vector<std::string> asked;

  explicit Tiles(std::uint64_t size) {
    for (std::uint64_t i = 0; i < size; ++i)
      range.append(entry_hash(i), [&](unsigned level, std::uint64_t index, const Digest& hash) {
        if (level % 8 == 0) append(tiles[{level / 8, index / 256}], hash);
      });
  }
  TileSource source() {
    return [this](const TilePath& path) -> Result<Bytes> {
      asked.push_back(format_tile_path(path));
      const auto found = tiles.find({*path.level, path.index});
      if (found == tiles.end() || found->second.size() < 32u * path.width) return fail(Code::not_found, asked.back());
      return Bytes(found->second.begin(), found->second.begin() + 32 * path.width);
    };
  }
};

TEST(NodesOfTiles, ProveWhatTheTreeIs) {
  for (const std::uint64_t size : {1u, 2u, 255u, 256u, 257u, 600u, 1000u, 70'000u}) {
    Tiles log(size);
    const auto nodes = nodes_of_tiles(size, log.source());
    EXPECT_EQ(read_range(size, nodes)->root(), log.range.root()) << size;
    for (const std::uint64_t index : {std::uint64_t{0}, size / 2, size - 1}) {
      const auto path = inclusion_path(index, size, nodes);
      ASSERT_TRUE(path) << size << ": " << path.error().message;
      EXPECT_EQ(root_from_inclusion(entry_hash(index), index, size, *path).value(), log.range.root()) << index << " of " << size;
    }
    std::sort(log.asked.begin(), log.asked.end());
    EXPECT_EQ(std::adjacent_find(log.asked.begin(), log.asked.end()), log.asked.end()) << "a tile was fetched twice";
  }
}

TEST(NodesOfTiles, ConsistencyFromTiles) {
  Tiles log(1000);
  const auto nodes = nodes_of_tiles(1000, log.source());
  for (const std::uint64_t from : {1u, 255u, 256u, 300u, 512u, 999u}) {
    const auto path = consistency_path(from, 1000, nodes).value();
    EXPECT_TRUE(check_consistency(from, Tiles(from).range.root(), 1000, log.range.root(), path)) << from;
  }
}

TEST(NodesOfTiles, BadTilesAreErrors) {
  Tiles log(300);
  const auto cut = nodes_of_tiles(300, [&](const TilePath& path) -> Result<Bytes> {
    TRY(Bytes tile, log.source()(path));
    tile.pop_back();
    return tile;
  });
  EXPECT_EQ(cut(0, 0).error().code, Code::malformed);
  const auto nodes = nodes_of_tiles(300, log.source());
  EXPECT_EQ(nodes(0, 300).error().code, Code::malformed);
  EXPECT_EQ(nodes(8, 1).error().code, Code::malformed);
  EXPECT_EQ(nodes(3, 37).error().code, Code::malformed);  // leaves 296 to 303
  // A source that fails once is asked again.
  int asked = 0;
  const auto flaky = nodes_of_tiles(300, [&](const TilePath& path) -> Result<Bytes> {
    if (++asked == 1) return fail(Code::unavailable, "not now");
    return log.source()(path);
  });
  EXPECT_EQ(flaky(0, 0).error().code, Code::unavailable);
  EXPECT_EQ(flaky(0, 0).value(), entry_hash(0));
}

// A log of fifteen entries that others wrote.
TEST(NodesOfTiles, LogOfOthers) {
  const std::string folder = std::string(CM4IT_SHARED) + "/vectors/tlog/log/";
  const auto read = [&](const std::string& path) {
    std::ifstream file(folder + path, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  if (read("checkpoint.15").empty()) GTEST_SKIP() << "vectors/tlog is not there";
  for (std::uint64_t size = 1; size <= 15; ++size) {
    const auto nodes = nodes_of_tiles(size, [&](const TilePath& path) -> Result<Bytes> { return to_bytes(view(read(format_tile_path(path)))); });
    const Head head = read_checkpoint_body(read("checkpoint." + std::to_string(size))).value();
    ASSERT_EQ(head.size, size);
    EXPECT_EQ(read_range(size, nodes)->root(), head.root) << size;
    // The entries are the leaves, in our bundles' encoding.
    const std::string bundle = read(format_tile_path({{}, 0, static_cast<unsigned>(size)}));
    Bytes again;
    for (std::size_t at = 0, index = 0; at < bundle.size(); ++index) {
      const std::size_t length = static_cast<std::uint8_t>(bundle[at]) << 8 | static_cast<std::uint8_t>(bundle[at + 1]);
      const auto entry = std::string_view(bundle).substr(at + 2, length);
      EXPECT_EQ(leaf_hash(view(entry)), nodes(0, index).value()) << index << " of " << size;
      append_entry(again, view(entry));
      at += 2 + length;
    }
    EXPECT_EQ(text(again), bundle);
  }
}

}  // namespace
}  // namespace cm4it::tlog
