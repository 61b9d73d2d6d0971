// Which records of a feed an asker may see. For the feed alone.
#pragma once

#include <map>

#include "service/access.h"

namespace cm4it::service {

class FeedRights {
 public:
  // All outlive it.
  FeedRights(const Access& access, const ledger::Reader& reader, const std::string& domain, const Principal& who)
      : access_(access), reader_(reader), domain_(domain), who_(who) {}

  // [read] of the domain asked and, for what was said in other domains, of one of those.
  Result<bool> may_be_read(const ledger::Record& record, const std::vector<std::pair<std::string, Bytes>>& receipts);
  // A head reveals that something was received, and when: only who may read the log, or everything in it, is shown heads.
  bool shows_heads(const std::string& domain) const { return access_.reads_log(domain, who_) || access_.reads_entries(domain, who_); }

 private:
  Result<bool> reads(const std::string& domain, const evidence::Statement& statement);

  const Access& access_;
  const ledger::Reader& reader_;
  const std::string& domain_;
  const Principal& who_;
  std::map<std::pair<std::string, Kind>, std::optional<bool>> open_;
};

}  // namespace cm4it::service
