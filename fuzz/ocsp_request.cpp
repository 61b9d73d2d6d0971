// Requests of OCSP. What is read is read by OpenSSL, as the same certificates with the same nonce; and whatever was asked, the
// answer is one that OpenSSL reads, about those certificates in their order.
#include <openssl/ocsp.h>

#include <memory>

#include "base/der.h"
#include "crypto/ocsp.h"
#include "crypto/pkix_sign.h"
#include "fuzz/fuzz.h"

using namespace cm4it;
using namespace cm4it::crypto;
using namespace cm4it::fuzz;

namespace {

struct FreeOcsp {
  void operator()(OCSP_REQUEST* it) const { OCSP_REQUEST_free(it); }
  void operator()(OCSP_RESPONSE* it) const { OCSP_RESPONSE_free(it); }
  void operator()(OCSP_BASICRESP* it) const { OCSP_BASICRESP_free(it); }
};

ocsp::Responder responder() {
  const auto key = must(from_seed(Algorithm::eddsa, sha256(view("cm4it fuzz key ca"))), "a key");
  const Bytes name = der::item(der::sequence, {});
  const Bytes validity = der::item(der::sequence, {der::generalized(Time{0}), der::generalized(Time{1'800'000'000})});
  const Bytes tbs =
      der::item(der::sequence, {der::integer_of(1), *from_hex("300506032b6570"), name, validity, name, key->public_key().spki()});
  return must(ocsp::Responder::make(key, must(pkix_signed(*key, tbs), "a certificate"), {}), "a responder");
}

Bytes encoded(OCSP_CERTID* id) {
  unsigned char* der = nullptr;
  const int size = i2d_OCSP_CERTID(id, &der);
  require(size > 0, "OpenSSL writes what it read");
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ocsp::Responder own = responder();
  const auto request = ocsp::parse_request({data, size});
  if (!request) return 0;
  const unsigned char* at = data;
  const std::unique_ptr<OCSP_REQUEST, FreeOcsp> theirs(d2i_OCSP_REQUEST(nullptr, &at, static_cast<long>(size)));
  if (theirs) {  // it looks into names and signatures, which nothing here does
    require(OCSP_request_onereq_count(theirs.get()) == static_cast<int>(request->asked.size()), "as many certificates");
    for (std::size_t i = 0; i < request->asked.size(); ++i)
      require(
          encoded(OCSP_onereq_get0_id(OCSP_request_onereq_get0(theirs.get(), static_cast<int>(i)))) == request->asked[i].encoded,
          "the same");
    require((OCSP_REQUEST_get_ext_by_NID(theirs.get(), NID_id_pkix_OCSP_Nonce, -1) >= 0) == !request->nonce.empty(),
            "the same nonce");
  }

  std::vector<ocsp::Single> singles;
  for (const auto& id : request->asked) {
    own.is_issuer(id);
    singles.push_back({id.encoded,
                       static_cast<ocsp::Single::Status>(singles.size() % 3),
                       {Time{1'700'000'000}, RevocationReason::superseded},
                       Time{1'750'000'000},
                       Time{1'760'000'000}});
  }
  const Bytes answer = must(own.answer(singles, Time{1'750'000'000}, request->nonce), "an answer");
  at = answer.data();
  const std::unique_ptr<OCSP_RESPONSE, FreeOcsp> read(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(answer.size())));
  require(read && at == answer.data() + answer.size(), "OpenSSL reads the answer");
  const std::unique_ptr<OCSP_BASICRESP, FreeOcsp> basic(OCSP_response_get1_basic(read.get()));
  require(basic && OCSP_resp_count(basic.get()) == static_cast<int>(singles.size()), "an answer for each");
  if (theirs) require(request->nonce.empty() || OCSP_check_nonce(theirs.get(), basic.get()) != 0, "the nonce is echoed");
  return 0;
}
