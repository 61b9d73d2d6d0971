// Identity certificate servers to measure: made by `ics init`, filled through the service in this process.
#pragma once

#include <sched.h>

#include <memory>

#include "bench.h"
#include "crypto/signer.h"
#include "demo/process.h"
#include "evidence/evidence.h"
#include "ledger/ledger.h"
#include "service/service.h"

namespace cm4it::bench {

// A home of its own domain: a directory that icsd serves.
struct Home {
  fs::path directory;
  std::string domain;
  std::uint16_t http = 0;    // plain HTTP, for measurements
  std::uint16_t https = 0;
  fs::path ids() const { return directory / "ids"; }  // 64 hex digits and a line end for each identity

  std::string url(const std::string& path = {}) const { return "http://127.0.0.1:" + std::to_string(http) + path; }
};

// `ics ARGUMENTS`; anything but exit 0 is an error.
Result<std::string> ics(const Setup& setup, demo::Arguments arguments);

// `ics init` with these options, and `more` put before the tables of icsd.toml (threads, cache, …).
Result<Home> make_home(const Setup& setup, const std::string& name, const std::string& role, const std::string& more = {},
                       demo::Arguments options = {});
// Puts lines before the tables of a directory's icsd.toml.
Result<void> configure(const fs::path& directory, const std::string& lines);
// Reads the ports of a directory that is there already.
Result<Home> open_home(const fs::path& directory, const std::string& domain);

// The service of that directory, as icsd wires it, in this process.
Result<std::unique_ptr<service::Service>> open_service(const Home& home);

// A statement of identity of the device of that number, and its id. Keys are made out of the number.
Result<Bytes> device_identity(std::size_t number, const std::string& domain, const crypto::Signer& issuer, Time time,
                              evidence::SubjectId& subject, crypto::Algorithm algorithm = crypto::Algorithm::eddsa);

// Submits and waits until all of it is durable; the first refusal is an error.
Result<void> submit(service::Service& service, std::vector<evidence::Piece> pieces);

// A home with setup.size identities, shared by the rows that need one.
Result<Home> populated_home(const Setup& setup);

// The first ids of it, 64 hex digits each.
Result<std::vector<std::string>> read_ids(const Home& home, std::size_t count);

// Runs on this core while it lives; programs started meanwhile stay there.
class OnCore {
 public:
  explicit OnCore(int core);
  ~OnCore();
  OnCore(const OnCore&) = delete;

 private:
  cpu_set_t before_;
};

// icsd of that directory; returns at once. Its log is DIRECTORY.log.
Result<std::unique_ptr<demo::Process>> start_icsd(const Setup& setup, const fs::path& directory);
// Seconds until `url` answers 200, asked without a pause.
Result<double> until_ready(const std::string& url, double most_seconds = 60);
// The same with any answer.
Result<double> until_answered(const std::string& url, double most_seconds);

}  // namespace cm4it::bench
