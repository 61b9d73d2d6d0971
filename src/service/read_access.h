// What one asker may see of one subject: [read] of the domain that is asked and, for what was said in other domains, of one
// of those.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "service/access.h"

namespace cm4it::service {

class ReadAccess {
 public:
  ReadAccess(const Access& access, const policy::Policies& policies, const policy::Facts& facts, std::string_view domain,
        const Principal& who)
      : access_(access), policies_(policies), facts_(facts), domain_(domain), who_(who) {}

  // A domain without a policy that counts has no verdicts to hide.
  bool verdict() { return !policies_.newest(domain_) || reads(domain_, std::nullopt); }
  bool statement(Kind kind, const std::vector<std::string>& domains);  // said in these
  // What is stored of the subject and its models, and may not be seen.
  std::set<StatementId> hidden();

  bool reads(const std::string& domain, std::optional<Kind> kind);

 private:
  const Access& access_;
  const policy::Policies& policies_;
  const policy::Facts& facts_;
  const std::string domain_;
  const Principal who_;
  // Of each domain what is known of some kinds: few of these, while statements may name any number of domains. And the subject's
  // holder there, which takes a fold: once it was asked for.
  struct Known {
    std::vector<std::pair<std::optional<Kind>, bool>> kinds;
    std::optional<policy::Holder> holder;
  };
  std::map<std::string, Known, std::less<>> known_;
};

}  // namespace cm4it::service
