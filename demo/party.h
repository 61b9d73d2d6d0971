// One ICS of the story with its people: a directory, a server process, and what is typed at its command line.
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <string>

#include "net/http/client.h"
#include "process.h"
#include "stage.h"

namespace cm4it::demo {

namespace json = boost::json;

struct World {
  std::filesystem::path programs, directory;
  Stage& stage;
};

class Party {
 public:
  // `name` is its directory's. The port is chosen here, since its peers must know the address beforehand.
  Party(World& world, std::string name, std::string role, std::string domain);

  // `ics init`, then the server.
  void found();
  void start();
  void stop();
  void kill();  // SIGKILL

  // `ics ARGUMENTS` at this party's directory.
  Output ics(Arguments arguments, const std::string& input = {}) const;
  // The same, expected to end with exit 0 (or, `exit`, another).
  bool does(const std::string& what, Arguments arguments, int exit = 0) const;
  // What `ics --json` prints.
  json::value asks(Arguments arguments) const;

  // The HTTP API as anyone sees it: no key is shown. Anything but a JSON object: empty.
  json::object get(const std::string& path) const;
  json::object subject(const std::string& id) const { return get("/v1/subjects/" + id + "?domain=" + domain); }
  json::object verdict(const std::string& id) const { return get("/v1/subjects/" + id + "/verdict?domain=" + domain); }
  unsigned status_of(const std::string& path) const;  // of HTTP; 0: no answer
  bool ready() const { return status_of("/readyz") == 200; }

  std::string owner() const { return key_id("owner.key"); }
  std::string server_key() const { return key_id("server.key"); }
  std::string key_id(const std::string& file) const;  // of this directory, or a path
  std::filesystem::path file(const std::string& its_name) const { return directory / its_name; }

  const std::string name, role, domain;
  const std::filesystem::path directory;
  std::string url;

 private:
  World& world_;
  net::HttpClient& client() const;
  mutable std::unique_ptr<net::HttpClient> client_;  // made at first use, when the key is there
  std::unique_ptr<Process> server_;
};

// "a.b.c" of a JSON object, as text; empty if it is not there.
std::string at(const json::object& object, std::string_view path);
// The reasons that were not met, for people.
std::string reasons(const json::object& verdict);

}  // namespace cm4it::demo
