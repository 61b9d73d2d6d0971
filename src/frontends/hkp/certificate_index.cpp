#include "frontends/hkp/certificate_index.h"

#include <algorithm>
#include <cstring>

#include "base/budgets.h"
#include "base/log.h"

namespace cm4it::hkp {

using evidence::openpgp::Fingerprint;

std::size_t CertificateIndex::DigestHash::operator()(const crypto::Md5& digest) const {
  std::size_t hash;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

Result<bool> CertificateIndex::follow(std::uint64_t until) {
  const Lock lock(mutex_);
  if (const auto policies = access_.policies(); policies != policies_) {
    policies_ = policies;
    if (auto now = access_.rights_of_anyone(); now != rights_ || at_ == 0) {
      rights_ = std::move(now);
      at_ = 1;
      settled_ = 0;
      changed_.clear();
      known_.clear();
      digests_.clear();
      full_ = false;
    }
  }
  if (at_ < until && changed_.size() < budget::certificates_indexed) CHECK_OK(find_changed(until));
  else CHECK_OK(examine());
  if (changed_.empty()) settled_ = at_;
  return settled_ >= until;
}

Result<void> CertificateIndex::find_changed(std::uint64_t until) {
  const std::uint64_t end = std::min<std::uint64_t>(until, at_ + budget::certificate_index_step);
  TRY(const auto subjects, certificates_.changed(at_, end));
  changed_.insert(subjects.begin(), subjects.end());
  at_ = std::max(at_, end);
  return {};
}

Result<void> CertificateIndex::examine() {
  for (std::size_t pieces = 0; pieces < budget::certificate_index_step && !changed_.empty();) {
    TRY(const auto found, certificates_.of_subject(*changed_.begin(), {}));
    for (const auto& certificate : found) {
      note(certificate);
      pieces += certificate.pieces.size();
    }
    ++pieces;
    changed_.erase(changed_.begin());
  }
  return {};
}

void CertificateIndex::note(const service::Certificate& certificate) {
  if (known_.size() >= budget::certificates_indexed && !known_.contains(certificate.fingerprint)) {
    full_ = true;
    return;
  }
  Known& known = known_[certificate.fingerprint];
  if (known.digest) digests_.erase(*known.digest);
  known = {certificate.changed, {}};
  if (certificate.fingerprint.version != 4) return;
  // A certificate that cannot be assembled has no digest; all others have one.
  const auto bytes = evidence::openpgp::assemble(certificate.pieces, certificate.fingerprint);
  const auto digest = bytes ? evidence::openpgp::sks_digest(*bytes) : Result<crypto::Md5>(tl::unexpected<Error>(bytes.error()));
  if (!digest) return log_error("certificate " + certificate.fingerprint.text() + ": " + digest.error().message);
  known.digest = *digest;
  digests_[*digest] = certificate.subject;
}

// The index only gives candidates: a certificate is sent if it has that digest now, as anyone may see it.
Result<std::optional<CertificateIndex::Found>> CertificateIndex::with_digest(const crypto::Md5& digest) const {
  evidence::SubjectId subject;
  {
    const Lock lock(mutex_);
    const auto found = digests_.find(digest);
    if (found == digests_.end()) return std::optional<Found>{};
    subject = found->second;
  }
  TRY(auto list, certificates_.of_subject(subject, {}));
  for (auto& certificate : list) {
    if (certificate.fingerprint.version != 4) continue;
    TRY(auto bytes, evidence::openpgp::assemble(certificate.pieces, certificate.fingerprint));
    TRY(const auto present, evidence::openpgp::sks_digest(bytes));
    if (present == digest) return Found{std::move(certificate), std::move(bytes)};
  }
  return std::optional<Found>{};
}

Result<std::vector<Fingerprint>> CertificateIndex::changed_since(Time since, std::size_t most) const {
  const Lock lock(mutex_);
  if (full_)
    return fail(Code::too_large, "more than " + std::to_string(budget::certificates_indexed) + " certificates are kept here: no log of all their changes is");
  std::vector<Fingerprint> list;
  for (const auto& [fingerprint, known] : known_) {
    if (known.changed < since) continue;
    if (list.size() == most)
      return fail(Code::too_large, "more than " + std::to_string(most) + " certificates changed since then", "ask for a later day");
    list.push_back(fingerprint);
  }
  return list;
}

std::size_t CertificateIndex::size() const {
  const Lock lock(mutex_);
  return known_.size();
}

}  // namespace cm4it::hkp
