// What look-ups of different subjects have in common, read once: the certificates of the CAs above theirs, that no list takes any
// of these back, that no key said of itself that it is compromised.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "policy/facts.h"

namespace cm4it::ledger {

// Of one state of all that bears on other subjects' verdicts (ledger/feed_row.h): whenever that changes, the appender publishes
// an empty one with it, so what is in here is never stale. Filled and read by any thread, without a lock: what was added stays
// until the last reader of that state is gone. What is undecided has no place in it: a note alone may decide that. Of more than
// `most` entries the rest is read anew each time.
class AuthorityCache {
 public:
  static constexpr std::size_t most = 1'024;

  AuthorityCache() = default;
  ~AuthorityCache();
  AuthorityCache(const AuthorityCache&) = delete;
  AuthorityCache& operator=(const AuthorityCache&) = delete;

  // What is known of this CA's key without the lists that may take it back; and whether there are such lists.
  struct Authority {
    policy::AuthorityFacts facts;
    bool has_lists = false;
  };
  const Authority* find(const KeyId& key) const;
  void put(const KeyId& key, Authority authority);

  // This key signed no list in that name (Credential::issuer_name()), nor did another key of that name.
  bool has_no_lists(const KeyId& issuer, View name) const;
  void put_no_lists(const KeyId& issuer, View name);

  // Does any key say of itself that it is compromised? `look` is asked until it has answered once.
  Result<bool> any_compromised(const std::function<Result<bool>()>& look) const;

 private:
  struct Entry {
    Digest key;
    std::optional<Authority> authority;
  };
  using Place = std::atomic<const Entry*>;
  const Entry* find_entry(const Digest& key) const;
  void add(std::unique_ptr<const Entry> entry);

  std::array<Place, 2 * most> places_{};  // a half stays empty, so that what is not there is soon known not to be
  std::atomic<std::size_t> count_{0};
  enum class Compromised : std::uint8_t { unknown, none, some };
  mutable std::atomic<Compromised> compromised_{Compromised::unknown};
};

}  // namespace cm4it::ledger
