#include "crypto/path_policies.h"

#include <openssl/x509v3.h>

#include <algorithm>

#include "crypto/certificate_impl.h"

namespace cm4it::crypto {
namespace {

using ConstraintsPtr = std::unique_ptr<POLICY_CONSTRAINTS, FreeWith<POLICY_CONSTRAINTS_free>>;

X509* native(const Certificate& certificate) { return static_cast<X509*>(certificate.native()); }

// How many certificates below this one need no policy yet (requireExplicitPolicy, section 4.2.1.11); none: it does not say.
Result<std::optional<std::uint64_t>> free_below(const Certificate& certificate) {
  if (!certificate.fields().policy_constraints) return std::nullopt;
  const auto invalid = [&] {
    return fail(Code::malformed, "path: " + certificate.fields().subject_text + ": policyConstraints is empty or cannot be read",
                "RFC 5280 section 4.2.1.11");
  };
  const ConstraintsPtr constraints(
      static_cast<POLICY_CONSTRAINTS*>(X509_get_ext_d2i(native(certificate), NID_policy_constraints, nullptr, nullptr)));
  ERR_clear_error();
  if (!constraints || (!constraints->requireExplicitPolicy && !constraints->inhibitPolicyMapping)) return invalid();
  for (const ASN1_INTEGER* number : {constraints->requireExplicitPolicy, constraints->inhibitPolicyMapping})
    if (number && ASN1_STRING_type(number) == V_ASN1_NEG_INTEGER) return invalid();
  if (!constraints->requireExplicitPolicy) return std::nullopt;
  std::uint64_t count = 0;
  if (ASN1_INTEGER_get_uint64(&count, constraints->requireExplicitPolicy) != 1) count = UINT64_MAX;  // longer than any path
  ERR_clear_error();
  return count;
}

}  // namespace

bool constrains_policies(std::span<const Certificate> path) {
  return std::any_of(path.begin(), path.end(), [](const Certificate& one) { return one.fields().policy_constraints; });
}

bool all_have_policies(std::span<const Certificate> path) {
  return std::all_of(path.begin(), path.end(),
                     [](const Certificate& one) { return one.fields().policies; });
}

Result<bool> requires_policy(std::span<const Certificate> path) {
  std::uint64_t left = path.size() + 1;
  for (std::size_t i = path.size(); i-- > 0;) {
    const bool self_issued = (X509_get_extension_flags(native(path[i])) & EXFLAG_SI) != 0;
    if (left > 0 && (!self_issued || i == 0)) --left;
    TRY(const auto said, free_below(path[i]));
    if (!said) continue;
    // The last certificate can only say that it needs one itself.
    if (i > 0 || *said == 0) left = std::min(left, *said);
  }
  return left == 0;
}

}  // namespace cm4it::crypto
