// Rows 2 and 3: HKP get of a certificate, a random one of many, over HTTP beside SKS with the same certificates and nginx
// with the same octets as files; over HTTPS beside nginx.
#include <fmt/format.h>

#include <fstream>

#include "http_load.h"
#include "import_run.h"
#include "net/http/client.h"
#include "sks.h"

namespace cm4it::bench {
namespace {

constexpr unsigned digits = 40;
constexpr const char* look_up = "/pks/lookup?op=get&options=mr&search=0x";

Load ours(const Setup& setup, const Dump& dump, const std::string& url) { return {url, look_up, "", dump.fingerprints, 1, setup.seconds, false, digits}; }

// nginx's files: each certificate's answer, under its fingerprint. All have been asked for once then.
Result<fs::path> answers_as_files(const Setup& setup, const Home& home, const Dump& dump) {
  const fs::path root = setup.directory / fmt::format("answers-{}", dump.certificates);
  fs::create_directories(root);
  std::ifstream in(dump.fingerprints);
  net::HttpClient client;
  for (std::string fingerprint; std::getline(in, fingerprint);) {
    const fs::path file = root / fingerprint;
    TRY(const auto reply, client.get(home.url(look_up + fingerprint)));
    if (reply.status != 200) return fail(Code::unavailable, fmt::format("{}: status {}", fingerprint, reply.status));
    if (!fs::exists(file)) std::ofstream(file) << reply.body;
  }
  return root;
}

// The first request for each is answered out of the store; that is told too. Then all are ready.
Result<void> warm(const Setup& setup, int row, const std::string& what, Load load, std::size_t certificates) {
  load.in_turn = true;
  load.seconds = 1;
  TRY(const auto cold, put_under_load(setup, load, client_core));
  setup.report({row, what + ", put together anew", "/s", cold.per_second, "", {}, {}, {}});
  load.seconds = 1 + 1.5 * static_cast<double>(certificates) / cold.per_second;
  return Series().add(put_under_load(setup, load, client_core));
}

struct Peer {
  std::string name;
  Load load;
  double to_reach;  // 0: for information
};

Result<void> compare(const Setup& setup, int row, const std::string& what, const Load& load, const std::vector<Peer>& peers) {
  Series mine;
  std::vector<Series> theirs(peers.size());
  for (int round = 0; round < setup.rounds; ++round) {
    CHECK_OK(mine.add(put_under_load(setup, load, client_core)));
    for (std::size_t i = 0; i < peers.size(); ++i) CHECK_OK(theirs[i].add(put_under_load(setup, peers[i].load, client_core)));
  }
  for (std::size_t i = 0; i < peers.size(); ++i) {
    Row rate{row, what, "/s", median(mine.per_second), peers[i].name, median(theirs[i].per_second), {}, {}};
    setup.report(peers[i].to_reach > 0 ? rate.at_least(peers[i].to_reach) : rate);
    setup.report({row, what + ": p99", "ms", median(mine.p99), peers[i].name, median(theirs[i].p99), {}, {}});
  }
  return {};
}

struct Served {
  Dump dump;
  Home home;
  std::unique_ptr<demo::Process> icsd;
};

Result<Served> serve(const Setup& setup) {
  Served served;
  TRY(served.dump, make_dump(setup, setup.size));
  TRY(served.home, populated_keyserver(setup, served.dump));
  const OnCore pinned(server_core);
  TRY(served.icsd, start_icsd(setup, served.home.directory));
  CHECK_OK(until_ready(served.home.url("/readyz")));
  return served;
}

}  // namespace

Result<void> row_2(const Setup& setup) {
  TRY(const auto served, serve(setup));
  const Dump& dump = served.dump;
  const Load load = ours(setup, dump, served.home.url());
  CHECK_OK(warm(setup, 2, "HKP get over HTTP", load, dump.certificates));
  TRY(const auto root, answers_as_files(setup, served.home, dump));
  const fs::path first = fs::directory_iterator(root)->path();
  TRY(const auto one_file, Nginx::one_file(setup, fs::file_size(first)));
  const auto pinned = std::make_unique<OnCore>(server_core);
  const std::string type = "application/pgp-keys";
  TRY(const auto sks, Sks::start(setup, dump));
  if (sks.certificates_per_second() > 0)
    setup.report({2, "sks build, for information", "/s", sks.certificates_per_second(), "", {}, {}, {}});
  const auto compare_with = [&](const std::string& name, const Load& theirs, double to_reach) {
    return compare(setup, 2, "HKP get over HTTP", load, {{name, theirs, to_reach}});
  };
  Load theirs = load;
  theirs.url = sks.url();
  CHECK_OK(compare_with("SKS", theirs, 0));
  theirs.before = "/";
  {
    TRY(const auto nginx, Nginx::start(setup, {root, dump.certificates, false, type}));
    theirs.url = nginx.url();
    theirs.in_turn = true;
    theirs.seconds = 4;
    CHECK_OK(put_under_load(setup, theirs, client_core));  // all are open and in memory
    theirs.in_turn = false;
    theirs.seconds = setup.seconds;
    CHECK_OK(compare_with("nginx, the same as files", theirs, 1.2));
  }
  TRY(const auto nginx, Nginx::start(setup, {one_file, 1, false, type}));
  theirs.url = nginx.url();
  theirs.before = "/subject.json?";
  return compare_with("nginx, one file", theirs, 1.2);
}

Result<void> row_3(const Setup& setup) {
  TRY(const auto served, serve(setup));
  const Dump& dump = served.dump;
  const Load load = ours(setup, dump, "https://127.0.0.1:" + std::to_string(served.home.https));
  CHECK_OK(warm(setup, 3, "HKP get over HTTPS", load, dump.certificates));
  TRY(const auto root, answers_as_files(setup, served.home, dump));
  const auto pinned = std::make_unique<OnCore>(server_core);
  TRY(const auto nginx, Nginx::start(setup, {root, dump.certificates, true, "application/pgp-keys"}));
  Load theirs = load;
  theirs.url = nginx.url();
  theirs.before = "/";
  theirs.in_turn = true;
  CHECK_OK(put_under_load(setup, theirs, client_core));
  theirs.in_turn = false;
  return compare(setup, 3, "HKP get over HTTPS", load, {{"nginx, the same as files", theirs, 1}});
}

}  // namespace cm4it::bench
