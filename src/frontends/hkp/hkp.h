// HKP, the OpenPGP key server protocol (draft-ietf-openpgp-hkp), legacy and v2, for gpg, sq and browsers: HTTP ⇄ service
// calls, and nothing else (docs/openpgp.md).
#pragma once

#include <memory>

#include "net/http/http.h"
#include "service/ready_answers.h"
#include "service/service.h"

namespace cm4it::hkp {

struct HkpOptions {
  service::ReadyAnswersPtr ready{};  // null: none are cached
};

class Hkp {
 public:
  Hkp(service::Service& service, HkpOptions options);
  net::Handler handler();
  // Paths that are HKP's: "/pks/…".
  static bool serves(std::string_view path) { return path.starts_with("/pks/"); }

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace cm4it::hkp
