#include <fmt/format.h>

#include "story.h"

namespace cm4it::demo {
namespace {

std::string reason_in(const std::string& line) {
  return line.size() > 80 ? line.substr(line.find(' ', line.find(' ') + 1) + 1) : "";
}

}  // namespace

// Each comes with the right program, and is refused for what it is.
void Story::refuse_impostors() {
  const auto is_refused = [&](const std::string& who, const std::string& program, const Devices& devices, Arguments more,
                              const std::string& reason) {
    const std::size_t mark = gateway_->mark();
    const auto running = start_sensors(program, devices, std::move(more));
    std::string line;
    stage_.await(who + " is refused", soon, [&] {
      line = said_of(*gateway_, mark, "refused", devices[0].id);
      return holds(!line.empty(), "no refusal at the gateway");
    });
    stage_.expect("  " + reason_in(line), holds(line.find(reason) != std::string::npos, "expected: " + reason));
    stage_.expect("  and not one reading of it is taken",
                  holds(said_of(*gateway_, mark, "reading", devices[0].id).empty(), "there is one"));
  };
  is_refused("a key that nobody knows", "impostor", new_devices("impostor", 1), {}, "nothing about this subject is kept here");
  is_refused("a genuine device that is assigned but not approved", "unapproved", unapproved_, {}, "endorsed_by.integrator");

  const auto stolen = options_.directory / "somebody-elses.token";
  field_.does("anyone can have a sensor's token", {"token", sensors_[1].id, "--out", stolen});
  sensors_running_->stop();
  is_refused("an admitted device that shows another's token", "token-thief", {sensors_[0]}, {"--token", stolen}, "cnf");
  sensors_running_ = start_sensors("sensors", Devices(sensors_.begin(), sensors_.end() - 1));
}

void Story::refuse_impostor_gateway() {
  const auto token = options_.directory / "gateways.token";
  const Devices impostor = new_devices("impostor-gateway", 1);
  field_.does("a gateway's token is no secret either", {"token", gateways_[0].id, "--out", token});
  Arguments arguments{options_.programs / "demo-gateway", "--key", impostor[0].key, "--token", token};
  for (auto& argument : field_arguments()) arguments.push_back(std::move(argument));
  auto started = Process::start(arguments, options_.directory / "impostor-gateway.log");
  if (!started) return (void)stage_.expect("the impostor starts", started.error().message);
  const auto listening = (*started)->await(0, [](const std::string& line) { return line.starts_with("listening "); }, in(soon));
  if (!listening) return (void)stage_.expect("the impostor listens", "it does not");

  const std::string genuine = gateway_address_;
  gateway_address_ = "127.0.0.1:" + listening->substr(listening->rfind(' ') + 1);
  const auto lured = start_sensors("lured-sensor", {sensors_[0]});
  gateway_address_ = genuine;
  std::string line;
  stage_.await("a sensor that is lured to an impostor gateway does not trust it", soon, [&] {
    line = said_of(*lured, 0, "mistrusts", sensors_[0].id);
    return holds(!line.empty(), "it has not said so");
  });
  stage_.expect("  " + reason_in(line), holds(line.find("cnf") != std::string::npos, "expected: cnf"));
}

}  // namespace cm4it::demo
