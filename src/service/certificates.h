// OpenPGP certificates, assembled from the evidence that is stored about their keys. Two front ends use them: HKP answers with them,
// and the HTTP API completes signed lists of files with them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "evidence/formats/openpgp/openpgp.h"
#include "service/access.h"
#include "service/answers.h"
#include "service/integrity.h"
#include "service/stamps.h"

namespace cm4it::service {

struct Certificate {
  evidence::openpgp::Fingerprint fingerprint;
  SubjectId subject;
  std::vector<Bytes> pieces;  // evidence that the asker may see, as it is stored
  bool open = false;          // anyone may see these pieces, so the answer may be cached
  Time changed;               // when the newest of the pieces came here
};

// Any thread.
class Certificates {
 public:
  // References outlive this.
  Certificates(const ledger::Ledger& ledger, const Access& access, const Integrity& integrity, const Stamps& stamps)
      : ledger_(ledger), access_(access), integrity_(integrity), stamps_(stamps) {}

  // By a name of the key, "fpr:" or "keyid:" and hex digits (docs/openpgp.md); where no certificate bears it as its own, of
  // one of its subkeys, and of those first that have agreed to be one. None: empty.
  struct Named {
    std::vector<Certificate> certificates;
    // What an answer about them depends on, where they are of the one subject that bears the name as its own. None: of another, of
    // several, or something was written while it was looked up.
    std::optional<Stamp> stamp;
  };
  Result<Named> named(const std::string& alias, const Principal& who) const;
  // What a submission of these certificates' evidence has made of them is told by fingerprint.
  Result<std::vector<Certificate>> of_subject(const SubjectId& subject, const Principal& who) const;

  // Those of the subjects that the search index finds by all these terms (ledger::Reader::search), until `visit` says false.
  // True: there may be others, which were not looked at (budget::search_examined, certificates_examined).
  using Terms = std::vector<ledger::Reader::Term>;
  Result<bool> found_by(const Terms& terms, const Principal& who, const std::function<Result<bool>(Certificate)>& visit) const;

  // The subjects whose certificates may have changed by the journal's entries in [from, end), for an index like that of SKS. It does not
  // check rights.
  Result<std::vector<SubjectId>> changed(std::uint64_t from, std::uint64_t end) const;
  std::uint64_t next_entry() const { return ledger_.published()->next; }

 private:
  Result<std::vector<Certificate>> of_subject(const ledger::Reader& reader, const SubjectId& subject, const Principal& who) const;
  Result<void> add(const ledger::Reader& reader, const SubjectId& bearer, evidence::AliasRank rank, const std::string& alias, const Principal& who,
                   std::vector<Certificate>& to) const;

  const ledger::Ledger& ledger_;
  const Access& access_;
  const Integrity& integrity_;
  const Stamps& stamps_;
};

}  // namespace cm4it::service
