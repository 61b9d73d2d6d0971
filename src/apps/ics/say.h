// Making statements: what a person leaves out (domains, date) is found out, then they are signed and submitted.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/ics/context.h"
#include "apps/ics/report.h"
#include "evidence/evidence.h"
#include "policy/policies.h"

namespace cm4it::ics {

struct SayOptions {
  std::string not_before, expires, issued_at;  // as typed; empty: none
  std::string chain;                           // a file of the key's certificates; empty: none
};

// What our server knows about a subject, as far as a new statement depends on it.
struct Background {
  std::vector<std::string> identified_in;  // domains of identities that count
  std::string holder;                      // a domain; empty: none
  std::map<evidence::Kind, Time> newest;   // our key's newest statement of each kind
  struct Own { std::string statement; evidence::Kind kind; std::vector<std::string> domains; };
  std::vector<Own> own;                    // every statement of our key
};
Result<Background> background_of(const Api& api, const evidence::SubjectId& subject, const std::string& domain, const KeyId& issuer);

// Does a policy let this key make such a statement, now, about a subject that `holder` holds.
bool may_speak(const policy::Policies& policies, const std::string& domain, evidence::Kind kind, const KeyId& issuer,
               const std::string& holder, Time now);

// Ours, and those in which the subject was identified where the key may speak; at most budget::statement_domains.
std::vector<std::string> default_domains(const std::string& own, const Background& background, const policy::Policies& policies,
                                         evidence::Kind kind, const KeyId& issuer, Time now);

class Speaker {
 public:
  // Loads the key, finds the domain and, where no --domain is given, asks the server for its policies.
  static Result<Speaker> start(Context& context, const SayOptions& options);

  // `domains` empty: --domain's, or the default.
  Result<void> add(const evidence::SubjectId& subject, evidence::Body body, std::vector<std::string> domains = {});
  // At a terminal, before what cannot be undone; not with --yes or --dry-run. not_permitted: the answer was no.
  Result<void> confirm(const std::string& question) const;
  // Signs and submits everything that was added, and prints what became of it, whether it counts, and who signed in which
  // roles; the exit code. With --dry-run it is only shown.
  Result<int> submit();

  const crypto::Signer& key() const { return *key_; }
  const std::string& domain() const { return domain_; }
  // What rules of our domain ask to be endorsed, as far as its policy is known.
  std::vector<std::string> labels_asked_for() const;
  Result<Background> background(const evidence::SubjectId& subject) const;

 private:
  explicit Speaker(Context& context) : context_(context) {}
  Context& context_;
  crypto::SignerPtr key_;
  std::vector<crypto::Certificate> chain_;
  std::string domain_;
  const Api* api_ = nullptr;
  policy::Policies policies_;
  std::optional<Time> issued_at_, not_before_, expires_;
  int show_drafts() const;
  void await_dates() const;
  std::string signed_by() const;
  std::vector<evidence::Draft> drafts_;
};

}  // namespace cm4it::ics
