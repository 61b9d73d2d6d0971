// Row 15: killed in the midst of writing and reading, how soon it answers again.
#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "http_load.h"
#include "net/http/client.h"

namespace cm4it::bench {
namespace {

// New identities, batch after batch, until the server is gone.
void keep_submitting(const Home& home, std::size_t first, std::atomic<std::size_t>& taken) {
  const auto owner = crypto::load_key_file(home.directory / "owner.key");
  if (!owner) return;
  net::HttpClient client;
  for (std::size_t number = first;; taken += 200) {
    Bytes sequence;
    for (int i = 0; i < 200; ++i, ++number) {
      evidence::SubjectId subject;
      const auto statement = device_identity(number, home.domain, **owner, system_time(), subject);
      if (statement) append(sequence, *statement);
    }
    net::ClientRequest post;
    post.method = "POST";
    post.url = home.url("/v1/evidence");
    post.content_type = "application/cbor-seq";
    post.body = text(sequence);
    const auto reply = client.send(post);
    if (!reply || reply->status != 200) return;
  }
}

}  // namespace

Result<void> row_15(const Setup& setup) {
  TRY(const auto home, populated_home(setup));
  TRY(const auto ids, read_ids(home, 1));
  std::vector<double> ready, first_verdict;
  for (int round = 0; round < setup.rounds; ++round) {
    TRY(auto icsd, start_icsd(setup, home.directory));
    CHECK_OK(until_ready(home.url("/readyz")));
    std::atomic<std::size_t> taken{0};
    const auto first = static_cast<std::size_t>(std::chrono::system_clock::now().time_since_epoch().count());
    std::thread writer([&] { keep_submitting(home, first, taken); });
    const auto loaded = put_under_load(setup, {home.url(), "/v1/subjects/key:", "/verdict", home.ids(), 1, setup.seconds}, 1);
    icsd->kill();
    writer.join();
    CHECK_OK(loaded);
    if (taken == 0) return fail(Code::unavailable, "nothing was submitted before the server was killed");
    const auto began = Clock::now();
    TRY(auto again, start_icsd(setup, home.directory));
    CHECK_OK(until_ready(home.url("/readyz")));
    ready.push_back(since(began));
    TRY(const auto reply, net::HttpClient().get(home.url("/v1/subjects/key:" + ids[0] + "/verdict")));
    first_verdict.push_back(since(began));
    if (reply.status != 200) return fail(Code::unavailable, fmt::format("the first verdict has status {}", reply.status));
    setup.note(fmt::format("killed after {} further identities, ready after {:.3f} s", taken.load(), ready.back()));
    again->stop();
  }
  const std::string what = fmt::format("{} identities, after SIGKILL under load: ", figure(static_cast<double>(setup.size)));
  setup.report(Row{15, what + "start to /readyz", "s", median(ready), "", {}, {}, {}}.at_most(1));
  setup.report({15, what + "to the first verdict", "s", median(first_verdict), "", {}, {}, {}});
  return {};
}

}  // namespace cm4it::bench
