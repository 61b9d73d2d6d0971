#include "store/memory.h"

#include <array>

#include "base/guarded.h"
#include "base/mutex.h"
#include "store/checks.h"

// Each table is an immutable treap: a search tree by key and a heap by a hash of the key, which keeps it
// balanced. A change copies the nodes on its path and shares the rest, so a snapshot is one pointer and lives
// on its own.

namespace cm4it::store {
namespace {

struct Item {
  Bytes key;
  Bytes value;
};
struct Node;
using Tree = std::shared_ptr<const Node>;
struct Node {
  std::shared_ptr<const Item> item;
  std::size_t priority;
  Tree left;
  Tree right;
};

Tree make(const Node& from, Tree left, Tree right) {
  return std::make_shared<const Node>(Node{from.item, from.priority, std::move(left), std::move(right)});
}

// What lies below and above the key; the key itself is in neither.
std::pair<Tree, Tree> split(const Tree& tree, View key) {
  if (!tree) return {};
  const auto order = compare(key, tree->item->key);
  if (order == 0) return {tree->left, tree->right};
  if (order < 0) {
    auto [below, above] = split(tree->left, key);
    return {std::move(below), make(*tree, std::move(above), tree->right)};
  }
  auto [below, above] = split(tree->right, key);
  return {make(*tree, tree->left, std::move(below)), std::move(above)};
}

// Every key of `left` is below every key of `right`.
Tree join(const Tree& left, const Tree& right) {
  if (!left) return right;
  if (!right) return left;
  if (left->priority >= right->priority) return make(*left, left->left, join(left->right, right));
  return make(*right, join(left, right->left), right->right);
}

Tree put(const Tree& tree, const Node& added) {
  const View key = added.item->key;
  if (!tree || added.priority > tree->priority) {
    auto [below, above] = split(tree, key);
    return make(added, std::move(below), std::move(above));
  }
  const auto order = compare(key, tree->item->key);
  if (order == 0) return make(added, tree->left, tree->right);
  if (order < 0) return make(*tree, put(tree->left, added), tree->right);
  return make(*tree, tree->left, put(tree->right, added));
}

Tree remove(const Tree& tree, View key) {
  if (!tree) return tree;
  const auto order = compare(key, tree->item->key);
  if (order == 0) return join(tree->left, tree->right);
  if (order < 0) return make(*tree, remove(tree->left, key), tree->right);
  return make(*tree, tree->left, remove(tree->right, key));
}

const Item* find(const Tree& tree, View key) {
  const Node* node = tree.get();
  while (node) {
    const auto order = compare(key, node->item->key);
    if (order == 0) return node->item.get();
    node = (order < 0 ? node->left : node->right).get();
  }
  return nullptr;
}

// False: the visitor has had enough.
bool walk(const Node* node, const Range& range, const Visitor& visitor) {
  if (!node) return true;
  const Item& item = *node->item;
  const bool from_begin = compare(item.key, range.begin) >= 0;
  const bool before_end = range.end.empty() || compare(item.key, range.end) < 0;
  const Node* first = from_begin ? node->left.get() : nullptr;
  const Node* last = before_end ? node->right.get() : nullptr;
  if (range.backwards) std::swap(first, last);
  return walk(first, range, visitor) && (!from_begin || !before_end || visitor(item.key, item.value)) &&
         walk(last, range, visitor);
}

using Tables = std::array<Tree, table_count>;

class MemorySnapshot : public Snapshot {
 public:
  explicit MemorySnapshot(Tables tables) : tables_(std::move(tables)) {}

  Result<std::optional<View>> get(Table table, View key) const override {
    CHECK_OK(check_key(table, key));
    const Item* item = find(tables_[table], key);
    return item ? std::optional<View>(item->value) : std::nullopt;
  }

  Result<void> scan(Table table, const Range& range, const Visitor& visitor) const override {
    CHECK_OK(check_range(table, range));
    walk(tables_[table].get(), range, visitor);
    return {};
  }

 private:
  const Tables tables_;
};

class MemoryStore : public Store {
 public:
  Result<std::unique_ptr<Snapshot>> snapshot() const override {
    return std::make_unique<MemorySnapshot>(tables_.with([](const Tables& tables) { return tables; }));
  }

  Result<Commit> commit(const Batch& batch, View expected_head) override {
    CHECK_OK(check_batch(batch, expected_head));
    const Lock one_at_a_time(commits_);  // compared and set as one; readers go on
    Tables tables = tables_.with([](const Tables& current) { return current; });
    const Item* head = find(tables[head_table], head_key);
    if (compare(head ? View(head->value) : View(), expected_head) != 0) return Commit::conflict;
    for (const auto* write : in_order(batch)) {
      Tree& tree = tables[write->table];
      tree = write->value ? put(tree, node(write->key, *write->value)) : remove(tree, write->key);
    }
    if (!batch.head().empty()) tables[head_table] = put(tables[head_table], node(head_key, batch.head()));
    tables_.with([&](Tables& current) { current.swap(tables); });  // the old state goes outside the lock
    return Commit::done;
  }

 private:
  static Node node(const Bytes& key, const Bytes& value) {
    return {std::make_shared<const Item>(Item{key, value}), std::hash<std::string_view>()(text(key)), nullptr,
            nullptr};
  }

  Mutex commits_;
  Guarded<Tables> tables_;
};

}  // namespace

std::unique_ptr<Store> open_memory() { return std::make_unique<MemoryStore>(); }

}  // namespace cm4it::store
