// CRLs as evidence (docs/x509.md, "CRLs"). A piece of evidence of Format::crl is one DER CRL. It is one statement by its issuer,
// about the issuer's key; what it says of certificates is looked up where those are judged, entry by entry: a hundred thousand
// statements it is not (docs/decisions/0023).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crypto/crl.h"
#include "evidence/evidence.h"

namespace cm4it::evidence {

// Of the CRLs that one key signed in one name and of one scope the highest number counts, of those whose thisUpdate has come.
struct CrlPart {
  Bytes issuer_name;              // DER
  Digest scope{};                 // SHA-256 of issuingDistributionPoint, or of nothing
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
};

namespace crl {

// The statement of a CRL that was verified before; `serials`: of certificates of its issuer, whose entries are told.
// `offset_of`: where the entry of a serial number begins (crypto::crl_entry_at), or nothing.
using OffsetOf = std::function<Result<std::optional<std::size_t>>(View entries, View serial)>;
Result<Statement> kept_statement(View bytes, const SubjectId& subject, const std::vector<View>& serials,
                                 const OffsetOf& offset_of);

// "CRL" blocks of a PEM text, as DER; what stands between them is passed over. malformed: a block that does not end or is no
// base64.
Result<std::vector<Bytes>> crls_in_pem(std::string_view text, std::size_t most);
bool looks_like_crl(View bytes);  // DER
bool has_crl_block(std::string_view text);

}  // namespace crl
}  // namespace cm4it::evidence
