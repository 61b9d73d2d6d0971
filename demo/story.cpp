#include "story.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <fstream>

#include "crypto/signer.h"

namespace cm4it::demo {

Story::Story(const Options& options) : options_(options) {
  stage_.explain = [this] { show_logs(); };
}

bool Story::play() {
  stage_.chapter("Five parties, each with a server of its own");
  found_the_parties();
  make_trust();
  stage_.chapter("1. The manufacturer says what it has made");
  import_real_manifest();
  make_devices();
  stage_.chapter("2. The developer publishes the identity of its code");
  publish_code();
  stage_.chapter("3. The integrator commissions what the plant has bought");
  commission();
  stage_.chapter("4. In the field: sensors and their gateway");
  if (!enter_the_field()) return stage_.finish();
  work_without_maintenance();
  stage_.chapter("5. Impostors");
  refuse_impostors();
  refuse_impostor_gateway();
  stage_.chapter("6. A sensor is stolen");
  report_theft();
  stage_.chapter("7. A model is certified, and suspended for a while; code grows old");
  certify_and_suspend();
  deprecate_code();
  stage_.chapter("8. The integrator is replaced");
  replace_integrator();
  stage_.chapter("9. A server is killed");
  survive_a_crash();
  return stage_.finish();
}

Devices Story::new_devices(const std::string& name, std::size_t count) const {
  Devices devices;
  const auto directory = options_.directory / "devices";
  std::filesystem::create_directories(directory);
  for (std::size_t i = 1; i <= count; ++i) {
    const auto file = directory / fmt::format("{}-{}.key", name, i);
    const auto key = crypto::generate(crypto::Algorithm::es256);
    const auto saved = key ? crypto::save_key_file(**key, file) : Result<void>(fail(Code::internal, "no key"));
    if (saved) devices.push_back({(*key)->public_key().id().text(), file});
  }
  if (devices.size() != count) stage_.expect("keys are made for " + name, fmt::format("{} of {}", devices.size(), count));
  return devices;
}

Arguments Story::field_arguments() const {
  return {"--ics", field_.url, "--ics-key", field_.file("server.key"), "--domain", field_.domain};
}

std::unique_ptr<Process> Story::start_sensors(const std::string& name, const Devices& devices, Arguments more) {
  const auto list = options_.directory / (name + ".list");
  std::ofstream file(list);
  for (const auto& device : devices) file << device.key.string() << "\n";
  file.close();
  // Many sensors that knock again all the time would be the load, not the story.
  const std::string retry = std::to_string(std::max<std::size_t>(500, 8 * devices.size()));
  Arguments arguments{options_.programs / "demo-sensors", "--keys", list, "--gateway", gateway_address_, "--retry", retry};
  for (auto& argument : field_arguments()) more.push_back(std::move(argument));
  arguments.insert(arguments.end(), more.begin(), more.end());
  auto started = Process::start(arguments, options_.directory / (name + ".log"));
  if (started) return std::move(*started);
  stage_.expect(name + " starts", started.error().message);
  return nullptr;
}

void Story::tell_how_to_go_on() const {
  const auto ics = (options_.programs / "ics").string();
  stage_.say(fmt::format("\nEverything is left running (Ctrl-C ends it), in {}. Try:", options_.directory.string()));
  stage_.say(fmt::format("  export ICS_DIR={}", plant_.directory.string()));
  stage_.say(fmt::format("  {} find --type device", ics));
  stage_.say(fmt::format("  {} why {}", ics, sensors_[0].id));
  stage_.say(
      fmt::format("  {} status {} stolen --key {}", ics, sensors_[2].id.substr(0, 20), plant_.file("ampere.key").string()));
  stage_.say(fmt::format("  tail -f {}", (options_.directory / "gateway.log").string()));
  for (const Party* party : {&acme_, &dev_, &tuev_, &plant_, &field_})
    stage_.say(fmt::format("  curl -k '{}/v1/domains'     # {}, {}", party->url, party->role, party->domain));
}

// The ends of the logs, for whoever looks for the cause of a failure: what servers warn of, and what the programs in the
// field said last.
void Story::show_logs() const {
  for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
    if (entry.path().extension() != ".log") continue;
    std::ifstream file(entry.path());
    std::deque<std::string> last;
    for (std::string line; std::getline(file, line);) {
      if (line.find("Z info ") != std::string::npos || line.starts_with("reading ")) continue;
      last.push_back(std::move(line));
      if (last.size() > 3) last.pop_front();
    }
    for (const auto& line : last) stage_.say(fmt::format("      {}: {}", entry.path().filename().string(), line));
  }
}

Ids ids_of(std::initializer_list<const Devices*> groups) {
  Ids ids;
  for (const auto* group : groups)
    for (const auto& device : *group) ids.insert(device.id);
  return ids;
}

std::string lines_of(const Ids& ids) {
  std::string lines;
  for (const auto& id : ids) lines += id + "\n";
  return lines;
}

Seen same(const Ids& expected, const Ids& seen) {
  if (expected == seen) return {};
  std::size_t missing = 0, extra = 0;
  for (const auto& id : expected) missing += !seen.contains(id);
  for (const auto& id : seen) extra += !expected.contains(id);
  return fmt::format("{} missing, {} too many", missing, extra);
}

Ids devices_at(const Party& party, const std::string& query) {
  Ids ids;
  for (std::string cursor;;) {
    const auto page = party.get("/v1/subjects?type=device&limit=500&domain=" + party.domain + (query.empty() ? "" : "&" + query) +
                                (cursor.empty() ? "" : "&cursor=" + cursor));
    if (const auto* subjects = page.if_contains("subjects"); subjects && subjects->is_array())
      for (const auto& each : subjects->get_array()) ids.insert(at(each.get_object(), "subject"));
    cursor = at(page, "cursor");
    if (cursor.empty()) return ids;
  }
}

std::string said_of(const Process& program, std::size_t mark, const std::string& what, const std::string& id) {
  const std::string begin = what + " " + id;
  for (const auto& line : program.lines_since(mark))
    if (line.starts_with(begin)) return line;
  return {};
}

Seen said_of_all(const Process& program, std::size_t mark, const std::string& what, const Ids& ids) {
  Ids missing = ids;
  for (const auto& line : program.lines_since(mark))
    if (line.starts_with(what + " ")) missing.erase(line.substr(what.size() + 1, 4 + 64));
  return missing.empty() ? Seen()
                         : fmt::format("not '{}': {} of {}, such as {}", what, missing.size(), ids.size(), *missing.begin());
}

Seen follows(const Party& copy, const Party& home) {
  const auto answer = copy.get("/v1/peers");
  const auto* peers = answer.if_contains("peers");
  if (peers && peers->is_array())
    for (const auto& each : peers->get_array())
      if (at(each.get_object(), "domain") == home.domain && at(each.get_object(), "state") == "following") return {};
  return json::serialize(answer);
}

Seen admitted(const Party& party, const std::string& id, const std::string& expected) {
  const auto verdict = party.verdict(id);
  return holds(at(verdict, "admitted") == expected, fmt::format("admitted: '{}' {}", at(verdict, "admitted"), reasons(verdict)));
}

}  // namespace cm4it::demo
