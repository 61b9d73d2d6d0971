// Whose policies a feed lends: those of holders to whom something in it was transferred. For the feed.
#pragma once

#include <map>

#include "base/text.h"
#include "service/selection.h"

namespace cm4it::service {

class LentPolicies {
 public:
  // All outlive it. `domains`: of the feed.
  LentPolicies(const ledger::Reader& reader, const std::vector<std::string>& domains, const policy::Selectors& selectors, Selection& selection)
      : reader_(reader), domains_(domains), selectors_(selectors), selection_(selection) {}

  // Does a transfer that was sent name this domain.
  Result<bool> is_lent(const std::string& domain);
  // In a domain of this feed, or in a holder's that it lends: then the copy knows the key.
  Result<bool> plays_a_role(const KeyId& key);

 private:
  bool is_of_feed(std::string_view domain) const { return contains(domains_, domain); }
  static constexpr std::size_t most_transferred = 100;  // subjects looked at to find whether a policy is of interest
  Result<bool> was_transferred(const evidence::SubjectId& subject, const std::string& domain);

  const ledger::Reader& reader_;
  const std::vector<std::string>& domains_;
  const policy::Selectors& selectors_;
  Selection& selection_;
  std::map<std::string, bool> lent_;
};

}  // namespace cm4it::service
