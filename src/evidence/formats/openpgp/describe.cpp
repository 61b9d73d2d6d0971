// What an index shows of a certificate, as of a time.
#include <algorithm>

#include "base/budgets.h"
#include "evidence/formats/openpgp/certificate.h"
#include "evidence/formats/openpgp/meaning.h"
#include "evidence/formats/openpgp/packet.h"

namespace cm4it::evidence::openpgp {
namespace {

bool in_force(const Signature& signature, Time at) {
  return signature.created <= at && (!signature.expires || *signature.expires > at);
}

std::optional<Time> key_end(const Key& key, const Signature& signature) {
  if (!signature.key_lifetime) return {};
  return Time{key.created.seconds + *signature.key_lifetime};
}

std::optional<Time> earlier(std::optional<Time> a, std::optional<Time> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

// The newest signature of the key itself that `wanted` takes; of two at once the one that ends its key sooner.
template <class F>
const Signature* newest(const Part& part, Time at, F&& wanted) {
  const Signature* found = nullptr;
  for (const PieceParts& piece : part.signatures) {
    const Signature& signature = piece.signature;
    if (!piece.self() || signature.created > at || !wanted(signature)) continue;
    const auto sooner = [](const Signature& s) { return -s.key_lifetime.value_or(INT64_MAX); };
    if (!found || std::pair(signature.created, sooner(signature)) > std::pair(found->created, sooner(*found))) found = &signature;
  }
  return found;
}

bool certifies(const Signature& signature) { return is_certification(signature.type); }

CertificateInfo::UserId describe_user_id(const Part& part, Time at) {
  CertificateInfo::UserId user_id;
  user_id.text = shown_text(part.body, budget::user_id_bytes);
  const Signature* certification = newest(part, at, certifies);
  const Signature* revocation = newest(part, at, [](const Signature& s) { return s.type == signature_type::certification_revocation; });
  if (certification) {
    user_id.created = certification->created;
    user_id.expires = certification->expires;
  }
  user_id.revoked = revocation && (!certification || revocation->created >= certification->created);
  return user_id;
}

// RFC 9580 section 5.2.3.13: the newest binding says how long.
CertificateInfo::Subkey describe_subkey(const Part& part, Time at) {
  const Key& key = *part.signatures.front().subkey;
  CertificateInfo::Subkey subkey{key.fingerprint, key.algorithm, bits_of(key), key.created, {}, false};
  const Signature* binding = newest(part, at, [](const Signature& s) { return s.type == signature_type::subkey_binding; });
  if (binding) subkey.expires = earlier(key_end(key, *binding), binding->expires);
  for (const PieceParts& piece : part.signatures) {
    const Signature& signature = piece.signature;
    if (signature.type != signature_type::subkey_revocation) continue;
    subkey.revoked |= is_hard(signature) || (signature.created <= at && (!binding || signature.created >= binding->created));
  }
  return subkey;
}

// What a user id's newest certification by the key says; none where that is past its end, or the user id was revoked.
const Signature* says(const Part& part, Time at) {
  if (describe_user_id(part, at).revoked) return nullptr;
  const Signature* found = newest(part, at, certifies);
  return found && in_force(*found, at) ? found : nullptr;
}

// RFC 9580 section 5.2.3.27: the user id that calls itself primary, the newest of several; else the newest.
const Signature* primary_user_id(const Collected& certificate, Time at) {
  const Signature* found = nullptr;
  for (const Part& part : certificate.parts) {
    if (part.tag != tag::user_id && part.tag != tag::user_attribute) continue;
    const Signature* here = says(part, at);
    const auto rank = [](const Signature* s) { return std::pair(s->primary_user_id, s->created); };
    if (here && (!found || rank(here) > rank(found))) found = here;
  }
  return found;
}

// The key's own end: its newest direct-key signature says, or, where that does not, the primary user id. So GnuPG; Sequoia asks
// the user id first.
std::optional<Time> primary_end(const Collected& certificate, Time at) {
  for (const Part& part : certificate.parts) {
    if (part.tag != 0) continue;
    const Signature* direct = newest(part, at, [](const Signature& s) { return s.type == signature_type::direct_key; });
    if (direct && in_force(*direct, at) && direct->key_lifetime) return key_end(certificate.primary, *direct);
  }
  const Signature* user_id = primary_user_id(certificate, at);
  return user_id ? key_end(certificate.primary, *user_id) : std::nullopt;
}

}  // namespace

Result<CertificateInfo> describe(std::span<const Bytes> pieces, const Fingerprint& fingerprint, Time at) {
  TRY(const Collected certificate, collect(pieces, fingerprint, Read::whole));
  const Key& primary = certificate.primary;
  CertificateInfo info;
  info.fingerprint = fingerprint;
  info.algorithm = primary.algorithm;
  info.bits = bits_of(primary);
  info.created = primary.created;
  info.expires = primary_end(certificate, at);
  info.revoked = certificate.hard_revoked;
  for (const Part& part : certificate.parts) {
    for (const PieceParts& piece : part.signatures)
      info.revoked |= piece.signature.type == signature_type::key_revocation && piece.signature.created <= at;
    const bool by_key = std::any_of(part.signatures.begin(), part.signatures.end(), [](const PieceParts& piece) { return piece.self(); });
    if (part.tag == tag::user_id && (by_key || !certificate.hard_revoked)) info.user_ids.push_back(describe_user_id(part, at));
    if (part.tag == tag::public_subkey && !certificate.hard_revoked) info.subkeys.push_back(describe_subkey(part, at));
  }
  return info;
}

}  // namespace cm4it::evidence::openpgp
