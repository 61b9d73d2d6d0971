// Row 9: X.509 device certificates, read and verified on one core beside OpenSSL doing both, and imported; and a large CRL.
#include <openssl/x509.h>

#include <chrono>
#include <thread>

#include "ca_home.h"
#include "evidence/formats/x509/crl_test_support.h"
#include "import_run.h"
#include "service/verdicts.h"

namespace cm4it::bench {
namespace {

namespace x509 = evidence::x509::test;

constexpr int one_core = 0;
constexpr std::size_t most_certificates = 60'000;

Result<double> ours(const std::vector<Bytes>& all, const crypto::PublicKey& issuer, double seconds) {
  std::size_t count = 0;
  const auto began = Clock::now();
  for (; since(began) < seconds; ++count) {
    TRY(auto decoded, evidence::decode(evidence::Format::x509, all[count % all.size()]));
    CHECK_OK(evidence::verify(std::move(decoded), issuer));
  }
  return static_cast<double>(count) / since(began);
}

Result<double> openssl(const std::vector<Bytes>& all, const crypto::PublicKey& issuer, double seconds) {
  std::size_t count = 0;
  const auto began = Clock::now();
  for (; since(began) < seconds; ++count) {
    const Bytes& der = all[count % all.size()];
    const unsigned char* at = der.data();
    const std::unique_ptr<X509, void (*)(X509*)> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free);
    if (!certificate || !X509_get0_pubkey(certificate.get()) ||
        X509_verify(certificate.get(), static_cast<EVP_PKEY*>(issuer.native())) != 1)
      return fail(Code::internal, "OpenSSL does not verify it");
  }
  return static_cast<double>(count) / since(began);
}

Result<void> codec(const Setup& setup, const CaHome& ca) {
  const OnCore pinned(one_core);
  std::vector<double> mine, peer;
  for (int round = 0; round < setup.rounds; ++round) {
    TRY(const double rate, ours(ca.certificates, ca.key->public_key(), setup.seconds));
    mine.push_back(rate);
    TRY(const double theirs, openssl(ca.certificates, ca.key->public_key(), setup.seconds));
    peer.push_back(theirs);
  }
  Row row{9,
          "X.509 certificates (P-256): read strictly and verified, one core",
          "/s",
          median(mine),
          "OpenSSL, d2i and verify",
          median(peer),
          {},
          {}};
  row.to_reach = "≥ 3,500 /s";
  row.met = row.ours >= 3'500;
  setup.report(row);
  return {};
}

// `ics import` of all of them: by the clock, and by both processes' processor time.
Result<void> import(const Setup& setup, const CaHome& ca, const demo::Process& icsd) {
  const double served_before = processor_seconds(icsd.pid());
  double client_seconds = 0;
  const auto began = Clock::now();
  TRY(auto run, demo::Process::start({setup.programs / "ics", "--dir", ca.home.directory, "import", ca.pem},
                                     ca.home.directory.string() + ".import"));
  while (run->running()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    client_seconds = std::max(client_seconds, processor_seconds(run->pid()));
  }
  const double seconds = since(began);
  CHECK_OK(
      ics(setup, {"--dir", ca.home.directory, "show", "urn:dev:os:32473-" + std::to_string(ca.certificates.size() - 1)}));
  const auto count = static_cast<double>(ca.certificates.size());
  const std::string what = "import of " + figure(count) + " X.509 certificates through icsd, durable";
  setup.report({9, what, "/s", count / seconds, "", {}, {}, {}});
  Row row{9,
          what + ": a second of one core",
          "/s",
          count / (client_seconds + processor_seconds(icsd.pid()) - served_before),
          "",
          {},
          "≥ 3,500 /s",
          {}};
  row.met = row.ours >= 3'500;
  setup.report(row);
  return {};
}

// A CRL of 100,000 entries: pushed; and what a verdict of one of its CA's certificates takes with it and without.
Result<void> large_crl(const Setup& setup, const CaHome& ca) {
  const x509::Authority authority{ca.key, x509::name("Acme Device CA", "Acme")};
  x509::CrlDraft draft{.by = authority, .this_update = system_time()};
  for (std::uint32_t i = 0; i < 100'000; ++i)
    draft.entries.push_back(
        {{0x11, static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)},
         crypto::RevocationReason::superseded});
  const Bytes der = draft.encode();
  TRY(const auto service, open_service(ca.home));
  TRY(const auto subject, service->verdicts().resolve("urn:dev:os:32473-7", {}, {}));
  const auto verdicts = [&]() -> Result<double> {
    constexpr int count = 2'000;
    const auto began = Clock::now();
    for (int i = 0; i < count; ++i) CHECK_OK(service->verdicts().look_up(subject, {}, {}));
    return 1e6 * since(began) / count;
  };
  TRY(const double before, verdicts());
  const auto began = Clock::now();
  CHECK_OK(submit(*service, {{evidence::Format::crl, der}}));
  setup.report({9, "a CRL of 100,000 entries, submitted and durable", "ms", 1000 * since(began), "", {}, {}, {}});
  TRY(const double after, verdicts());
  setup.report({9, "a verdict folded anew, with that CRL", "µs", after, "without", before, {}, {}});
  return {};
}

}  // namespace

Result<void> row_9(const Setup& setup) {
  TRY(const auto ca, make_ca_home(setup, "pki", std::min(setup.size, most_certificates)));
  CHECK_OK(codec(setup, ca));
  TRY(auto icsd, start_icsd(setup, ca.home.directory));
  CHECK_OK(until_ready(ca.home.url("/readyz")));
  CHECK_OK(import(setup, ca, *icsd));
  icsd->stop();
  return large_crl(setup, ca);
}

}  // namespace cm4it::bench
