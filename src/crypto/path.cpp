#include "crypto/path.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <unordered_map>

#include "base/budgets.h"
#include "crypto/certificate_impl.h"
#include "crypto/path_policies.h"

namespace cm4it::crypto {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;
using StoreCtxPtr = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using OctetsPtr = std::unique_ptr<ASN1_OCTET_STRING, FreeWith<ASN1_OCTET_STRING_free>>;
struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }  // not what is in it
};
using StackPtr = std::unique_ptr<STACK_OF(X509), FreeStack>;

bool add_extension(X509* certificate, int nid, bool critical, const Bytes& value) {
  const OctetsPtr octets(ASN1_OCTET_STRING_new());
  if (!octets || ASN1_OCTET_STRING_set(octets.get(), value.data(), static_cast<int>(value.size())) != 1) return false;
  const ExtensionPtr extension(X509_EXTENSION_create_by_NID(nullptr, nid, critical ? 1 : 0, octets.get()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// RFC 5280 section 6.1.1 (d): an anchor is a name and a key. OpenSSL wants a certificate: this one has nothing else in it. It
// is never kept nor shown.
X509Ptr anchor_certificate(const Certificate& below, const PublicKey& key) {
  X509Ptr made(X509_new());
  auto* const name = X509_get_issuer_name(static_cast<X509*>(below.native()));
  const Bytes authority = *from_hex("30030101ff");  // BasicConstraints { cA TRUE }
  const bool done =
      made && X509_set_version(made.get(), 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1) == 1 &&
      X509_set_subject_name(made.get(), name) == 1 && X509_set_issuer_name(made.get(), name) == 1 &&
      X509_set_pubkey(made.get(), static_cast<EVP_PKEY*>(key.native())) == 1 &&
      X509_gmtime_adj(X509_getm_notBefore(made.get()), 0) && X509_gmtime_adj(X509_getm_notAfter(made.get()), 86400) &&
      add_extension(made.get(), NID_basic_constraints, true, authority);
  if (!done) return nullptr;
  // Without a signature it has no encoding, and no fingerprint. OpenSSL minds that where it first looks at its extensions: here.
  X509_check_purpose(made.get(), -1, 0);
  ERR_clear_error();
  return made;
}

// The certificates of a path in their order, the anchor's last. Of one check: OpenSSL's callbacks are told of it.
using Order = std::vector<X509*>;

// Which certificate issued which is known by the signatures. authorityKeyIdentifier is there to find one's way
// (RFC 5280 section 4.2.1.1): a CA's certificate that was renewed has another serial number than what it issued says.
int is_next(X509_STORE_CTX* context, X509* certificate, X509* issuer) {
  const auto& order = *static_cast<const Order*>(X509_STORE_CTX_get_app_data(context));
  const auto at = std::find(order.begin(), order.end(), certificate);
  if (at == order.end() || at + 1 == order.end() || *(at + 1) != issuer) return 0;
  return X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(issuer)) == 0;
}

// RFC 5280 section 6.1.3 (b) and (c): constraints on names are not asked of what a CA issues to itself, unless that is the end
// of the path; a CA's certificate that stands first here is kept to lead on to others.
int forgive(int holds, X509_STORE_CTX* context) {
  const int error = X509_STORE_CTX_get_error(context);
  if (holds || X509_STORE_CTX_get_error_depth(context) != 0 || (error != X509_V_ERR_PERMITTED_VIOLATION && error != X509_V_ERR_EXCLUDED_VIOLATION))
    return holds;
  const std::uint32_t flags = X509_get_extension_flags(X509_STORE_CTX_get0_cert(context));
  return (flags & EXFLAG_SI) && (flags & EXFLAG_CA) ? 1 : 0;
}

// Signatures were verified when the certificates were taken in, and times are the fold's.
X509_STORE* store() {
  static const StorePtr made = [] {
    StorePtr empty(X509_STORE_new());
    X509_STORE_set_verify(empty.get(), [](X509_STORE_CTX*) { return 1; });
    X509_STORE_set_check_issued(empty.get(), is_next);
    X509_STORE_set_verify_cb(empty.get(), forgive);
    return empty;
  }();
  return made.get();
}

// RFC 5280 section 4.2.1.12, where OpenSSL asks it of CAs too: one of the uses that the certificate claims must be open to
// all above it. Without such a use nothing is asked.
std::vector<int> purposes_of(const CertificateFields& fields) {
  std::vector<int> purposes;
  if (fields.for_purpose("1.3.6.1.5.5.7.3.2")) purposes.push_back(X509_PURPOSE_SSL_CLIENT);
  if (fields.for_purpose("1.3.6.1.5.5.7.3.1")) purposes.push_back(X509_PURPOSE_SSL_SERVER);
  if (fields.for_purpose("1.3.6.1.5.5.7.3.4")) purposes.push_back(X509_PURPOSE_SMIME_SIGN);
  if (purposes.empty() || fields.authority) return {0};
  return purposes;
}

// Which certificate, counted from the first, breaks what rule.
struct Refusal {
  std::size_t depth;
  std::string rule;
  const char* section = "";
};
using Outcome = std::optional<Refusal>;  // none: the path holds

Refusal refused(X509_STORE_CTX* context) {
  const auto depth = static_cast<std::size_t>(std::max(X509_STORE_CTX_get_error_depth(context), 0));
  return {depth, X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)), "RFC 5280 section 6.1"};
}

// OpenSSL is asked about policies only where each certificate has some: where one has policyConstraints and no
// certificatePolicies, OpenSSL 3.0 never frees what it read of them, at each check.
bool openssl_judges_policies(std::span<const Certificate> path) { return constrains_policies(path) && all_have_policies(path); }

