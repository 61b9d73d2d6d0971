#include "evidence/formats/x509/credential.h"

#include "crypto/path.h"
#include "evidence/formats/x509/x509.h"

namespace cm4it::evidence::x509 {
namespace {

using crypto::Certificate;

class X509Credential final : public Credential {
 public:
  explicit X509Credential(Certificate certificate) : certificate_(std::move(certificate)) {}

  const Certificate& certificate() const { return certificate_; }

  View octets() const override { return certificate_.der(); }
  Bytes findings() const override { return certificate_.findings(); }
  const KeyId& key_id() const override { return certificate_.key_id(); }
  const crypto::PublicKey& key() const override { return certificate_.key(); }
  View issuer_name() const override { return fields().issuer_canonical; }
  View subject_name() const override { return fields().subject_canonical; }
  const std::string& issuer_text() const override { return fields().issuer_text; }
  const std::string& subject_text() const override { return fields().subject_text; }
  std::string issuer_alias() const override { return authority_name(fields().issuer_canonical); }
  View handle() const override { return fields().serial; }
  Time not_before() const override { return fields().not_before; }
  std::optional<Time> not_after() const override { return fields().not_after; }

  std::string issuer_key_name() const override {
    return fields().authority_key_id.size() == method1_octets ? method1_name(fields().authority_key_id) : std::string();
  }

  StatementId statement_id(const KeyId& issuer) const override { return evidence::statement_id(Format::x509, issuer, fields().to_be_signed); }
  bool is_authority() const override { return fields().of_authority(); }
  bool may_sign_lists() const override { return fields().may_sign_crls(); }
  Result<void> check_signs_statements() const override { return x509::check_signs_statements(certificate_); }
  Result<void> verify(const crypto::PublicKey& issuer) const override { return certificate_.verify(issuer); }

  Result<void> check_path(std::span<const CredentialPtr> path, const crypto::PublicKey& anchor, const Credential* own) const override {
    const auto other = [] { return fail(Code::not_permitted, "path: certificates of several formats"); };
    std::vector<Certificate> certificates;
    certificates.reserve(path.size());
    for (const CredentialPtr& one : path) {
      const Certificate* certificate = certificate_in(*one);
      if (!certificate) return other();
      certificates.push_back(*certificate);
    }
    const Certificate* of_anchor = own ? certificate_in(*own) : nullptr;
    if (own && !of_anchor) return other();
    return crypto::check_path(certificates, anchor, of_anchor);
  }

 private:
  const crypto::CertificateFields& fields() const { return certificate_.fields(); }

  const Certificate certificate_;
};

}  // namespace

CredentialPtr credential_of(Certificate certificate) { return std::make_shared<const X509Credential>(std::move(certificate)); }

std::vector<CredentialPtr> credentials_of(const std::vector<Certificate>& certificates) {
  std::vector<CredentialPtr> all;
  all.reserve(certificates.size());
  for (const Certificate& one : certificates) all.push_back(credential_of(one));
  return all;
}

const Certificate* certificate_in(const Credential& credential) {
  const auto* x509 = dynamic_cast<const X509Credential*>(&credential);
  return x509 ? &x509->certificate() : nullptr;
}

}  // namespace cm4it::evidence::x509
