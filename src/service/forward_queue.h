// Statements that still have to reach the homes of other domains, and how that ended, as the store has it
// (docs/decisions/0031-ends-of-forwarding.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "service/access.h"
#include "service/answers.h"

namespace cm4it::service {

// A statement is put into the queue by the same commit that stores it (Intake). Any thread.
class ForwardQueue {
 public:
  // References outlive this.
  ForwardQueue(ledger::Ledger& ledger, const Access& access) : ledger_(ledger), access_(access) {}

  struct Waiting {
    StatementId statement;
    std::string domain;  // whose home still has to receive it
  };
  Result<std::vector<Waiting>> waiting() const;
  // Since when it waits for that domain's home; none: it does not.
  Result<std::optional<Time>> waits_since(const StatementId& statement, const std::string& domain) const;
  // The record to send; none: the statement is no longer stored.
  Result<std::optional<Record>> record(const StatementId& statement) const;

  // Whether a receipt of that domain's home is here: then it counts there.
  Result<bool> has_receipt(const StatementId& statement, const std::string& domain) const;
  // Whether the domain's policy lets this server read the statement, and so its receipt.
  Result<bool> may_read_receipt(const Record& record, const std::string& domain) const;

  // How forwarding ends. With the home's receipt, or when there is nothing left to send, no note remains.
  Result<void> received(const StatementId& statement, const std::string& domain);
  // A home has received it but does not let this server read the receipt: it counts there nevertheless.
  Result<void> received_unread(const StatementId& statement, const std::string& domain);
  // No home received it: it does not hold in this domain, and does not count there.
  enum class End {
    refused,  // by the domain's home, for good
    not_sent  // by this server: the home would refuse it, or cannot be reached
  };
  Result<void> end(const StatementId& statement, const std::string& domain, End end, const std::string& why);

  struct Ended {
    std::string domain, why;  // why: a sentence (sentence())
  };
  Result<std::vector<Ended>> ended() const;
  static std::string sentence(const std::string& domain, End end, const std::string& why);

 private:
  ledger::Ledger& ledger_;
  const Access& access_;
};

}  // namespace cm4it::service
