// For tests, benches and fuzz seeds: CRLs made field by field.
#pragma once

#include "crypto/pkix_sign.h"
#include "crypto/revocation_reason.h"
#include "evidence/formats/x509/crl.h"
#include "evidence/formats/x509/x509_test_support.h"

namespace cm4it::evidence::x509::test {

struct CrlDraft {
  const Authority& by;
  std::uint64_t number = 1;
  Time this_update{1'800'000'000};
  std::optional<Time> next_update = {};
  struct Entry {
    Bytes serial;
    crypto::RevocationReason reason = crypto::RevocationReason::unspecified;
    Time at{1'790'000'000};
  };
  std::vector<Entry> entries = {};
  Bytes more = {};  // extensions
  bool empty_list = false;
  Bytes version = der::integer_of(1);

  Bytes encode() const {
    const Bytes algorithm = by.key->public_key().algorithm() == crypto::Algorithm::eddsa ? ed25519 : ecdsa_sha256;
    Bytes list;
    for (const Entry& entry : entries) {
      Bytes reason;
      if (entry.reason != crypto::RevocationReason::unspecified)
        reason = der::item(der::sequence,
                           extension("551d15", der::integer_of(static_cast<std::uint8_t>(entry.reason), der::enumerated)));
      append(list, der::item(der::sequence, {der::item(der::integer, entry.serial), der::generalized(entry.at), reason}));
    }
    if (!list.empty() || empty_list) list = der::item(der::sequence, list);
    Bytes extensions = authority_key_id(by.key->public_key().method1_id());
    append(extensions, extension("551d14", der::integer_of(number)));
    append(extensions, more);
    const Bytes tbs = der::item(der::sequence, {version, algorithm, by.subject, der::generalized(this_update),
                                                next_update ? der::generalized(*next_update) : Bytes{}, list,
                                                der::item(der::context(0), der::item(der::sequence, extensions))});
    return crypto::pkix_signed(*by.key, tbs).value();
  }
};

}  // namespace cm4it::evidence::x509::test
