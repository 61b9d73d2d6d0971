// Key dumps as key servers exchange them: directories of files, each of some thousands of OpenPGP certificates.
#pragma once

#include <filesystem>

#include "evidence/formats/openpgp/test_support.h"
#include "population.h"

namespace cm4it::bench {

using evidence::openpgp::test::PgpKey;

// The certificate of a device: its key, a user id, the key's own certification and one by its maker, with notations.
struct DeviceCertificate {
  Bytes octets;                // binary
  std::string fingerprint;     // 40 lowercase hex digits
};
Result<DeviceCertificate> device_certificate(std::size_t number, const PgpKey& maker);

// A maker's key that is the same in every run, and its certificate.
PgpKey dump_maker();
Bytes maker_certificate(const PgpKey& maker);

struct Dump {
  fs::path directory;           // 000000.pgp, … and nothing else
  fs::path fingerprints;        // 40 hex digits and a line end for each
  std::size_t certificates = 0, octets = 0;
};
// Made on every core, or found there from an earlier run.
Result<Dump> make_dump(const Setup& setup, std::size_t certificates);

// A key server's home where the maker of that dump may identify devices; its one thread's cache holds all answers.
Result<Home> make_keyserver(const Setup& setup, const std::string& name);

}  // namespace cm4it::bench
