#include "service/key_index.h"

namespace cm4it::service {

using evidence::SubjectId;

// Only names of the key itself lead to it. Those by which others claim it as their subkey come last, so the visit ends with the first.
Result<void> LedgerKeyIndex::visit_named(std::string_view name, const std::function<bool(const KeyId&)>& visit) const {
  return reader_.named(name, [&](const SubjectId& subject, evidence::AliasRank rank) {
    if (rank != evidence::AliasRank::own || subject.kind != evidence::SubjectKind::key) return false;
    return visit(KeyId{subject.digest});
  });
}

Result<void> LedgerKeyIndex::add_authorities(std::vector<KeyId> keys, policy::Authorities& to) const {
  return reader_.add_authorities(std::move(keys), to);
}

Result<std::optional<crypto::PublicKey>> LedgerKeyIndex::find_own_key(const KeyId& id) const {
  TRY(const auto facts, reader_.facts(SubjectId::key(id)));
  for (const auto& fact : facts.about) {
    const auto* identity = std::get_if<evidence::Identity>(&fact.statement.body);
    if (!identity || identity->spki.empty()) continue;
    auto key = crypto::PublicKey::from_canonical_spki(identity->spki);
    if (key && key->id() == id) return std::optional(std::move(*key));
  }
  return std::optional<crypto::PublicKey>{};
}

}  // namespace cm4it::service
