// Event loops answer side by side: none takes a lock that another could hold.
#include <algorithm>
#include <thread>

#include "base/mutex.h"
#include "frontends/http/door_fixture.h"
#include "service/disk_for_test.h"

namespace cm4it::http {
namespace {

using namespace fixture;

// The connection of an event loop: takes an answer, keeps what is to be kept of it, and forgets it.
class Connection : public net::Exchange {
 public:
  explicit Connection(unsigned number) : loop(number) {}
  void answer(std::shared_ptr<net::Exchange>, net::Response&& response) override {
    if (response.on_loop) response.on_loop(loop), ++made;
    else if (response.ready) ++ready;
  }
  bool gone() const override { return false; }

  const unsigned loop;
  std::uint64_t ready = 0, made = 0;  // of the answers that were given on this thread
};

TEST(Doors, EventLoopsTakeNoLockForLookUps) {
  const OnDisk disk;
  Ics acme{"acme.example", pin("acme.example", "acme"), true, disk.store()};
  acme.submit_one(policy_evidence("acme", "acme.example", acme_policy(), *acme.clock));
  std::vector<std::string> paths;
  for (const std::string name : {"one", "two", "three"}) {
    ASSERT_FALSE(acme.submit_one(acme.say("acme", subject_of(name), device_identity(name))).error);
    for (const char* rest : {"", "/verdict"}) paths.push_back("/v1/subjects/" + subject_of(name).text() + rest);
  }
  const unsigned loops = std::max(2u, std::thread::hardware_concurrency());
  DoorOptions options;
  options.server_name = "main";
  options.ready = std::make_shared<service::ReadyAnswers>(acme.service->verdicts(), std::size_t{1} << 20, loops);
  Door door(*acme.service, std::move(options));
  const net::Handler handler = door.handler();

  std::atomic<unsigned> asking{0};
  std::atomic<bool> written{false};
  std::vector<std::uint64_t> asked(loops), locks(loops);
  std::vector<std::shared_ptr<Connection>> connections;
  for (unsigned loop = 0; loop < loops; ++loop) connections.push_back(std::make_shared<Connection>(loop));
  const auto ask_all = [&](unsigned loop) {
    for (const auto& path : paths) {
      net::Request request;
      request.method = "GET";
      request.target = request.path = path;
      request.loop = loop;
      handler(request, net::Responder(connections[loop]));
    }
    asked[loop] += paths.size();
  };
  std::vector<std::thread> threads;
  for (unsigned loop = 0; loop < loops; ++loop)
    threads.emplace_back([&, loop] {
      ask_all(loop);  // a thread's first snapshot is begun under a lock of LMDB's
      const auto before = locks_taken;
      ++asking, asking.notify_all();
      for (bool last = false; !last;) {
        last = written;  // then once more, of what was written last
        ask_all(loop);
      }
      locks[loop] = locks_taken - before;
    });
  for (unsigned now = asking; now < loops; now = asking) asking.wait(now);
  for (int i = 0; i < 10; ++i)
    EXPECT_FALSE(acme.submit_one(acme.say("acme", subject_of("one"), Endorse{"checked", std::to_string(i)})).error);
  written = true;
  for (auto& thread : threads) thread.join();
  for (unsigned loop = 0; loop < loops; ++loop) {
    EXPECT_EQ(locks[loop], 0u) << "loop " << loop;
    EXPECT_GT(connections[loop]->ready, 0u);
    EXPECT_GT(connections[loop]->made, paths.size()) << "none was made anew after a commit";
    EXPECT_EQ(connections[loop]->ready + connections[loop]->made, asked[loop]) << "some were not answered on the loop";
  }
}

}  // namespace
}  // namespace cm4it::http
