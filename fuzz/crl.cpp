// CRLs. What is read is verified without a crash, and has as many entries with the same serial numbers for OpenSSL.
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "crypto/crl.h"
#include "evidence/formats/x509/crl_test_support.h"
#include "fuzz/fuzz.h"

using namespace cm4it;
using namespace cm4it::crypto;
using namespace cm4it::fuzz;
namespace x509 = cm4it::evidence::x509::test;

namespace {

struct FreeCrl {
  void operator()(X509_CRL* crl) const { X509_CRL_free(crl); }
};

const x509::Authority& authority() {
  static const x509::Authority ca{must(from_seed(Algorithm::eddsa, sha256(view("cm4it fuzz key ca"))), "a key"),
                                  x509::name("ca", "Acme")};
  return ca;
}

Bytes content(const ASN1_INTEGER* number) {
  unsigned char* der = nullptr;
  const int size = i2d_ASN1_INTEGER(number, &der);
  require(size > 2, "OpenSSL writes what it read");
  Bytes bytes(der + 2, der + size);
  OPENSSL_free(der);
  return bytes;
}

void compare(const Crl& crl, const std::vector<Bytes>& serials, View input) {
  const unsigned char* at = input.data();
  const std::unique_ptr<X509_CRL, FreeCrl> theirs(d2i_X509_CRL(nullptr, &at, static_cast<long>(input.size())));
  if (!theirs) return;  // it looks into names, and into times more closely than DER does
  auto* const revoked = X509_CRL_get_REVOKED(theirs.get());
  require(std::max(sk_X509_REVOKED_num(revoked), 0) == static_cast<int>(serials.size()), "as many entries");
  for (std::size_t i = 0; i < serials.size(); ++i)
    require(content(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(revoked, static_cast<int>(i)))) == serials[i],
            "the same serial numbers");
  require(crl.issuer_name.size() > 2, "an issuer");
}

}  // namespace

// Signed anew, so that what is inside is reached.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  const auto crl = Crl::parse_known({data, size});
  if (!crl || seed % 8 == 0) return LLVMFuzzerMutate(data, size, most);
  return put(must(pkix_signed(*authority().key, mutate(crl->to_be_signed)), "a signature"), data, size, most);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const View input(data, size);
  const auto decoded = evidence::decode(evidence::Format::crl, input);
  const auto crl = Crl::parse(input);
  require(decoded.has_value() == crl.has_value(), "read as evidence too");
  if (!crl) return 0;
  std::vector<Bytes> serials;
  const auto visited = visit_crl_entries(*crl, [&](const CrlEntry& entry) {
    serials.push_back(to_bytes(entry.serial));
    return true;
  });
  require(visited.has_value(), "what was examined is read");
  compare(*crl, serials, input);
  if (const auto verified = evidence::verify(*decoded, authority().key->public_key()))
    require(verified->statements().size() == 1 && verified->statements()[0].revocations != nullptr, "one statement");
  return 0;
}
