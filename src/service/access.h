// Who may read what, and who is served before others: derived from the policies that count here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/turns.h"
#include "service/answers.h"
#include "service/caller.h"
#include "service/clocks.h"

namespace cm4it::service {

// Whose statements are read: what decides for the roles holder and self. Empty: whoever may read all of a kind.
struct About { policy::Holder holder; const SubjectId* subject = nullptr; };

// Any thread.
class Access {
 public:
  // `default_domain`: the domain whose verdicts are meant where a request names none. `server`: the key by which this server reads at
  // other servers. Both references outlive this.
  Access(const ledger::Ledger& ledger, const Clocks& clocks, std::string default_domain, KeyId server)
      : ledger_(ledger), clocks_(clocks), default_domain_(std::move(default_domain)), server_(server) {}

  // Those that count here now. Never null.
  policy::PoliciesPtr policies() const { return ledger_.published()->policies; }

  const std::string& default_domain() const { return default_domain_; }
  std::string domain_or_default(std::string_view domain) const { return domain.empty() ? default_domain_ : std::string(domain); }
  // The key by which this server reads at other servers.
  KeyId server_key() const { return server_; }
  // The domains whose logs this server signs.
  const std::vector<std::string>& homes() const { return ledger_.options().homes; }
  // Whether it signs this domain's.
  bool is_home(std::string_view domain) const;
  // Whether this server gives verdicts of the domain, as its home or as a copy. misdirected: another server does; `detail` has its
  // home's URL. not_found: no policy here names a home of it.
  Result<void> check_held(const ledger::Published& published, const std::string& domain) const;
  // The domains in whose name this server answers: what may be shown in none of them is answered as if it did not exist.
  std::vector<std::string> own_domains(const ledger::Published& published) const;

  // May `who` read this kind of statement (nullopt: verdicts) about this subject in this domain.
  bool may_read(const policy::Policies& policies, std::string_view domain, std::optional<Kind> kind, const About& about,
                const Principal& who) const;
  // Whether there is no subject at all whose statements of a kind (nullopt: verdicts) `who` may read in this domain. Told from
  // policies alone, so that it takes as long whatever is stored.
  bool sees_nothing(const policy::Policies& policies, std::string_view domain, std::optional<Kind> kind, const Principal& who) const;
  // Whether `who` could read anything about the subject, whatever is stored; false: there is no use in collecting it. Every look-up asks
  // this first, so that a subject that may not be read takes as long to answer as one that does not exist.
  Result<bool> could_read(const ledger::Reader& reader, std::string_view domain, std::optional<Kind> kind, const SubjectId& subject,
                          const Principal& who) const;
  // The same of any kind of statement, in any of the domains in whose name this server answers.
  Result<bool> could_read_any(const ledger::Reader& reader, const SubjectId& subject, const Principal& who) const;
  // A domain's heads and hash tiles: whoever reads by default. Its log's entries: whoever may read every kind.
  bool reads_log(std::string_view domain, const Principal& who) const;
  bool reads_entries(std::string_view domain, const Principal& who) const;
  // Domains of which this copy may not read every kind: a verdict that depends on them is unknown.
  void mark_restricted(policy::Facts& facts, const policy::Policies& policies) const;
  // What anyone may read in each domain, as text: it differs whenever those rights differ, so caches compare it.
  std::string rights_of_anyone() const;

  // By the policies that count here now; of a caller by the key that it proved.
  Rank rank_of(const Caller& caller) const;
  Rank rank_of_key(const KeyId& key) const;

  Time now() const { return clocks_.now(); }  // by which rights end

 private:
  const ledger::Ledger& ledger_;
  const Clocks& clocks_;
  const std::string default_domain_;
  const KeyId server_;
};

}  // namespace cm4it::service
