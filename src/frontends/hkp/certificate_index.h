// OpenPGP certificates by their SKS digest and by when they changed, as anyone may see them: what other key servers ask for.
// In memory, made out of the journal as it is asked for; so it is there again after a restart, and costs nothing before.
#pragma once

#include <map>
#include <set>
#include <unordered_map>

#include "base/mutex.h"
#include "crypto/digest.h"
#include "service/certificates.h"

namespace cm4it::hkp {

class CertificateIndex {
 public:
  // Both outlive this.
  CertificateIndex(const service::Certificates& certificates, const service::Access& access) : certificates_(certificates), access_(access) {}

  // The end of the journal now: an answer given now must include everything before it.
  std::uint64_t present() const { return certificates_.next_entry(); }
  // Reads a bounded number of entries towards that position; bounded, so that a steady import delays nobody. False: more must be read
  // before anything can be answered.
  Result<bool> follow(std::uint64_t until);

  // The certificate that has this digest now. Legacy peers know no v6: those have none.
  struct Found { service::Certificate certificate; Bytes bytes; };
  Result<std::optional<Found>> with_digest(const crypto::Md5& digest) const;

  // Of those that changed at or after that time, in their order. too_large: more than `most`, or than are indexed.
  Result<std::vector<evidence::openpgp::Fingerprint>> changed_since(Time since, std::size_t most) const;
  std::size_t size() const;

 private:
  struct Known { Time changed; std::optional<crypto::Md5> digest; };
  struct DigestHash { std::size_t operator()(const crypto::Md5& digest) const; };

  Result<void> find_changed(std::uint64_t until) REQUIRES(mutex_);
  Result<void> examine() REQUIRES(mutex_);
  void note(const service::Certificate& certificate) REQUIRES(mutex_);

  const service::Certificates& certificates_;
  const service::Access& access_;
  mutable Mutex mutex_;
  std::uint64_t at_ GUARDED_BY(mutex_) = 0;       // the next entry to read
  std::uint64_t settled_ GUARDED_BY(mutex_) = 0;  // all that came before it is in here
  std::shared_ptr<const policy::Policies> policies_ GUARDED_BY(mutex_);
  std::string rights_ GUARDED_BY(mutex_);                       // the rights of anyone; when they change, all is examined again
  std::set<evidence::SubjectId> changed_ GUARDED_BY(mutex_);  // to be examined
  std::map<evidence::openpgp::Fingerprint, Known> known_ GUARDED_BY(mutex_);
  std::unordered_map<crypto::Md5, evidence::SubjectId, DigestHash> digests_ GUARDED_BY(mutex_);
  bool full_ GUARDED_BY(mutex_) = false;  // there are more certificates than are indexed
};

}  // namespace cm4it::hkp
