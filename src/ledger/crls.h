// CRLs in the index: of each the row of its facts, and its entries in the order of their serial numbers, so that one of them is
// found without reading the others (docs/formats/store.md, table 14).
#pragma once

#include "evidence/crl.h"
#include "ledger/journal.h"
#include "store/store.h"

namespace cm4it::ledger {

// Where a CRL's FactRow is kept: under its issuer, scope and number.
Bytes crl_key(const KeyId& issuer, const evidence::CrlPart& part, std::uint64_t position);

// Pages of entries: each key begins with the CRL's position and has the first serial number of the page, each value has where the
// entries begin.
using CrlPages = std::vector<std::pair<Bytes, Bytes>>;
Result<CrlPages> crl_pages(View evidence, std::uint64_t position);

// Where the entry of this serial number begins, in the CRL that is kept at this position.
Result<std::optional<std::size_t>> find_crl_entry(const store::Snapshot& snapshot, std::uint64_t position, View entries,
                                                  View serial);

// Positions and fact rows of the CRLs of an issuer in a name: of each scope those of the highest numbers.
struct CrlRow {
  std::uint64_t position;
  FactRow facts;
};
Result<std::vector<CrlRow>> crls_of(const store::Snapshot& snapshot, const KeyId& issuer, View issuer_name);

}  // namespace cm4it::ledger
