// The pure function from evidence to a verdict (model.md "The verdict"): no I/O, no clock; any order and duplication of
// the same facts gives the same verdict.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/facts.h"
#include "policy/policies.h"
#include "policy/selector.h"

namespace cm4it::policy {

// One statement, judged in one domain.
struct Judgement {
  const Fact* fact = nullptr;
  // It was made in, sorted: of all the facts that bear it, not of `fact` alone. That of the fact itself, without a copy, where there
  // is one fact only; never null.
  std::shared_ptr<const std::vector<std::string>> domains;
  Time received;
  std::uint64_t index = 0;               // of its leaf in the log that received it: the order within one second
  bool provisional = false;              // no home's receipt yet
  bool counts = false;
  std::vector<std::string> roles;        // in which it counts
  std::string why_not;                   // empty when it counts
  std::optional<StatementId> decided_by;  // the statement that made it not count (a withdrawal)
  bool by_holder_only = false;           // it had its right as holder at the time
  std::optional<Time> issuer_compromised;  // since when, by its own word, at the time asked about (policy/compromised.h)
  std::optional<Holder> spoke_for;       // whom, where `holder` is among the roles
  std::string_view received_by;          // whose homes' receipt, or whose they should be, gave `received`
  std::optional<Time> right_ended;       // another domain, which had lent the issuer its role, took it back then
  std::vector<Policies::Membership> by_paths;  // of `roles`, those that certificates of CAs gave
  std::vector<KeyId> crl_for;            // of a CRL that counts: of whose certificates it speaks
};

struct Endorsement {
  std::vector<std::string> roles;
  std::string label;
  KeyId issuer;
  StatementId statement;
  bool of_model = false;
};

struct Reason {
  enum class Outcome { met, failed, unknown } outcome = Outcome::met;
  std::string rule;                      // "identified_by", "endorsed_by.integrator", "status", "max_staleness", "holder", …
  std::string text;                      // for people
  std::optional<StatementId> statement;  // behind it
  std::string domain = {};               // of which too long nothing was heard; empty: of none
};

enum class Admitted { no, yes, unknown };
const char* to_string(Admitted admitted);

struct Verdict {
  evidence::SubjectId subject;
  std::string domain;
  Time at;

  std::optional<evidence::Identity> identity;  // in force
  std::optional<StatementId> identity_statement;
  std::optional<Type> type;
  std::optional<Status> status;
  std::optional<StatementId> status_statement;
  std::string holder;                    // a domain; empty: none
  std::optional<KeyId> holder_owner;     // under which owner, where a transfer named one
  bool contradiction = false;            // identified in several domains
  std::string cloud;
  std::optional<StatementId> cloud_statement;
  std::vector<Endorsement> endorsements;  // by role, label, statement

  // When the CRL that speaks of the identity in force is to be followed by the next one; none: no CRL speaks of it, or without end.
  // `domains`: in which the identity was made, whose homes are to bring the next one.
  struct CrlDue { Time next_update; std::string name; StatementId crl; std::vector<std::string> domains = {}; };
  std::optional<CrlDue> crl_due;
  // A CRL by name, of whose scope so many are stored that the one that counts at this time was not found; empty: it was.
  std::string crl_not_found;
  // Without an identity in force: by which CRL one that would be in force was taken back.
  struct Revoked { std::string text; StatementId crl; };
  std::optional<Revoked> revoked;

  Admitted admitted = Admitted::unknown;
  std::vector<Reason> reasons;
  // The oldest of the newest heads of the asked domain and of those it refers to whose news matter to the subject's type; none: one
  // has no head yet. An absolute time, so that an answer may be cached until valid_until.
  std::optional<Time> newest_head;
  Time valid_until = Time::never();      // when the answer can next change by the clock alone
  Values values;                         // for selectors

  std::vector<Judgement> judgements;     // of facts.about, in the order (received, leaf index, statement id)
};

// `at` is max(clock, newest home head seen); the caller sees to it. judgements point into `facts`.
Verdict fold(const Facts& facts, const Policies& policies, std::string_view domain, Time at);

// The holder of a subject as the fold sees it: what `eligible` and reading rights ask for.
Holder holder_of(const Facts& facts, const Policies& policies, std::string_view domain, Time at);

// The models ("model:domain/name") whose statements hold for this subject: what else facts must bring.
std::vector<evidence::SubjectId> models_of(const std::vector<Fact>& about);

// May `from` open a conversation with `to`, in the domain both verdicts were made for.
struct May {
  Admitted allowed = Admitted::no;
  std::vector<Reason> reasons;
  Time valid_until = Time::never();
};
May may(const Verdict& from, const Verdict& to, const Policies& policies);

}  // namespace cm4it::policy
