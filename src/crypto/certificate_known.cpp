// A certificate's findings: what from_der() found out about it, so that it need not be found out again.
#include <limits>

#include "base/cbor_values.h"
#include "crypto/certificate_impl.h"

namespace cm4it::crypto {
namespace {

using cbor::get;
using cbor::put;

// Bits of the flags below.
namespace flag {
constexpr std::uint64_t authority = 1, policy_constraints = 2, policies = 4, name_constraints = 8, ordinary = 16;
}

std::uint64_t flags_of(const CertificateFields& fields) {
  return (fields.authority ? flag::authority : 0) | (fields.policy_constraints ? flag::policy_constraints : 0) |
         (fields.policies ? flag::policies : 0) | (fields.name_constraints ? flag::name_constraints : 0) |
         (fields.ordinary ? flag::ordinary : 0);
}

void set_flags(CertificateFields& fields, std::uint64_t flags) {
  fields.authority = flags & flag::authority;
  fields.policy_constraints = flags & flag::policy_constraints;
  fields.policies = flags & flag::policies;
  fields.name_constraints = flags & flag::name_constraints;
  fields.ordinary = flags & flag::ordinary;
}

Result<void> read_findings(View findings, Certificate::Impl& known) {
  CborReader in(findings, std::numeric_limits<std::size_t>::max());  // our own: as many items as it has
  CertificateFields& fields = known.fields;
  TRY(const auto items, in.array());
  if (items != 20) return fail(Code::malformed, "findings: not those of a certificate");
  CHECK_OK(get(in, known.digest));
  CHECK_OK(get(in, known.key_id.digest));
  TRY(const auto flags, in.uint());
  set_flags(fields, flags);
  for (Bytes* octets : {&fields.issuer_canonical, &fields.subject_canonical, &fields.subject_key_id, &fields.authority_key_id})
    CHECK_OK(get(in, *octets));
  for (std::string* text : {&fields.issuer_text, &fields.subject_text, &fields.common_name, &fields.organization, &fields.serial_number})
    CHECK_OK(get(in, *text));
  for (auto* list : {&fields.dns, &fields.uris, &fields.mails, &fields.addresses}) CHECK_OK(get(in, *list));
  CHECK_OK(get(in, fields.crl_points));
  if (in.next_is_null()) CHECK_OK(in.null());
  else CHECK_OK(cbor::get_number(in, fields.key_usage.emplace()));
  CHECK_OK(get(in, fields.purposes));
  std::vector<Bytes> hardware;
  CHECK_OK(get(in, hardware));
  if (hardware.size() == 2) fields.hardware = HardwareModule{std::string(text(hardware[0])), hardware[1]};
  return in.end();
}

}  // namespace

Bytes Certificate::findings() const {
  const CertificateFields& fields = impl_->fields;
  CborWriter out;
  out.array(20).bytes(impl_->digest).bytes(impl_->key_id.digest).uint(flags_of(fields));
  for (const Bytes* octets : {&fields.issuer_canonical, &fields.subject_canonical, &fields.subject_key_id, &fields.authority_key_id})
    put(out, *octets);
  for (const std::string* text : {&fields.issuer_text, &fields.subject_text, &fields.common_name, &fields.organization, &fields.serial_number})
    put(out, *text);
  for (const auto* list : {&fields.dns, &fields.uris, &fields.mails, &fields.addresses}) put(out, *list);
  put(out, fields.crl_points);
  if (fields.key_usage) out.uint(*fields.key_usage);
  else out.null();
  put(out, fields.purposes);
  put(out, fields.hardware ? std::vector<Bytes>{to_bytes(view(fields.hardware->type)), fields.hardware->serial} : std::vector<Bytes>{});
  return out.take();
}

Result<Certificate> Certificate::from_known(View der, View findings) {
  auto impl = std::make_shared<Impl>();
  impl->der = to_bytes(der);
  CHECK_OK(read_findings(findings, *impl));
  if (sha256(der) != impl->digest) return fail(Code::malformed, "certificate: its findings are of another, or it was changed");
  CHECK_OK(read_der(*impl, Examine::nothing));
  return Certificate(std::move(impl));
}

}  // namespace cm4it::crypto
