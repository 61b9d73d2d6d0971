#include <fmt/format.h>

#include "story.h"

namespace cm4it::demo {

bool Story::enter_the_field() {
  const Ids hall = ids_of({&sensors_, &unapproved_});
  stage_.await(fmt::format("the infield ICS holds the {} devices of hall 3, and no others", hall.size()), soon,
               [&] { return same(hall, devices_at(field_, "")); });
  stage_.await("and its verdict on them is that of the plant", soon, [&] {
    for (const auto& sensor : sensors_)
      if (const Seen instead = admitted(field_, sensor.id, "yes"); !instead.empty()) return sensor.id + " " + instead;
    return admitted(field_, gateways_[0].id, "yes");
  });

  Arguments arguments{options_.programs / "demo-gateway", "--key", gateways_[0].key};
  for (auto& argument : field_arguments()) arguments.push_back(std::move(argument));
  auto started = Process::start(arguments, options_.directory / "gateway.log");
  if (!started) return stage_.expect("the gateway starts", started.error().message);
  gateway_ = std::move(*started);
  const auto listening = gateway_->await(0, [](const std::string& line) { return line.starts_with("listening "); }, in(soon));
  if (!stage_.expect("the gateway listens", holds(listening.has_value(), "it does not"))) return false;
  gateway_address_ = "127.0.0.1:" + listening->substr(listening->rfind(' ') + 1);

  // One sensor comes later.
  const Devices first(sensors_.begin(), sensors_.end() - 1);
  sensors_running_ = start_sensors("sensors", first);
  if (!sensors_running_) return false;
  const auto time_for_all = soon + std::chrono::milliseconds(100 * sensors_.size());
  stage_.await(fmt::format("{} sensors and the gateway let each other in", first.size()), time_for_all, [&] {
    const Seen by_gateway = said_of_all(*gateway_, 0, "admitted", ids_of({&first}));
    return by_gateway.empty() ? said_of_all(*sensors_running_, 0, "connected", ids_of({&first})) : by_gateway;
  });
  stage_.await("readings arrive from all of them", time_for_all,
               [&] { return said_of_all(*gateway_, 0, "reading", ids_of({&first})); });
  return true;
}

void Story::work_without_maintenance() {
  plant_.stop();
  stage_.expect("the maintenance ICS is stopped", holds(!plant_.ready(), "it answers"));
  const std::size_t mark = gateway_->mark();
  const Devices all_but_last(sensors_.begin(), sensors_.end() - 1), last(sensors_.end() - 1, sensors_.end());
  stage_.await("readings arrive all the same", soon,
               [&] { return said_of_all(*gateway_, mark, "reading", ids_of({&all_but_last})); });
  late_sensor_ = start_sensors("late-sensor", last);
  stage_.await("and a sensor that comes now is let in on the infield ICS's word alone", soon,
               [&] { return said_of_all(*gateway_, mark, "reading", ids_of({&last})); });
  plant_.start();
  stage_.await("the infield ICS follows it again", soon, [&] { return follows(field_, plant_); });
}

}  // namespace cm4it::demo
