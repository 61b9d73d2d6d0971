// SIGKILL under load, again and again: what was acknowledged is there with the same receipt, the log only grew, and nothing
// is half-written.
#include <atomic>
#include <random>

#include "icsd/server_process.h"
#include "tlog/tiles.h"

namespace cm4it::icsd::test {
namespace {

constexpr int rounds = 10;
constexpr unsigned senders = 4;
constexpr std::size_t audited_at_once = 500;

struct Acknowledged {
  Bytes evidence;
  std::string statement, index, time;
};

// What the senders know, and where they send.
struct Load {
  std::mutex mutex;
  std::string url;                         // empty: the server is being restarted
  std::vector<Acknowledged> acknowledged;
  std::map<std::uint64_t, tlog::Head> heads;  // every head seen, by size
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> number{0};
};

void note_head(Load& load, const std::string& note) {
  const auto head = tlog::open_checkpoint(note, ServerProcess::log_key()->public_key());
  ASSERT_TRUE(head) << head.error().message;
  std::lock_guard lock(load.mutex);
  const auto [known, fresh] = load.heads.emplace(head->size, *head);
  EXPECT_EQ(known->second.root, head->root) << "two roots of size " << head->size;
}

void acknowledge(Load& load, const std::vector<Bytes>& pieces, const net::Reply& reply) {
  const auto shown = object_of(reply.body);
  ASSERT_TRUE(shown.contains("items")) << reply.body;
  std::lock_guard lock(load.mutex);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto& item = shown.at("items").at(i);
    if (at(item, "result") != "received") continue;
    load.acknowledged.push_back({pieces[i], at(item, "statement"), at(item, "received/0/index"), at(item, "received/0/time")});
  }
}

void send(Load& load, unsigned seed) {
  std::mt19937 random(seed);
  net::HttpClient client;
  while (!load.done) {
    std::string url;
    {
      std::lock_guard lock(load.mutex);
      url = load.url;
    }
    if (url.empty()) {
      std::this_thread::sleep_for(2ms);
      continue;
    }
    std::vector<Bytes> pieces;
    for (auto i = 1 + random() % 20; i > 0; --i) pieces.push_back(endorsement(load.number++));
    // No answer: nothing is known of these pieces.
    if (const auto reply = ServerProcess::post(client, url, pieces)) acknowledge(load, pieces, *reply);
    if (const auto note = client.get(url + "/log/plant.example/checkpoint"); note && note->status == 200) note_head(load, note->body);
  }
}

struct Kill : testing::Test {
  // Submitted once more, everything acknowledged is answered with the receipt it had.
  void audit_acknowledged(std::size_t from) {
    net::HttpClient client;
    for (std::size_t begin = from; begin < load.acknowledged.size(); begin += audited_at_once) {
      const auto end = std::min(load.acknowledged.size(), begin + audited_at_once);
      std::vector<Bytes> pieces;
      for (std::size_t i = begin; i < end; ++i) pieces.push_back(load.acknowledged[i].evidence);
      const auto reply = ServerProcess::post(client, server.url(), pieces);
      ASSERT_TRUE(reply) << reply.error().message;
      const auto shown = object_of(reply->body);
      for (std::size_t i = begin; i < end; ++i) {
        const auto& item = shown.at("items").at(i - begin);
        ASSERT_EQ(at(item, "new"), "false") << "lost: " << load.acknowledged[i].statement;
        ASSERT_EQ(at(item, "statement"), load.acknowledged[i].statement);
        ASSERT_EQ(at(item, "received/0/index"), load.acknowledged[i].index);
        ASSERT_EQ(at(item, "received/0/time"), load.acknowledged[i].time);
      }
    }
  }
  tlog::Head head() {
    const auto note = server.get("/log/plant.example/checkpoint");
    note_head(load, note.body);
    return *tlog::open_checkpoint(note.body, ServerProcess::log_key()->public_key());
  }
  // The tiles prove that every head seen before is a beginning of the present one.
  void audit_heads(const tlog::Head& now) {
    const auto nodes = tlog::nodes_of_tiles(now.size, [&](const tlog::TilePath& path) -> Result<Bytes> {
      const auto reply = server.get("/log/plant.example/" + tlog::format_tile_path(path));
      if (reply.status != 200) return fail(Code::not_found, tlog::format_tile_path(path) + ": " + reply.body);
      return to_bytes(view(reply.body));
    });
    EXPECT_GT(load.heads.size(), 2u) << "of heads seen under load";
    for (const auto& [size, earlier] : load.heads) {
      if (size == 0) continue;
      ASSERT_LE(size, now.size) << "the log went back";
      const auto path = tlog::consistency_path(size, now.size, nodes);
      ASSERT_TRUE(path) << path.error().message;
      const auto consistent = tlog::check_consistency(size, earlier.root, now.size, now.root, *path);
      ASSERT_TRUE(consistent) << size << " to " << now.size << ": " << consistent.error().message;
    }
  }
  // Every leaf is there, whole, and their tree is the head's.
  void audit_entries(const tlog::Head& now) {
    tlog::CompactRange tree;
    for (std::uint64_t begin = 0; begin < now.size; begin += tlog::tile_width) {
      const auto width = static_cast<unsigned>(std::min<std::uint64_t>(tlog::tile_width, now.size - begin));
      const auto bundle = server.get("/log/plant.example/" + tlog::format_tile_path({{}, begin / tlog::tile_width, width}));
      ASSERT_EQ(bundle.status, 200u) << bundle.body;
      View rest = view(bundle.body);
      for (unsigned i = 0; i < width; ++i) {
        const std::size_t size = rest[0] * 256u + rest[1];
        const View leaf = rest.subspan(2, size);
        ASSERT_TRUE(evidence::decode(Format::cose, leaf)) << "leaf " << begin + i;
        tree.append(tlog::leaf_hash(leaf));
        rest = rest.subspan(2 + size);
      }
      ASSERT_TRUE(rest.empty());
    }
    EXPECT_EQ(tree.root(), now.root);
  }
  // A COSE receipt proves the place that was acknowledged.
  void audit_receipt(const Acknowledged& one) {
    const auto reply = server.get("/v1/evidence/" + one.statement + "/receipt");
    ASSERT_EQ(reply.status, 200u) << reply.body;
    const auto receipt = tlog::decode_receipt(view(reply.body), tlog::leaf_hash(evidence::leaf_bytes(Format::cose, one.evidence)));
    ASSERT_TRUE(receipt) << receipt.error().message;
    EXPECT_EQ(std::to_string(receipt->index), one.index);
    EXPECT_EQ(to_rfc3339(receipt->batch.received), one.time);
    EXPECT_TRUE(tlog::verify_batch(receipt->batch, ServerProcess::log_key()->public_key()));
    EXPECT_EQ(server.get("/v1/evidence/" + one.statement).body, text(one.evidence));
  }

