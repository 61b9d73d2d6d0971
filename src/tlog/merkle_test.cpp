#include "tlog/merkle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <map>

#include "crypto/digest.h"

namespace cm4it::tlog {
namespace {

namespace json = boost::json;

Digest leaf(std::uint64_t i) { return leaf_hash(view("leaf " + std::to_string(i))); }

// RFC 9162 section 2.1.1, word for word: MTH(D[begin:end]).
Digest definition(std::uint64_t begin, std::uint64_t end) {
  if (begin == end) return crypto::sha256(View{});
  if (end - begin == 1) return leaf(begin);
  std::uint64_t k = 1;
  while (2 * k < end - begin) k *= 2;
  return node_hash(definition(begin, begin + k), definition(begin + k, end));
}

// A tree grown leaf by leaf, with every complete node kept, as a log keeps them.
struct Tree {
  CompactRange range;
  std::map<std::pair<unsigned, std::uint64_t>, Digest> nodes;

  explicit Tree(std::uint64_t size) {
    for (std::uint64_t i = 0; i < size; ++i)
      range.append(leaf(i), [&](unsigned level, std::uint64_t index, const Digest& hash) {
        EXPECT_TRUE(nodes.emplace(std::pair{level, index}, hash).second) << "a node is complete once";
      });
  }
  NodeReader reader() const {
    return [this](unsigned level, std::uint64_t index) -> Result<Digest> {
      const auto found = nodes.find({level, index});
      if (found == nodes.end()) return fail(Code::not_found, "node " + std::to_string(level) + "/" + std::to_string(index));
      return found->second;
    };
  }
};

constexpr std::uint64_t largest = 70;

TEST(Merkle, HashesAreRfc9162s) {
  EXPECT_EQ(to_hex(empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(leaf_hash({})), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  // Certificate Transparency's reference tree of eight leaves.
  const char* leaves[] = {"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  CompactRange range;
  for (const char* hex : leaves) range.append(leaf_hash(from_hex(hex).value()));
  EXPECT_EQ(to_hex(range.root()), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

TEST(Merkle, RootsAreTheDefinitions) {
  for (std::uint64_t size = 0; size <= largest; ++size) {
    const Tree tree(size);
    EXPECT_EQ(tree.range.size(), size);
    EXPECT_EQ(tree.range.root(), definition(0, size)) << size;
    for (const auto& [at, hash] : tree.nodes) EXPECT_EQ(hash, definition(at.second << at.first, (at.second + 1) << at.first));
    const auto again = read_range(size, tree.reader());
    ASSERT_TRUE(again) << size;
    EXPECT_EQ(again->peaks(), tree.range.peaks());
    EXPECT_EQ(again->root(), tree.range.root());
  }
}

TEST(Merkle, EveryLeafIsProvenInEveryTree) {
  const Tree tree(largest);
  for (std::uint64_t size = 1; size <= largest; ++size) {
    const Digest root = definition(0, size);
    for (std::uint64_t index = 0; index < size; ++index) {
      const auto path = inclusion_path(index, size, tree.reader());
      ASSERT_TRUE(path) << index << " of " << size << ": " << path.error().message;
      EXPECT_EQ(root_from_inclusion(leaf(index), index, size, *path).value(), root) << index << " of " << size;
      // The path of one leaf proves no other leaf, nor this leaf elsewhere or in a tree of another size.
      const auto elsewhere = root_from_inclusion(leaf(index), index ^ 1, size, *path);
      EXPECT_FALSE(size > 1 && elsewhere && *elsewhere == root) << index << " of " << size;
      auto longer = *path;
      longer.push_back(root);
      EXPECT_FALSE(root_from_inclusion(leaf(index), index, size, longer));
      if (!path->empty()) {
        auto shorter = *path;
        shorter.pop_back();
        EXPECT_FALSE(root_from_inclusion(leaf(index), index, size, shorter));
      }
    }
  }
}

TEST(Merkle, EveryTreeContinuesEveryEarlierOne) {
  const Tree tree(largest);
  for (std::uint64_t to = 1; to <= largest; ++to)
    for (std::uint64_t from = 1; from <= to; ++from) {
      const auto path = consistency_path(from, to, tree.reader());
      ASSERT_TRUE(path) << from << " to " << to << ": " << path.error().message;
      const Digest before = definition(0, from), after = definition(0, to);
      const auto checked = check_consistency(from, before, to, after, *path);
      ASSERT_TRUE(checked) << from << " to " << to << ": " << checked.error().message;
      Digest other = before;
      other[31] ^= 1;
      EXPECT_FALSE(check_consistency(from, other, to, after, *path)) << from << " to " << to;
      EXPECT_FALSE(check_consistency(from, before, to, other, *path)) << from << " to " << to;
      auto longer = *path;
      longer.push_back(after);
      EXPECT_FALSE(check_consistency(from, before, to, after, longer)) << from << " to " << to;
      for (std::size_t i = 0; i < path->size(); ++i) {
        auto changed = *path;
        changed[i][0] ^= 1;
        EXPECT_FALSE(check_consistency(from, before, to, after, changed)) << from << " to " << to << ", hash " << i;
      }
    }
}

TEST(Merkle, ArgumentsOutOfRange) {
  const Tree tree(5);
  EXPECT_EQ(inclusion_path(5, 5, tree.reader()).error().code, Code::malformed);
  EXPECT_EQ(inclusion_path(0, 0, tree.reader()).error().code, Code::malformed);
  EXPECT_EQ(consistency_path(0, 5, tree.reader()).error().code, Code::malformed);
  EXPECT_EQ(consistency_path(5, 4, tree.reader()).error().code, Code::malformed);
  EXPECT_EQ(CompactRange::from_peaks(5, {leaf(0)}).error().code, Code::malformed);
  EXPECT_EQ(CompactRange::from_peaks(0, {leaf(0)}).error().code, Code::malformed);
  EXPECT_EQ(root_from_inclusion(leaf(0), UINT64_MAX, UINT64_MAX, {}).error().code, Code::malformed);
  EXPECT_FALSE(root_from_inclusion(leaf(0), UINT64_MAX - 1, UINT64_MAX, {leaf(1)}));
  EXPECT_FALSE(check_consistency(5, tree.range.root(), 4, tree.range.root(), {}));
  EXPECT_TRUE(check_consistency(0, empty_root(), 5, tree.range.root(), {}));
  EXPECT_FALSE(check_consistency(0, empty_root(), 5, tree.range.root(), {leaf(0)}));
  EXPECT_FALSE(check_consistency(0, leaf(0), 5, tree.range.root(), {}));
  EXPECT_FALSE(check_consistency(0, leaf(0), 0, leaf(0), {}));
  EXPECT_FALSE(check_consistency(5, tree.range.root(), 5, leaf(0), {}));
  // A node that cannot be read is that error, not a proof.
  EXPECT_EQ(inclusion_path(0, 9, tree.reader()).error().code, Code::not_found);
  EXPECT_EQ(read_range(9, tree.reader()).error().code, Code::not_found);
}

json::object vectors(const char* name) {
  std::ifstream file(std::string(CM4IT_SHARED) + "/vectors/merkle/" + name);
  if (!file) return {};
  return json::parse(std::string{std::istreambuf_iterator<char>(file), {}}).as_object();
}

Result<Digest> digest(const json::value& value) {
  TRY(const Bytes bytes, from_base64(std::string_view(value.as_string())));
  if (bytes.size() != 32) return fail(Code::malformed, "no hash");
  Digest hash;
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

// Roots that are only compared need not be hashes there.
Result<Digest> root(const json::value& value) {
  TRY(const Bytes bytes, from_base64(std::string_view(value.as_string())));
  return bytes.size() == 32 ? digest(value) : leaf_hash(bytes);
}

Result<std::vector<Digest>> path(const json::value& value) {
  std::vector<Digest> hashes;
  if (value.is_array())
    for (const auto& one : value.as_array()) {
      TRY(hashes.emplace_back(), digest(one));
    }
  return hashes;
}

Result<void> inclusion(const json::object& test) {
  TRY(const Digest wanted, digest(test.at("root")));
  TRY(const Digest hash, digest(test.at("leafHash")));
  TRY(const auto proof, path(test.at("proof")));
  TRY(const Digest found, root_from_inclusion(hash, test.at("leafIdx").to_number<std::uint64_t>(),
                                              test.at("treeSize").to_number<std::uint64_t>(), proof));
  if (found != wanted) return fail(Code::malformed, "another root");
  return {};
}

Result<void> consistency(const json::object& test) {
  TRY(const Digest before, root(test.at("root1")));
  TRY(const Digest after, root(test.at("root2")));
  TRY(const auto proof, path(test.at("proof")));
  return check_consistency(test.at("size1").to_number<std::uint64_t>(), before, test.at("size2").to_number<std::uint64_t>(), after, proof);
}

// There it is an error to ask whether a tree continues the empty one; here the answer is yes.
constexpr std::string_view by_choice = "additional/size1-is-zero-and-size2-is-not-zero";

void expect_agreement(const char* file, Result<void> (*check)(const json::object&), std::size_t least) {
  const json::object tests = vectors(file);
  if (tests.empty()) GTEST_SKIP() << "vectors/merkle/" << file << " is not there";
  std::size_t good = 0;
  for (const auto& [name, value] : tests) {
    const bool wanted = !value.as_object().at("wantErr").as_bool();
    good += wanted;
    if (std::string_view(name) == by_choice) continue;
    EXPECT_EQ(check(value.as_object()).has_value(), wanted) << std::string_view(name);
  }
  EXPECT_GE(good, least);
  EXPECT_GT(tests.size(), 10 * good);
}

TEST(MerkleVectors, Inclusion) { expect_agreement("inclusion.json", inclusion, 5); }
TEST(MerkleVectors, Consistency) { expect_agreement("consistency.json", consistency, 5); }

}  // namespace
}  // namespace cm4it::tlog
