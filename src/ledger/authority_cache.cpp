#include "ledger/authority_cache.h"

#include <cstring>

#include "base/log.h"
#include "crypto/digest.h"

namespace cm4it::ledger {
namespace {

std::size_t first_place(const Digest& key) {
  std::size_t number = 0;
  std::memcpy(&number, key.data(), sizeof number);
  return number;
}

Digest list_key(const KeyId& issuer, View name) { return crypto::sha256({issuer.digest, name}); }

}  // namespace

AuthorityCache::~AuthorityCache() {
  for (const Place& place : places_) delete place.load(std::memory_order_acquire);
}

const AuthorityCache::Entry* AuthorityCache::find_entry(const Digest& key) const {
  for (std::size_t i = first_place(key);; ++i) {
    const Entry* entry = places_[i % places_.size()].load(std::memory_order_acquire);
    if (!entry || entry->key == key) return entry;
  }
}

// Two threads may add the same at once: both entries say the same, and the first is found.
void AuthorityCache::add(std::unique_ptr<const Entry> entry) {
  const std::size_t before = count_.fetch_add(1, std::memory_order_relaxed);
  if (before == most)
    log_warn("ledger: more than " + std::to_string(most) +
             " CAs are looked up between two changes of any; those above are read anew for each answer");
  if (before >= most) return;
  for (std::size_t i = first_place(entry->key);; ++i) {
    const Entry* none = nullptr;
    if (!places_[i % places_.size()].compare_exchange_strong(none, entry.get(), std::memory_order_release,
                                                             std::memory_order_relaxed))
      continue;
    (void)entry.release();
    return;
  }
}

const AuthorityCache::Authority* AuthorityCache::find(const KeyId& key) const {
  const Entry* entry = find_entry(key.digest);
  return entry && entry->authority ? &*entry->authority : nullptr;
}

void AuthorityCache::put(const KeyId& key, Authority authority) {
  add(std::make_unique<const Entry>(Entry{key.digest, std::move(authority)}));
}

bool AuthorityCache::has_no_lists(const KeyId& issuer, View name) const { return find_entry(list_key(issuer, name)) != nullptr; }

void AuthorityCache::put_no_lists(const KeyId& issuer, View name) {
  add(std::make_unique<const Entry>(Entry{list_key(issuer, name), {}}));
}

Result<bool> AuthorityCache::any_compromised(const std::function<Result<bool>()>& look) const {
  const Compromised known = compromised_.load(std::memory_order_relaxed);
  if (known != Compromised::unknown) return known == Compromised::some;
  TRY(const bool some, look());
  compromised_.store(some ? Compromised::some : Compromised::none, std::memory_order_relaxed);
  return some;
}

}  // namespace cm4it::ledger
