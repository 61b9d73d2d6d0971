// A home's log, read and checked from outside: nothing of it is believed that its signed head does not cover.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "apps/ics/context.h"
#include "tlog/checkpoint.h"
#include "tlog/tiles.h"

namespace cm4it::ics {

// Under which key a domain's log may be signed, and why we think so.
struct LogPolicy {
  policy::Chain chain;
  bool pinned = false;  // under the owner that our directory knows; else whom the server's version 1 names
};
Result<LogPolicy> log_policy(const Context& context, const Api& api, const std::string& domain);

struct SignedHead {
  tlog::Head head;
  std::string note;
  std::string signer;  // the server's name in the policy
};
// bad_signature: no log key that the policy names signed it. The present head counts under keys of the newest version alone:
// one that was retired, perhaps because it was stolen, still counts for heads of its time.
Result<SignedHead> open_present_note(const std::string& note, const LogPolicy& policy);
Result<SignedHead> open_earlier_note(const std::string& note, const LogPolicy& policy);
Result<std::string> fetch_note(const Api& api, const std::string& domain);

struct Recomputed {
  Digest root{};
  std::uint64_t hashed = 0;   // entries whose hash was made of the entry itself
  std::uint64_t claimed = 0;  // the others: their hashes are the server's
};
// Of the first `size` entries; `progress(done)` is called for each 256.
Result<Recomputed> recompute(const Api& api, const std::string& domain, std::uint64_t size,
                             const std::function<void(std::uint64_t)>& progress);
// Nodes of the tree of that size, out of the server's hash tiles.
tlog::NodeReader nodes_at(const Api& api, const std::string& domain, std::uint64_t size);

// DIR/heads: every verified note that was seen, under a name that tells origin, size and root.
std::filesystem::path heads_of(const Directory& directory);
Result<std::filesystem::path> remember_head(const std::filesystem::path& heads, const SignedHead& head);
Result<std::vector<std::filesystem::path>> remembered_heads(const std::filesystem::path& heads);

}  // namespace cm4it::ics
