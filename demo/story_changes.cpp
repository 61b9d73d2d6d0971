#include <fmt/format.h>

#include "story.h"

namespace cm4it::demo {
namespace {

Ids statements_in(const json::value& answer) {
  Ids ids;
  if (!answer.is_object()) return ids;
  const auto* items = answer.get_object().if_contains("items");
  if (!items || !items->is_array()) return ids;
  for (const auto& item : items->get_array())
    if (at(item.get_object(), "result") == "received") ids.insert(at(item.get_object(), "statement"));
  return ids;
}

// An audit that had an earlier head to compare with, and found nothing wrong.
Seen goes_on(const json::value& audit) {
  const auto* answer = audit.if_object();
  const auto* compared = answer ? answer->if_contains("compared") : nullptr;
  return holds(compared && compared->is_array() && !compared->get_array().empty() && at(*answer, "ok") == "true",
               json::serialize(audit));
}

}  // namespace

void Story::replace_integrator() {
  appoint_integrator("ampere");
  for (const char* role : {"integrator", "maintainer", "agent"})
    plant_.does(fmt::format("volta is {} until now", role), {"role", "end", plant_.directory, role, "volta", "--until", "now"});
  std::size_t mark = gateway_->mark();
  stage_.await("what volta said before counts on", soon, [&] { return admitted(plant_, sensors_[1].id, "yes"); });
  stage_.expect("also the theft it reported", admitted(plant_, sensors_[0].id, "no"));

  const auto late = plant_.asks(
      {"endorse", unapproved_[0].id, "--label", "approved", "--domain", plant_.domain, "--key", plant_.file("volta.key")});
  boost::system::error_code absent;
  const auto* refusal = late.find_pointer("/items/0/error/detail", absent);
  const std::string why_not = refusal && refusal->is_string() ? std::string(refusal->as_string()) : "";
  stage_.expect("what volta says now is refused: " + why_not,
                holds(why_not.find("role integrator ended") != std::string::npos, json::serialize(late)));
  stage_.expect("so the device it would approve now is not admitted", admitted(plant_, unapproved_[0].id, "no"));
  Ids working = ids_of({&sensors_});
  working.erase(sensors_[0].id);
  stage_.await("the other sensors have gone on all the time", soon,
               [&] { return said_of_all(*gateway_, mark, "reading", working); });
  stage_.expect("none was put out meanwhile", holds(said_of(*gateway_, mark, "closed", "key:").empty(), "one was"));

  mark = gateway_->mark();
  Ids taken_over = ids_of({&sensors_, &unapproved_, &gateways_});
  taken_over.erase(sensors_[0].id);
  const auto ampere =
      plant_.ics({"endorse", "-", "--label", "approved", "--domain", plant_.domain, "--key", plant_.file("ampere.key")},
                 lines_of(taken_over));
  stage_.expect("ampere approves what it takes over, and the device that volta had not", holds(ampere.exit == 0, ampere.err));
  unapproved_running_ = start_sensors("unapproved", unapproved_);
  stage_.await("that one is let in now", soon, [&] { return said_of_all(*gateway_, mark, "reading", ids_of({&unapproved_})); });
}

void Story::survive_a_crash() {
  const auto plant_log = [&](const Party& who, const char* verb) {
    return Arguments{"log",      verb,          "--server", plant_.url,   "--server-key", plant_.server_key(),
                     "--domain", plant_.domain, "--dir",    who.directory};
  };
  acme_.does("acme verifies the plant's log, and keeps its head", plant_log(acme_, "verify"));
  tuev_.does("tuev.example does so too", plant_log(tuev_, "verify"));

  Arguments endorse{"endorse", "--label", "trust:high", "--domain", plant_.domain, "--key", plant_.file("ampere.key")};
  for (const auto& sensor : sensors_) endorse.push_back(sensor.id);
  const Ids acknowledged = statements_in(plant_.asks(endorse));
  plant_.kill();
  stage_.expect(fmt::format("the maintenance ICS is killed right after it has acknowledged {} statements", acknowledged.size()),
                holds(acknowledged.size() == sensors_.size() && !plant_.ready(), "not all were, or it still answers"));
  plant_.start();
  Ids there;
  for (const auto& id : acknowledged)
    if (plant_.status_of("/v1/evidence/" + id) == 200) there.insert(id);
  stage_.expect("nothing that was acknowledged is missing", same(acknowledged, there));
  stage_.await("the infield ICS has them too", soon, [&] {
    for (const auto& sensor : sensors_)
      if (json::serialize(field_.subject(sensor.id)).find("trust:high") == std::string::npos)
        return sensor.id + " has no trust:high";
    return Seen();
  });
  plant_.does("it works on: ampere retires a device",
              {"status", elsewhere_[0].id, "retired", "--key", plant_.file("ampere.key")});
  stage_.await("and acme learns of it", soon, [&] {
    const auto shown = acme_.subject(elsewhere_[0].id);
    return holds(at(shown, "status.status") == "retired", json::serialize(shown));
  });
  stage_.expect("its log goes on from the head that acme has kept", goes_on(acme_.asks(plant_log(acme_, "audit"))));
  stage_.expect("and from the one that tuev.example has kept", goes_on(tuev_.asks(plant_log(tuev_, "audit"))));
  plant_.does("and verifies as a whole", {"log", "verify"});
}

}  // namespace cm4it::demo
