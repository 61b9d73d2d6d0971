// The story of one plant: who says what about its sensors, and what that makes gateways do. A chapter is a function; each
// expectation is checked where anyone could check it: at a command line, over HTTP, or by what a gateway does.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "party.h"

namespace cm4it::demo {

struct Device {
  std::string id;              // key:…
  std::filesystem::path key;   // its private key's file: it never leaves the device, here this directory
};
using Devices = std::vector<Device>;
using Ids = std::set<std::string>;

class Story {
 public:
  struct Options {
    std::size_t sensors = 24;
    std::filesystem::path directory, programs, shared;
  };

  explicit Story(const Options& options);
  // True if every expectation was seen.
  bool play();
  // For who wants to go on by hand.
  void tell_how_to_go_on() const;

 private:
  void found_the_parties();          // story_parties.cpp
  void make_trust();
  void import_real_manifest();       // story_makers.cpp
  void make_devices();
  void publish_code();
  void commission();                 // story_plant.cpp
  void appoint_integrator(const std::string& name);
  bool enter_the_field();            // story_field.cpp; false: there is no field to go on in
  void work_without_maintenance();
  void refuse_impostors();           // story_impostors.cpp
  void refuse_impostor_gateway();
  void report_theft();               // story_alarms.cpp
  void certify_and_suspend();
  void deprecate_code();
  void replace_integrator();         // story_changes.cpp
  void survive_a_crash();

  Devices new_devices(const std::string& name, std::size_t count) const;
  // Starts demo-sensors with these devices' keys.
  std::unique_ptr<Process> start_sensors(const std::string& name, const Devices& devices, Arguments more = {});
  Arguments field_arguments() const;
  void show_logs() const;

  const Options options_;
  mutable Stage stage_;
  World world_{options_.programs, options_.directory, stage_};
  Party acme_{world_, "acme", "manufacturer", "acme.example"};
  Party dev_{world_, "dev", "developer", "dev.example"};
  Party plant_{world_, "plant7", "maintenance", "plant7.example"};
  Party field_{world_, "infield", "infield", "plant7.example"};
  Party tuev_{world_, "tuev", "certifier", "tuev.example"};

  Devices sensors_;     // sold, approved, in hall 3: what the story is about
  Devices elsewhere_;   // sold, approved, in hall 4
  Devices unapproved_;  // sold, in hall 3, but the integrator has not vouched for it
  Devices unsold_;      // still the manufacturer's
  Devices gateways_;
  std::string code_;    // code:…
  std::unique_ptr<Process> gateway_;
  std::string gateway_address_;
  std::unique_ptr<Process> sensors_running_, late_sensor_, unapproved_running_;
};

// Helpers of the chapters (story.cpp)
Ids ids_of(std::initializer_list<const Devices*> groups);
std::string lines_of(const Ids& ids);  // one a line, for `ics VERB -`
Seen same(const Ids& expected, const Ids& seen);
// All devices that a search at this party brings: "holder=plant7.example".
Ids devices_at(const Party& party, const std::string& query);
// A program has said WHAT about each of these since `mark`.
Seen said_of_all(const Process& program, std::size_t mark, const std::string& what, const Ids& ids);
// "WHAT KEY …": what it said; empty if it did not.
std::string said_of(const Process& program, std::size_t mark, const std::string& what, const std::string& id);
// This copy is in touch with that home.
Seen follows(const Party& copy, const Party& home);
// An admission that is as expected at this party.
Seen admitted(const Party& party, const std::string& id, const std::string& expected);

}  // namespace cm4it::demo
