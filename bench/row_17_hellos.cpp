// TLS hellos without end, from one address: what others notice over connections that stand, and of handshakes of their own.
#include <fmt/format.h>

#include <chrono>

#include "flood.h"
#include "hello_flood.h"
#include "row_17.h"

namespace cm4it::bench {
namespace {

constexpr std::size_t threads = 16;

struct Hellos {
  std::string what;
  Bytes octets;
};

Result<void> beside(const Setup& setup, const Doors& doors, const Hellos& hellos) {
  const std::string url = doors.plant.devices_url(doors.ids.back());
  const auto options = speaking_to(doors.plant.field);
  const auto began = std::chrono::steady_clock::now();
  std::optional<HelloFlood> flood;
  if (!hellos.octets.empty()) flood.emplace(threads, doors.plant.field_https, hellos.octets);
  TRY(const auto standing, answer_times(url, setup.seconds, options));
  TRY(const auto anew, answer_times(url, setup.seconds, options, Connections::one_each));
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began;
  const std::string what = flood ? fmt::format("{:.0f} {}", static_cast<double>(flood->sent()) / passed.count(), hellos.what) : hellos.what;
  setup.report(Row{17, "a verdict over HTTPS beside " + what + ": p99", "ms", quantile(standing, 0.99), "", {}, {}, {}}.at_most(answered_within_ms));
  setup.report({17, "… with a handshake for each: p99", "ms", quantile(anew, 0.99), "", {}, {}, {}});
  return {};
}

}  // namespace

Result<void> hellos(const Setup& setup, const Doors& doors) {
  TRY(auto large, client_hello("ffdhe8192"));
  TRY(auto usual, client_hello("X25519:P-256"));
  Bytes junk = usual;
  for (std::size_t i = 5; i < junk.size(); ++i) junk[i] = static_cast<std::uint8_t>(i * 37);  // behind the head of its record
  CHECK_OK(beside(setup, doors, {"nothing", {}}));
  CHECK_OK(beside(setup, doors, {"hellos a second with a share for ffdhe8192", std::move(large)}));
  CHECK_OK(beside(setup, doors, {"hellos a second that are answered, with a signature each", std::move(usual)}));
  return beside(setup, doors, {"records of junk a second", std::move(junk)});
}

}  // namespace cm4it::bench
