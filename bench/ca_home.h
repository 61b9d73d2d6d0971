// A manufacturer with a CA of its own, and the certificates of its devices: what rows 6 and 9 measure with.
#pragma once

#include "evidence/formats/x509/x509_test_support.h"
#include "population.h"

namespace cm4it::bench {

struct CaHome {
  Home home;                     // icsd answers OCSP for the CA, with the CA's key
  crypto::SignerPtr key;         // the CA's, P-256
  Bytes ca;                      // its certificate
  std::vector<Bytes> certificates;
  fs::path pem;                  // all of them
  fs::path requests;             // a line for each: an OCSP request without nonce, in base64
  unsigned digits = 0;           // of a line
};
// `count`: at most 65,536.
Result<CaHome> make_ca_home(const Setup& setup, const std::string& name, std::size_t count);

// An OCSP request as `openssl ocsp` makes it: one certificate, SHA-1, with a nonce or without.
Bytes ocsp_request(View issuer_name, const crypto::PublicKey& issuer, View serial, bool nonce);

}  // namespace cm4it::bench
