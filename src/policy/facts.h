// The input of the fold: statements, receipts, and how fresh this server's copy of each domain is.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evidence/statement.h"

namespace cm4it::policy {

// A receipt whose signature and inclusion were verified: that home's log had the statement by then.
struct ReceivedAt {
  std::string domain;  // of the log
  KeyId log;           // the home's log key
  Time time;
  std::uint64_t index = 0;  // of the leaf: the order within one second
  bool operator==(const ReceivedAt&) const = default;
};

struct Fact {
  evidence::Statement statement;
  std::vector<std::string> domains;   // where it was made: its own list; of foreign evidence, the submissions' domains
  std::vector<ReceivedAt> receipts;   // every one that is known; order and duplicates do not matter
  Time first_seen;                    // by this server: provisional time, until a receipt comes
  // Domains it names and is not made in, so that they are not among `domains`, and why: refused by their homes, not sent there, …
  std::vector<std::pair<std::string, std::string>> refused = {};
  std::uint64_t position = 0;         // of its evidence in this server's journal
};

// How well this server knows a domain.
struct DomainState {
  bool home = false;                  // this server is its home
  std::optional<Time> newest_head;    // newest head signed by a home whose content is held here
  bool restricted = false;            // held here, but some kind may not be read by this copy
  // Why it is not certain that what its homes have received counts here: nothing is admitted that listens to it, or, where the doubt
  // is about a statement of the subject itself, nothing at all.
  struct Doubt { std::string rule, text; bool of_subject = false; };
  std::optional<Doubt> doubt = {};
};

// Of a CA's key: the certificates about it, and what was taken back of them. By its id.
using AuthorityFacts = std::shared_ptr<const std::vector<Fact>>;  // many verdicts have these in common; never null
using Authorities = std::map<KeyId, AuthorityFacts>;
// What keys said of themselves that silences them (evidence::is_self_compromise), by their ids.
using Compromises = std::map<KeyId, std::vector<Fact>>;

struct Facts {
  evidence::SubjectId subject;
  std::vector<Fact> about;                                      // the subject
  std::map<std::string, std::vector<Fact>, std::less<>> models;  // by model id text; those its identities name
  Compromises compromises;                                      // of the keys that spoke of it, or stand above its certificates
  Authorities authorities;                                      // those above its certificates, as far as they are stored
  std::map<std::string, DomainState, std::less<>> domains;       // held here; absent: not held
  bool whole = true;                                             // false: only a part of what is stored, with all alarms first
};

}  // namespace cm4it::policy
