// A plant: its home and an infield ICS with a copy of everything, devices that are admitted by both.
#pragma once

#include "net/http/client.h"
#include "population.h"

namespace cm4it::bench {

struct Plant {
  Home home;
  fs::path field;                  // the infield ICS's directory
  std::uint16_t field_http = 0, field_https = 0;
  std::string devices_url(const std::string& id) const {
    return "https://127.0.0.1:" + std::to_string(field_https) + "/v1/subjects/key:" + id + "/verdict";
  }
};

// Each device with three statements: its identity, an approval, and that it is in use.
Result<Plant> make_plant(const Setup& setup, const std::string& name, std::size_t devices);

// Waits until the infield ICS admits this device.
Result<void> await_admitted(net::HttpClient& client, const Plant& plant, const std::string& id, double most_seconds);
// A client that speaks to the ICS of that directory alone.
net::ClientOptions speaking_to(const fs::path& directory);
// Milliseconds from before the status is posted at the home until the infield ICS's verdict is no.
Result<double> obeyed_after(net::HttpClient& home, net::HttpClient& field, const Plant& plant, const std::string& id, View status);
// "admitted" of a verdict's JSON.
std::string admitted(const std::string& body);

}  // namespace cm4it::bench
