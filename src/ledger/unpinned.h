// Descriptors of domains that nothing pins: what strangers say of themselves. They apply nowhere, so they are kept beside the
// journal, bounded by number, address and age, and are dropped when newer ones need the room (docs/decisions/0046). Once something
// pins their domain they enter the journal like any other evidence.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ledger/ledger.h"

namespace cm4it::ledger {

class Unpinned {
 public:
  struct Row {
    std::string domain;
    KeyId owner;  // that the descriptor names
    std::uint64_t version = 0;
    StatementId id;
    Time seen;           // when it came last
    std::string source;  // the address that it came from; empty: not known
  };

  // Errors: malformed (a damaged row).
  static Result<Unpinned> load(const store::Snapshot& snapshot);

  // Adds a row, or notes that it came again. Returns the rows that are dropped for it: of owners that were not heard of for
  // budget::unpinned_seconds; where there are too many owners, in all or of that domain, the oldest of the source that brought
  // most of them; where one owner has too many versions, its oldest, the first version last.
  std::vector<Row> take(Row row);
  bool has(const StatementId& id) const { return where_.contains(id); }
  std::vector<std::string> domains() const;
  std::vector<Row> remove(std::string_view domain);
  std::size_t owners() const { return groups_.size(); }
  std::uint64_t dropped() const { return dropped_; }  // descriptors that went for newer ones, since this process started

 private:
  using Name = std::pair<std::string, KeyId>;  // a domain, and an owner
  struct Group {
    std::vector<Row> rows;
    Time seen;
    std::string source;
  };
  using Groups = std::map<Name, Group>;
  void insert(Row row);
  void drop(Groups::iterator group, std::vector<Row>& gone);
  void drop_one(Groups::iterator first, Groups::iterator last, std::vector<Row>& gone);

  Groups groups_;
  std::map<StatementId, Name> where_;
  std::uint64_t dropped_ = 0;
};

// Its row in table::aside: [evidence, issuer, owner, seen, source].
Bytes aside_key(const Unpinned::Row& row);
Bytes encode_aside(const Unpinned::Row& row, View evidence, const KeyId& issuer);

// The evidence of such a row, as a record of position 0, which no journal entry has.
Result<Record> decode_aside(const StatementId& id, View value);
Result<std::optional<Record>> find_aside(const store::Snapshot& snapshot, const StatementId& id);
// Of a domain: statement ids by version.
Result<std::vector<std::pair<std::uint64_t, StatementId>>> aside_of(const store::Snapshot& snapshot, std::string_view domain);

}  // namespace cm4it::ledger
