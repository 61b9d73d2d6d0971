// Verdicts about subjects: look-up (facts → fold → view), search, tokens.
#pragma once

#include <atomic>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signer.h"
#include "service/access.h"
#include "service/answers.h"

namespace cm4it::service {

struct SerialUse;  // service/serials.h

// Every call obeys [read]: what may not be read is not_found. `domain` empty: the default one. Any thread.
class Verdicts {
 public:
  // `most_folded`: statements, for one answer about many subjects. References outlive this.
  Verdicts(const ledger::Ledger& ledger, const Access& access, const Clocks& clocks, const Stamps& stamps, crypto::SignerPtr server_key,
           std::size_t most_folded)
      : ledger_(ledger), access_(access), clocks_(clocks), stamps_(stamps), server_key_(std::move(server_key)), most_folded_(most_folded) {}

  // A name leads only to what `who` may see in `domain`: to those that bear it by what counts there, and only where there are none
  // to those that bore it once. ambiguous: the candidates' ids are in detail, separated by blanks.
  Result<SubjectId> resolve(std::string_view name, std::string_view domain, const Principal& who) const;
  // `at` none: now; times before the newest head seen are allowed only when asked for.
  Result<SubjectView> look_up(const SubjectId& subject, std::string_view domain, const Principal& who,
                         std::optional<Time> at = {}) const;
  struct MayAnswer { policy::May may; std::string domain; };
  Result<MayAnswer> may(const SubjectId& from, const SubjectId& to, std::string_view domain, const Principal& who) const;
  // CWT (COSE_Sign1), docs/formats/token.md.
  Result<Bytes> token(const SubjectId& subject, std::string_view domain, View nonce, const Principal& who) const;
  Result<SearchPage> search(const SearchQuery& query, const Principal& who) const;
  // A key that a policy lists is for everybody; a subject's key may be read by those who may read an identity of it.
  Result<crypto::PublicKey> key(const KeyId& id, const Principal& who) const;
  // The subjects that bear this name, of which this key has said anything: those of a CA's certificates, by issued_name(). Rights are
  // not asked. At most budget::certificates_of_one_name.
  Result<std::vector<SubjectId>> named_by(const KeyId& issuer, std::string_view name) const;
  // Lines of warning about other things of one maker with this serial, as far as `who` may see them (serials.cpp); counts the
  // statements that it folds on, up to a bound.
  Result<std::vector<std::string>> same_serials(const SerialUse& use, const std::string& domain, const Principal& who,
                                                std::size_t& folded) const;

  // The stamp that tells whether a cached answer about the subject is still valid (stamps.h): take it before the look-up.
  Stamp stamp(const SubjectId& subject) const { return stamps_.current(subject); }
  bool is_present(Stamp stamp) const { return stamps_.is_present(stamp); }
  Time now() const { return clocks_.now(); }
  std::uint64_t look_ups() const { return look_ups_; }

 private:
  // look_up() with the caller's reader, in a domain that is held here; adds the number of statements folded to `folded`.
  Result<SubjectView> look_up_in(const ledger::Reader& reader, const SubjectId& subject, const std::string& domain, const Principal& who,
                      std::optional<Time> at, std::size_t& folded) const;
  // The facts for a fold, including which domains this copy may not read in full and which are in doubt.
  Result<policy::Facts> facts(const ledger::Reader& reader, const SubjectId& subject, const ledger::Reader::AsOf& as_of) const;

  const ledger::Ledger& ledger_;
  const Access& access_;
  const Clocks& clocks_;
  const Stamps& stamps_;
  const crypto::SignerPtr server_key_;
  const std::size_t most_folded_;
  mutable std::atomic<std::uint64_t> look_ups_{0};
};

}  // namespace cm4it::service
