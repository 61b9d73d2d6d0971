// OpenPGP certificates, put together out of the evidence that is kept about their keys. Of two doors: HKP answers with them, and the
// HTTP API completes signed lists of files with them.
#pragma once

#include "evidence/formats/openpgp/openpgp.h"
#include "service/service.h"

namespace cm4it::service {

struct Certificate {
  evidence::openpgp::Fingerprint fingerprint;
  SubjectId subject;
  std::vector<Bytes> pieces;  // evidence that the asker may see, as it is kept
  bool open = false;          // anyone would be shown the same
  Time changed;               // when the newest of the pieces came here
};

class Certificates {
 public:
  explicit Certificates(Service& service) : service_(service) {}

  // By a name of the key, "fpr:" or "keyid:" and hex digits (docs/openpgp.md); where no certificate bears it as its own, of
  // one of its subkeys, and of those first that have agreed to be one. None: empty.
  Result<std::vector<Certificate>> named(const std::string& alias, const Principal& who) const;
  // What a submission of these certificates' evidence has made of them is told by fingerprint.
  Result<std::vector<Certificate>> of_subject(const SubjectId& subject, const Principal& who) const;
  Result<std::vector<Certificate>> of_subject(const ledger::Reader& reader, const SubjectId& subject, const Principal& who) const;

 private:
  Service& service_;
};

}  // namespace cm4it::service
