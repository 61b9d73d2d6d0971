// Answers the questions of policy/issuers.h about keys from the ledger. For this room's .cpp files.
#pragma once

#include "ledger/ledger.h"
#include "policy/issuers.h"

namespace cm4it::service {

class LedgerKeyIndex final : public policy::KeyIndex {
 public:
  explicit LedgerKeyIndex(const ledger::Reader& reader) : reader_(reader) {}

  Result<void> visit_named(std::string_view name, const std::function<bool(const KeyId&)>& visit) const override;
  Result<void> add_authorities(std::vector<KeyId> keys, policy::Authorities& to) const override;
  Result<std::optional<crypto::PublicKey>> find_own_key(const KeyId& id) const override;

 private:
  const ledger::Reader& reader_;
};

}  // namespace cm4it::service
