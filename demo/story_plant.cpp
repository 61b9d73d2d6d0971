#include <fmt/format.h>

#include "story.h"

namespace cm4it::demo {
namespace {

}  // namespace

// A key of the integrator's own: it approves, assigns and says what is in use, and it speaks for the plant elsewhere.
void Story::appoint_integrator(const std::string& name) {
  const auto key = plant_.file(name + ".key");
  plant_.does(fmt::format("{} makes a key", name), {"key", "new", key});
  for (const char* role : {"integrator", "maintainer", "agent"})
    plant_.does(fmt::format("the plant's owner makes {} {}", name, role),
                {"role", "add", plant_.directory, role, name, "--key", key});
}

void Story::commission() {
  const Ids sold = ids_of({&sensors_, &elsewhere_, &unapproved_});
  stage_.await(fmt::format("the plant's ICS holds the {} devices it has bought", sold.size()), soon,
               [&] { return same(sold, devices_at(plant_, "")); });
  stage_.expect("and none of those it has not", holds(plant_.status_of("/v1/subjects/" + unsold_[0].id) == 404, "one is there"));

  appoint_integrator("volta");
  gateways_ = new_devices("gateway", 1);
  const auto& gateway = gateways_[0];
  const auto volta = [&](const std::string& what, Arguments arguments, const Ids& ids) {
    arguments.insert(arguments.end(), {"--key", plant_.file("volta.key")});
    const Output output = plant_.ics(std::move(arguments), lines_of(ids));
    stage_.expect(what, holds(output.exit == 0, output.err + output.out));
  };
  volta("volta identifies the gateway",
        {"identify", gateway.key, "--type", "gateway", "--name", "hall 3 gateway", "--maker", "Volta", "--domain", plant_.domain},
        {});
  volta("volta approves the gateway and all devices but one", {"endorse", "-", "--label", "approved", "--domain", plant_.domain},
        ids_of({&sensors_, &elsewhere_, &gateways_}));
  volta("volta assigns most to hall 3", {"assign", "-", "--cloud", "hall-3", "--domain", plant_.domain},
        ids_of({&sensors_, &unapproved_, &gateways_}));
  volta("and some to hall 4", {"assign", "-", "--cloud", "hall-4", "--domain", plant_.domain}, ids_of({&elsewhere_}));
  volta("volta says: in use, in one statement for the plant and for acme", {"status", "-", "in-use"},
        ids_of({&sensors_, &elsewhere_, &unapproved_, &gateways_}));

  stage_.await("the plant admits what is approved and in use", soon, [&] { return admitted(plant_, sensors_[0].id, "yes"); });
  stage_.expect("and not what is not approved", admitted(plant_, unapproved_[0].id, "no"));
  stage_.await("acme's ICS shows by itself: in use", soon, [&] { return same(sold, devices_at(acme_, "status=in-use")); });
  const auto shown = acme_.subject(sensors_[0].id);
  stage_.expect("and who said it: " + at(shown, "status.issuer_name"),
                holds(at(shown, "status.issuer_name") == "plant7.example/volta", json::serialize(shown)));
  const auto here = plant_.subject(sensors_[0].id);
  stage_.expect("it is one and the same statement",
                holds(!at(here, "status.statement").empty() && at(here, "status.statement") == at(shown, "status.statement"),
                      json::serialize(here)));
}

}  // namespace cm4it::demo
