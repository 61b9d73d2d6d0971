// CRLs in the index: of each a row of its facts and what it says of itself, and its entries in the order of their handles (serial
// numbers), so that those of one subject are found without the CRL or the other entries being read (docs/formats/store.md, table 14).
#pragma once

#include <functional>

#include "evidence/credential.h"
#include "ledger/journal.h"
#include "policy/revoked.h"
#include "store/store.h"

namespace cm4it::ledger {

// The key of a CRL's row: its issuer, scope and number.
Bytes crl_key(const KeyId& issuer, const evidence::RevocationList& list, std::uint64_t position);
// The row is thisUpdate ‖ SubjectRow: the time stands first, so that a CRL of another time is skipped without being decoded.
Bytes crl_value(Time this_update, const FactRow& facts, View view);

// Pages of the entries of the CRL at this position: each key has the first handle of its page, each value a few tens of entries.
using CrlPages = std::vector<std::pair<Bytes, Bytes>>;
Result<CrlPages> crl_pages(const Record& crl, std::uint64_t position);

// The entry of this handle, in the CRL at this journal position.
using CrlEntry = evidence::RevocationList::Entry;
Result<std::optional<CrlEntry>> find_crl_entry(const store::Snapshot& snapshot, std::uint64_t position, View handle);

struct CrlRow {
  std::uint64_t position;
  Bytes number;  // 20 octets
  Time this_update;
  FactRow facts;
  View view;         // of its statement (evidence/view_row.h), in the row: as long as the snapshot
  bool cut = false;  // there are older ones of its scope, and the one that counts at the time asked about may be among them
};
Result<CrlRow> decode_crl_row(View key, View value);

// The CRLs that matter of an issuer under one name: of each scope those with the highest numbers and, where `in_force` is given,
// also the one that it finds in force at its time and the one that will be in force next.
using InForce = std::function<Result<policy::InForce>(const CrlRow&)>;
Result<std::vector<CrlRow>> crls_of(const store::Snapshot& snapshot, const KeyId& issuer, View issuer_name, const InForce& in_force);

// Every CRL of this one's issuer, name and scope whose number is not lower. The visitor returns false to stop.
Result<void> not_lower_crls(const store::Snapshot& snapshot, const KeyId& issuer, const evidence::RevocationList& than,
                            const std::function<bool(const CrlRow&)>& visit);

}  // namespace cm4it::ledger