  ServerProcess server;
  Load load;
};

TEST_F(Kill, NothingAcknowledgedIsLost) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < senders; ++i) threads.emplace_back([this, mine = static_cast<unsigned>(random())] { send(load, mine); });
  std::size_t audited = 0;
  for (int round = 0; round < rounds && !HasFatalFailure(); ++round) {
    server.start();
    if (HasFatalFailure()) break;
    {
      std::lock_guard lock(load.mutex);
      load.url = server.url();
    }
    const std::size_t least = audited + 20;  // killed under load, not before it
    EXPECT_TRUE(eventually([&] {
      std::lock_guard lock(load.mutex);
      return load.acknowledged.size() >= least;
    })) << server.log();
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 300'000));  // the moment is the test
    server.kill();
    {
      std::lock_guard lock(load.mutex);
      load.url.clear();
    }
    // What is under way fails now; the books are quiet while they are audited.
    server.start();
    if (HasFatalFailure()) break;
    std::lock_guard lock(load.mutex);
    std::printf("round %d: %zu acknowledged\n", round + 1, load.acknowledged.size());
    audit_acknowledged(audited);
    audited = load.acknowledged.size();
    server.kill();
  }
  load.done = true;
  for (auto& thread : threads) thread.join();
  ASSERT_FALSE(HasFatalFailure());
  server.start();
  audit_acknowledged(0);
  const auto now = head();
  EXPECT_GE(now.size, load.acknowledged.size());
  audit_heads(now);
  audit_entries(now);
  for (int i = 0; i < 50 && !HasFatalFailure(); ++i) audit_receipt(load.acknowledged[random() % load.acknowledged.size()]);
  EXPECT_EQ(server.get("/readyz").status, 200u);
}

}  // namespace
}  // namespace cm4it::icsd::test
