// What every measurement is given, and their list.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>

#include "table.h"

namespace cm4it::bench {

namespace fs = std::filesystem;

// Of a measurement over a network: which processor serves, and which asks.
inline constexpr int server_core = 0, client_core = 1;

using Clock = std::chrono::steady_clock;
inline double since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }  // seconds

struct Setup {
  fs::path programs;             // where ics and icsd are
  fs::path directory;            // for keys, stores and logs
  std::size_t size = 100'000;    // identities
  double seconds = 5;            // each measurement
  int rounds = 3;                // ours, peer, ours, peer, …; medians are told

  std::function<void(Row)> report;
  void note(const std::string& line) const;  // progress, on standard error
};

Result<void> row_1(const Setup& setup);   // look-ups over HTTP beside nginx
Result<void> row_2(const Setup& setup);   // HKP get over HTTP beside SKS and nginx
Result<void> row_3(const Setup& setup);   // the same over HTTPS, beside nginx
Result<void> row_6(const Setup& setup);   // OCSP answers beside signing
Result<void> row_7(const Setup& setup);   // submissions beside the verification limit
Result<void> row_8(const Setup& setup);   // bulk import of OpenPGP certificates
Result<void> row_9(const Setup& setup);   // X.509 certificates and CRLs beside OpenSSL
Result<void> row_10(const Setup& setup);  // verdicts in process
Result<void> row_11(const Setup& setup);  // from a status at one ICS to obedience at the next
Result<void> row_14(const Setup& setup);  // footprint of an infield ICS
Result<void> row_15(const Setup& setup);  // restart after SIGKILL
Result<void> row_17(const Setup& setup);  // doors under load

}  // namespace cm4it::bench
