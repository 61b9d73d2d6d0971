// Row 6: OCSP answers. On demand, one core, beside what that core signs if it does nothing else; ready ones over HTTP, a random
// one of many certificates, beside nginx and a file of the same size.
#include <openssl/evp.h>

#include <chrono>

#include "ca_home.h"
#include "crypto/ocsp.h"
#include "http_load.h"
#include "net/http/client.h"

namespace cm4it::bench {
namespace {

constexpr std::size_t certificates = 20'000;

Result<double> answers(const crypto::ocsp::Responder& responder, const std::vector<Bytes>& requests, double seconds) {
  std::size_t count = 0;
  const auto began = Clock::now();
  for (; since(began) < seconds; ++count) {
    TRY(const auto request, crypto::ocsp::parse_request(requests[count % requests.size()]));
    std::vector<crypto::ocsp::Single> singles;
    for (const auto& id : request.asked) {
      if (!responder.is_issuer(id)) return fail(Code::internal, "not the issuer");
      singles.push_back({id.encoded, crypto::ocsp::Single::Status::good, {}, Time{1'800'000'000}, Time{1'800'003'600}});
    }
    CHECK_OK(responder.answer(singles, Time{1'800'000'000}, request.nonce));
  }
  return static_cast<double>(count) / since(began);
}

// What `openssl speed ecdsap256` does: signs a digest with a context that is there already.
Result<double> limit(const crypto::Signer& signer, double seconds) {
  const Digest digest = crypto::sha256(view("cm4it bench"));
  const std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> context(
      EVP_PKEY_CTX_new(static_cast<EVP_PKEY*>(signer.native()), nullptr), EVP_PKEY_CTX_free);
  if (!context || EVP_PKEY_sign_init(context.get()) != 1) return fail(Code::internal, "no signing");
  std::size_t count = 0;
  const auto began = Clock::now();
  for (; since(began) < seconds; ++count) {
    std::uint8_t signature[128];
    std::size_t size = sizeof signature;
    if (EVP_PKEY_sign(context.get(), signature, &size, digest.data(), digest.size()) != 1)
      return fail(Code::internal, "no signature");
  }
  return static_cast<double>(count) / since(began);
}

Result<void> on_demand(const Setup& setup, const CaHome& ca) {
  TRY(const auto responder, crypto::ocsp::Responder::make(ca.key, ca.ca, {}));
  std::vector<Bytes> requests;
  for (std::uint8_t serial = 1; serial < 100; ++serial)
    requests.push_back(ocsp_request(responder.ca_name(), ca.key->public_key(), Bytes{serial}, true));
  const OnCore pinned(server_core);
  std::vector<double> ours, peer;
  for (int round = 0; round < setup.rounds; ++round) {
    TRY(const double rate, answers(responder, requests, setup.seconds));
    ours.push_back(rate);
    TRY(const double most, limit(*ca.key, setup.seconds / 2));
    peer.push_back(most);
  }
  Row row{6,
          "OCSP answers on demand: read, made, signed (P-256), one core",
          "/s",
          median(ours),
          "OpenSSL, signing alone",
          median(peer),
          {},
          {}};
  setup.report(row.at_least(0.7));
  return {};
}

}  // namespace

Result<void> row_6(const Setup& setup) {
  TRY(const auto ca, make_ca_home(setup, "ocsp", std::min(setup.size, certificates)));
  CHECK_OK(on_demand(setup, ca));
  const auto pinned = std::make_unique<OnCore>(server_core);
  TRY(auto icsd, start_icsd(setup, ca.home.directory));
  CHECK_OK(until_ready(ca.home.url("/readyz")));
  CHECK_OK(ics(setup, {"--dir", ca.home.directory, "import", ca.pem}));
  Load ours{ca.home.url(), "/ocsp/", "", ca.requests, 1, 1, true, ca.digits};
  TRY(const auto cold, put_under_load(setup, ours, client_core));
  setup.report({6, "OCSP over HTTP, made and signed anew", "/s", cold.per_second, "", {}, {}, {}});
  ours.seconds = 1 + 1.5 * static_cast<double>(ca.certificates.size()) / cold.per_second;
  CHECK_OK(put_under_load(setup, ours, client_core));
  ours.seconds = setup.seconds;
  ours.in_turn = false;
  TRY(const auto one,
      net::HttpClient().get(ca.home.url("/ocsp/" + to_base64(ocsp_request(evidence::x509::test::name("Acme Device CA", "Acme"),
                                                                          ca.key->public_key(), Bytes{1, 0, 1}, false)))));
  if (one.status != 200) return fail(Code::unavailable, "/ocsp: status " + std::to_string(one.status));
  TRY(const auto root, Nginx::one_file(setup, one.body.size()));
  TRY(const auto nginx, Nginx::start(setup, {.root = root, .content_type = "application/ocsp-response"}));
  Load theirs = ours;
  theirs.url = nginx.url();
  theirs.before = "/subject.json?";
  Series mine, peer;
  for (int round = 0; round < setup.rounds; ++round) {
    CHECK_OK(mine.add(put_under_load(setup, ours, client_core)));
    CHECK_OK(peer.add(put_under_load(setup, theirs, client_core)));
  }
  Row row{6, "OCSP over HTTP, ready answers", "/s", median(mine.per_second), "nginx, file", median(peer.per_second), {}, {}};
  setup.report(row.at_least(1));
  setup.report({6, "OCSP over HTTP, ready answers: p99", "ms", median(mine.p99), "nginx, file", median(peer.p99), {}, {}});
  icsd->stop();
  return {};
}

}  // namespace cm4it::bench
