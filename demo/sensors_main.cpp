// demo-sensors: many sensors of the demo in one process, a few threads for all.
#include <signal.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>
#include <thread>

#include "apps/ics/files.h"
#include "apps/ics/key_source.h"
#include "sensor.h"

namespace {

using namespace cm4it;

struct Options {
  std::string keys, gateway, ics, ics_key, domain, token;
  unsigned threads = 8, interval_ms = 1000, retry_ms = 1000;
};

Result<std::vector<crypto::SignerPtr>> load_keys(const std::string& file) {
  TRY(const auto text, ics::read_file(file));
  std::istringstream lines(text);
  std::vector<crypto::SignerPtr> keys;
  for (std::string path; std::getline(lines, path);) {
    TRY(auto key, crypto::load_key(path));
    keys.push_back(std::move(key));
  }
  return keys;
}

// Each sensor in its turn, for as long as the process lives.
[[noreturn]] void work(std::vector<std::unique_ptr<demo::Sensor>> sensors) {
  for (;;) {
    auto& next = *std::min_element(sensors.begin(), sensors.end(),
                                   [](const auto& a, const auto& b) { return a->next_act() < b->next_act(); });
    std::this_thread::sleep_until(next->next_act());
    next->act();
  }
}

Result<void> run(const Options& options) {
  TRY(const auto keys, load_keys(options.keys));
  TRY(auto ics_key, ics::public_key_from(options.ics_key));
  demo::FieldIcs field(options.ics, ics_key, options.domain);
  demo::SensorOptions each;
  const auto colon = options.gateway.rfind(':');
  if (colon == std::string::npos) return fail(Code::malformed, "--gateway: ADDRESS:PORT expected");
  each.gateway_host = options.gateway.substr(0, colon);
  each.gateway_port = static_cast<std::uint16_t>(std::stoul(options.gateway.substr(colon + 1)));
  each.interval = std::chrono::milliseconds(options.interval_ms);
  each.retry = std::chrono::milliseconds(options.retry_ms);
  if (!options.token.empty()) {
    TRY(const auto text, ics::read_file(options.token));
    each.shown_token = to_bytes(view(text));
  }
  std::vector<std::vector<std::unique_ptr<demo::Sensor>>> shares(std::min<std::size_t>(options.threads, keys.size()));
  for (std::size_t i = 0; i < keys.size(); ++i)
    shares[i % shares.size()].push_back(std::make_unique<demo::Sensor>(keys[i], each, field));
  std::vector<std::jthread> threads;
  for (auto& share : shares) threads.emplace_back([&share] { work(std::move(share)); });
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
  CLI::App app{"demo-sensors: sensors that report to a gateway"};
  Options options;
  app.add_option("--keys", options.keys, "a file with the path of a private key per line: a sensor each")->required();
  app.add_option("--gateway", options.gateway, "ADDRESS:PORT")->required();
  app.add_option("--ics", options.ics, "the infield ICS's URL")->required();
  app.add_option("--ics-key", options.ics_key, "that server's public key: a file or base64")->required();
  app.add_option("--domain", options.domain, "the domain they work in")->required();
  app.add_option("--token", options.token, "show this token (a file) instead of their own");
  app.add_option("--threads", options.threads)->check(CLI::Range(1, 64));
  app.add_option("--interval", options.interval_ms, "milliseconds between readings");
  app.add_option("--retry", options.retry_ms, "milliseconds after a refusal");
  CLI11_PARSE(app, argc, argv);
  if (auto done = run(options); !done) {
    std::fprintf(stderr, "demo-sensors: %s\n", done.error().message.c_str());
    return 3;
  }
  return 0;
}
