// What is given out as it is stored: a domain's feed and its changes, statements, receipts, policies.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "service/access.h"
#include "service/answers.h"
#include "service/integrity.h"
#include "service/policy_log.h"
#include "service/watch.h"

namespace cm4it::service {

// Every call obeys [read]: what may not be read is not_found. `domain` empty: the default one. Nothing that is damaged in the store
// is handed out: internal. Any thread.
class Feed {
 public:
  // `most_folded`: statements, for one answer about many subjects. References outlive this.
  Feed(const ledger::Ledger& ledger, const Access& access, const Integrity& integrity, std::size_t most_folded)
      : ledger_(ledger), access_(access), integrity_(integrity), most_folded_(most_folded) {}

  Result<FeedPage> page(const FeedRequest& request, const Principal& who) const;
  // Of subjects whose verdict in `domain` the asker may read.
  Result<ChangesPage> changes(std::optional<std::uint64_t> from, std::string_view domain, const Principal& who) const;
  // Which changes may alter the verdicts or the feed of a domain: statements in it and in those that its policy refers to.
  Watch::Interest interest_in(std::string_view domain) const;

  Result<ledger::Record> evidence(const StatementId& id, const Principal& who) const;
  // The record of a statement that the asker has been shown before, or that is for everybody: rights are not checked.
  Result<ledger::Record> stored_record(const StatementId& id) const;
  // `domain` empty: whichever home received it first.
  Result<Bytes> receipt(const StatementId& id, std::string_view domain, const Principal& who) const;

  // Signed descriptors, oldest first; version 0: all. Policies are readable by anyone who can name the domain.
  Result<std::vector<ledger::Record>> policy(std::string_view domain, std::uint64_t version) const;
  // The same without their octets. `counted`: the one that counts here, if any does.
  struct PolicyVersions { std::vector<StatementId> all; std::optional<StatementId> counted; };
  Result<PolicyVersions> policy_versions(std::string_view domain, std::uint64_t version) const;

 private:
  const ledger::Ledger& ledger_;
  const Access& access_;
  const Integrity& integrity_;
  const std::size_t most_folded_;
  PolicyVersionLog policy_log_;
};

}  // namespace cm4it::service
