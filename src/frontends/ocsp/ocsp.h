// OCSP (RFC 6960, RFC 5019): is this certificate revoked? Out of the same facts as every verdict (docs/x509.md).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "crypto/ocsp.h"
#include "net/http/http.h"
#include "service/ready_answers.h"
#include "service/service.h"

namespace cm4it::ocsp {

// One CA whose certificates are answered for.
struct Authority {
  crypto::ocsp::Responder responder;
  std::string domain;         // whose verdicts are told
  Seconds lifetime = 3600;    // of an answer, to its nextUpdate
};

struct OcspOptions {
  std::vector<Authority> authorities;
  service::ReadyAnswersPtr ready{};      // null: none are cached by event loops
  bool sign_ahead = true;                // on a thread of its own; else sign_due() is called by somebody
};

class Ocsp {
 public:
  Ocsp(service::Service& service, OcspOptions options);
  ~Ocsp();
  net::Handler handler();
  // Paths that are OCSP's: "/ocsp", "/ocsp/BASE64".
  static bool serves(std::string_view path) { return path == "/ocsp" || path.starts_with("/ocsp/"); }
  // Signs anew what was asked for lately and ends soon; how many that were.
  std::size_t sign_due();
  // From now on these answer, for the same CAs or others; what was signed before is not given again.
  void replace(std::vector<Authority> authorities);
  // Until when the certificates of each CA's delegate hold: the CA's name, and the time; never() without certificates.
  std::vector<std::pair<std::string, Time>> delegates_until() const;

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace cm4it::ocsp
