// Row 1: a verdict or an identity over HTTP, a random one of many, beside nginx and a file of the same size; several event loops
// beside one.
#include <fmt/format.h>

#include <vector>

#include "http_load.h"
#include "net/http/client.h"
#include "row_1.h"

namespace cm4it::bench {
namespace {

Result<std::size_t> size_of(const std::string& url) {
  TRY(const auto reply, net::HttpClient().get(url));
  if (reply.status != 200) return fail(Code::unavailable, fmt::format("{}: status {}", url, reply.status));
  return reply.body.size();
}

// First each answer is folded from what is stored; that is told too. Then all are asked for once, so that what is
// measured is not the first look at each.
Result<void> warm(const Setup& setup, const Home& home, const std::string& what, const std::string& after) {
  Load load{home.url(), "/v1/subjects/key:", after, home.ids(), 1, 1, true};
  TRY(const auto cold, put_under_load(setup, load, client_core));
  setup.report({1, what + " over HTTP, folded anew", "/s", cold.per_second, "", {}, {}, {}});
  load.seconds = 1 + 1.5 * static_cast<double>(setup.size) / cold.per_second;
  CHECK_OK(put_under_load(setup, load, client_core));
  return {};
}

Result<void> compare(const Setup& setup, const Home& home, const Nginx& nginx, const std::string& what, const std::string& after,
                     unsigned pipelined, double to_reach) {
  Load ours{home.url(), "/v1/subjects/key:", after, home.ids(), pipelined, setup.seconds};
  Load peers{nginx.url(), "/subject.json?key:", "", home.ids(), pipelined, setup.seconds};
  Series mine, theirs;
  for (int round = 0; round < setup.rounds; ++round) {
    CHECK_OK(mine.add(put_under_load(setup, ours, client_core)));
    CHECK_OK(theirs.add(put_under_load(setup, peers, client_core)));
  }
  const std::string name = pipelined > 1 ? fmt::format("{} over HTTP, {} pipelined", what, pipelined) : what + " over HTTP";
  Row row{1, name, "/s", median(mine.per_second), "nginx, file", median(theirs.per_second), {}, {}};
  setup.report(row.at_least(to_reach));
  setup.report({1, name + ": p99", "ms", median(mine.p99), "nginx, file", median(theirs.p99), {}, {}});
  return {};
}

Result<void> over_http(const Setup& setup, const Home& home) {
  const auto pinned = std::make_unique<OnCore>(server_core);
  TRY(auto icsd, start_icsd(setup, home.directory));
  CHECK_OK(until_ready(home.url("/readyz")));
  TRY(const auto first, read_ids(home, 1));
  TRY(const auto octets, size_of(home.url("/v1/subjects/key:" + first.at(0) + "/verdict")));
  TRY(const auto root, Nginx::one_file(setup, 600));
  TRY(const auto nginx, Nginx::start(setup, {.root = root}));
  setup.note(fmt::format("a verdict is {} octets, nginx's file 600", octets));
  for (const auto& [what, after] : {std::pair{"verdict", "/verdict"}, std::pair{"identity", ""}}) {
    CHECK_OK(warm(setup, home, what, after));
    CHECK_OK(compare(setup, home, nginx, what, after, 1, 1.4));
    CHECK_OK(compare(setup, home, nginx, what, after, 16, 5));
  }
  icsd->stop();
  return {};
}

}  // namespace

Result<void> row_1(const Setup& setup) {
  TRY(const auto home, populated_home(setup));
  CHECK_OK(over_http(setup, home));
  return several_loops(setup, home);
}

}  // namespace cm4it::bench
