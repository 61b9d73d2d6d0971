// CRLs as evidence (docs/x509.md, "CRLs"). A piece of evidence of Format::crl is one DER CRL. It is one statement by its issuer,
// about the issuer's key; what it says of certificates is looked up where those are judged, entry by entry: a hundred thousand
// statements it is not (docs/decisions/0023).
#pragma once

#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/crl.h"
#include "evidence/evidence.h"

namespace cm4it::evidence {

// Of the CRLs that one key signed in one name and of one scope the highest number counts, of those whose thisUpdate has come.
struct CrlPart {
  Bytes issuer_name;              // as it is compared (crypto/name.h)
  Digest scope{};                 // SHA-256 of issuingDistributionPoint, or of nothing
  bool users_only = false, authorities_only = false;
  Bytes point;                    // the names of its distribution point, each a GeneralName in DER; empty: none
  Bytes number;                   // the octets of the INTEGER
  Time this_update;
  std::optional<Time> next_update;
  std::string name;               // for people: "CRL 1f of CN=ca"
  // What it says of the subject's certificates. Of the CRL's own statement: nothing.
  struct Entry {
    Bytes serial;
    Time at;
    crypto::RevocationReason reason;
  };
  std::vector<Entry> entries;
  // Older ones of its scope are kept that were not looked at: where none of those that were counts, it is not known what does.
  bool cut = false;

  // Is this certificate, made in the CRL's name, surely among those that it is about? No: it may be all the same.
  bool covers(const crypto::Certificate& certificate) const;
};

namespace crl {

// The statement of a CRL that was verified before; `serials`: of certificates of its issuer, whose entries are told.
// `cut`: see CrlPart. `offset_of`: where the entry of a serial number begins (crypto::crl_entry_at), or nothing.
using OffsetOf = std::function<Result<std::optional<std::size_t>>(View entries, View serial)>;
Result<Statement> kept_statement(View bytes, const SubjectId& subject, const std::vector<View>& serials, bool cut,
                                 const OffsetOf& offset_of);

bool looks_like_crl(View bytes);  // DER, of any version

}  // namespace crl
}  // namespace cm4it::evidence
