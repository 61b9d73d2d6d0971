// SKS, the key server of the web's keys: its database built from a dump, served by its one process.
#pragma once

#include "openpgp_dump.h"

namespace cm4it::bench {

class Sks {
 public:
  static Result<Sks> start(const Setup& setup, const Dump& dump);
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  double certificates_per_second() const { return built_; }  // of `sks build`, which verifies nothing; 0: built earlier
  double resident_mib() const;

 private:
  Sks(std::unique_ptr<demo::Process> process, std::uint16_t port, double built) : process_(std::move(process)), port_(port), built_(built) {}
  std::unique_ptr<demo::Process> process_;
  std::uint16_t port_;
  double built_;
};

}  // namespace cm4it::bench
