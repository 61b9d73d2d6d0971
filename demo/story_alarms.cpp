#include <fmt/format.h>

#include "story.h"

namespace cm4it::demo {
namespace {

constexpr std::chrono::milliseconds at_once{1000};
const std::string model = "model:acme.example/thermo-2000";

}  // namespace

void Story::report_theft() {
  const std::string& stolen = sensors_[0].id;
  stage_.await("the sensor is connected", soon, [&] { return said_of_all(*sensors_running_, 0, "connected", {stolen}); });
  const std::size_t mark = gateway_->mark();
  plant_.does("volta reports a sensor stolen at the maintenance ICS",
              {"status", stolen, "stolen", "--reason", "van broken into", "--key", plant_.file("volta.key")});
  stage_.await("within a second the infield ICS refuses it, and the gateway closes its open connection", at_once, [&] {
    const Seen instead = admitted(field_, stolen, "no");
    return instead.empty() ? holds(!said_of(*gateway_, mark, "closed", stolen).empty(), "its connection is still open") : instead;
  });
  stage_.await("the gateway does not let it in again", soon,
               [&] { return holds(!said_of(*gateway_, mark, "refused", stolen).empty(), "it has not come back"); });
  stage_.await("acme's ICS shows: stolen", soon, [&] {
    const auto shown = acme_.subject(stolen);
    return holds(at(shown, "status.status") == "stolen", json::serialize(shown));
  });
}

void Story::certify_and_suspend() {
  const std::string both = tuev_.domain + "," + plant_.domain;
  const Ids working(ids_of({&sensors_}));
  Ids connected = working;
  connected.erase(sensors_[0].id);  // the stolen one

  tuev_.does("tuev.example certifies the model, for itself and for the plant",
             {"endorse", model, "--label", "certified", "--domain", both});
  stage_.await("each device of it is certified at the plant", soon, [&] {
    const auto shown = json::serialize(plant_.subject(sensors_[1].id));
    return holds(shown.find("\"certified\"") != std::string::npos, shown);
  });

  std::size_t mark = gateway_->mark();
  tuev_.does("tuev.example suspends the model",
             {"status", model, "suspended", "--reason", "reads 3 K too low", "--domain", both});
  stage_.await("the infield ICS refuses every device of it", soon, [&] { return admitted(field_, sensors_[1].id, "no"); });
  stage_.await("the gateway closes all their connections", soon,
               [&] { return said_of_all(*gateway_, mark, "closed", connected); });

  mark = gateway_->mark();
  tuev_.does("tuev.example lifts that", {"status", model, "in-use", "--domain", both});
  stage_.await("they are let in again", soon + std::chrono::milliseconds(100 * connected.size()),
               [&] { return said_of_all(*gateway_, mark, "admitted", connected); });
  stage_.expect("but not the stolen one", admitted(field_, sensors_[0].id, "no"));
}

void Story::deprecate_code() {
  dev_.does("dev.example deprecates this version of its program", {"status", code_, "deprecated", "--reason", "1.1 is out"});
  stage_.await("the plant does not admit it any more", soon, [&] { return admitted(plant_, code_, "no"); });
}

}  // namespace cm4it::demo