Result<Outcome> check_for(int purpose, std::span<const Certificate> path, STACK_OF(X509) * trusted, STACK_OF(X509) * between,
                       Order& order) {
  const StoreCtxPtr context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), store(), static_cast<X509*>(path[0].native()), between) != 1)
    return openssl_failed("path");
  X509_STORE_CTX_set0_trusted_stack(context.get(), trusted);
  X509_STORE_CTX_set_app_data(context.get(), &order);
  X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME |
                                              (openssl_judges_policies(path) ? X509_V_FLAG_POLICY_CHECK : 0));
  // Any policy is acceptable (section 6.1.1 (c)): OpenSSL would take none for none at all.
  if (openssl_judges_policies(path) && X509_VERIFY_PARAM_add0_policy(parameters, OBJ_nid2obj(NID_any_policy)) != 1)
    return openssl_failed("path");
  X509_VERIFY_PARAM_set_depth(parameters, static_cast<int>(budget::path_certificates));
  if (purpose != 0 && X509_VERIFY_PARAM_set_purpose(parameters, purpose) != 1) return openssl_failed("path");
  const bool holds = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (!holds) return refused(context.get());
  // A certificate that stands on the path twice: OpenSSL may have gone a shorter way.
  const auto went = static_cast<std::size_t>(sk_X509_num(X509_STORE_CTX_get0_chain(context.get())));
  if (went != path.size() + 1) return Refusal{0, "its names lead another way than its signatures"};
  return Outcome{};
}

Result<Outcome> judge(std::span<const Certificate> path, const PublicKey& anchor, const Certificate* own) {
  if (constrains_policies(path) && !all_have_policies(path)) {
    TRY(const bool required, requires_policy(path));
    if (required) return Refusal{0, "no explicit policy", "RFC 5280 section 6.1.5"};
  }
  const X509Ptr made = own ? nullptr : anchor_certificate(path.back(), anchor);
  if (!own && !made) return openssl_failed("path");
  const StackPtr trusted(sk_X509_new_null()), between(sk_X509_new_null());
  if (!trusted || !between || sk_X509_push(trusted.get(), own ? static_cast<X509*>(own->native()) : made.get()) == 0)
    return openssl_failed("path");
  for (const Certificate& certificate : path.subspan(1))
    if (sk_X509_push(between.get(), static_cast<X509*>(certificate.native())) == 0) return openssl_failed("path");
  Order order;
  for (const Certificate& certificate : path) order.push_back(static_cast<X509*>(certificate.native()));
  order.push_back(sk_X509_value(trusted.get(), 0));
  Outcome outcome;
  for (const int purpose : purposes_of(path[0].fields())) {
    TRY(outcome, check_for(purpose, path, trusted.get(), between.get(), order));
    if (!outcome) break;
  }
  return outcome;
}

// Everything that the outcome depends on. Of an ordinary certificate, above which nothing constrains names or policies, that is who
// made it and what its key may be used for: a path that holds for one device holds for all that its CA made alike.
Digest question(std::span<const Certificate> path, const PublicKey& anchor, const Certificate* own) {
  const CertificateFields& first = path[0].fields();
  const auto constrains = [](const Certificate& one) { return one.fields().name_constraints || one.fields().policy_constraints; };
  const bool alike = first.ordinary && !first.authority && !std::any_of(path.begin(), path.end(), constrains) && !(own && constrains(*own));
  Bytes asked;
  if (alike) {
    append(asked, first.issuer_name);  // DER: it tells its own length
    append_u64(asked, first.key_usage ? *first.key_usage + 1ULL : 0);
    asked.push_back(first.self_issued() ? 1 : 0);
    asked.push_back(first.purposes ? 1 : 0);
    if (first.purposes)
      for (const std::string& purpose : *first.purposes) append(asked, view(purpose + ' '));
  } else {
    append(asked, path[0].digest());
  }
  asked.push_back(alike ? 'a' : 'o');
  for (const Certificate& above : path.subspan(1)) append(asked, above.digest());
  append(asked, anchor.id().digest);
  if (own) append(asked, own->digest());
  return sha256(asked);
}

// The answer follows from the question alone, whenever it is asked: each thread keeps those that it found, without a lock.
class KnownOutcomes {
 public:
  const Outcome* find(const Digest& question) const {
    const auto found = known_.find(question);
    return found == known_.end() ? nullptr : &found->second;
  }
  void keep(const Digest& question, const Outcome& outcome) {
    if (known_.size() >= budget::paths_known) known_.clear();
    known_.emplace(question, outcome);
  }

 private:
  std::unordered_map<Digest, Outcome, DigestHash> known_;
};

Result<void> told(const Outcome& outcome, std::span<const Certificate> path) {
  if (!outcome) return {};
  const std::string whose = outcome->depth < path.size() ? path[outcome->depth].fields().subject_text : "the CA at the end";
  return fail(Code::not_permitted, "path: " + whose + ": " + outcome->rule, outcome->section);
}

}  // namespace

Result<void> check_path(std::span<const Certificate> path, const PublicKey& anchor, const Certificate* own) {
  if (path.empty()) return fail(Code::internal, "path: empty");
  if (path.size() > budget::path_certificates)
    return fail(Code::too_large, "path: more than " + std::to_string(budget::path_certificates) + " certificates");
  thread_local KnownOutcomes known;
  const Digest asked = question(path, anchor, own);
  if (const Outcome* outcome = known.find(asked)) return told(*outcome, path);
  if (std::any_of(path.begin(), path.end(), [](const Certificate& one) { return !one.native(); }) || (own && !own->native()))
    return fail(Code::internal, "path: a certificate on it is read no more");
  TRY(const Outcome outcome, judge(path, anchor, own));
  known.keep(asked, outcome);
  return told(outcome, path);
}

}  // namespace cm4it::crypto
