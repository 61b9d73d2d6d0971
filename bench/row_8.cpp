// Row 8: bulk import of OpenPGP device certificates, two signatures each: split and verified on one core, beside what
// that core verifies if it does nothing else; and through `ics import` into a running icsd, durable.
#include <fmt/format.h>

#include <chrono>
#include <fstream>

#include "crypto/digest.h"
#include "evidence/formats/openpgp/openpgp.h"
#include "import_run.h"

namespace cm4it::bench {
namespace {

constexpr int core = 0;
constexpr int signatures = 2;  // of a certificate

// One certificate out of the stream: apart, decoded, both signatures verified.
Result<std::size_t> take_one(View stream, const crypto::PublicKey& maker) {
  TRY(const auto octets, evidence::openpgp::first_certificate(stream));
  TRY(auto split, evidence::openpgp::split_certificates(stream.first(octets)));
  if (split.pieces.size() != signatures) return fail(Code::internal, "a certificate has lost a signature");
  for (const auto& piece : split.pieces) {
    TRY(auto decoded, evidence::decode(piece.format, piece.bytes));
    const auto key = decoded.carried_key() && decoded.issuer().key ? *decoded.carried_key() : maker;
    CHECK_OK(evidence::verify(std::move(decoded), key));
  }
  return octets;
}

Result<double> codec_rate(const std::string& dump, const crypto::PublicKey& maker, double seconds) {
  std::size_t count = 0;
  const auto began = Clock::now();
  for (View rest = view(dump); since(began) < seconds; ++count) {
    if (rest.empty()) rest = view(dump);
    TRY(const auto octets, take_one(rest.first(std::min<std::size_t>(rest.size(), 64 * 1024)), maker));
    rest = rest.subspan(octets);
  }
  return static_cast<double>(count) / since(began);
}

// As many certificates as the signatures alone would allow: each over a digest of 32 octets.
Result<double> signing_limit(const crypto::Signer& signer, double seconds) {
  const Digest digest = crypto::sha256(view("cm4it bench"));
  TRY(const auto signature, signer.sign(digest));
  std::size_t count = 0;
  const auto began = Clock::now();
  for (; since(began) < seconds; ++count) CHECK_OK(signer.public_key().verify_digest(crypto::Hash::sha256, digest, signature));
  return static_cast<double>(count) / signatures / since(began);
}

Result<void> codec(const Setup& setup, const Dump& dump) {
  std::ifstream in(dump.directory / "000000.pgp", std::ios::binary);
  const std::string octets{std::istreambuf_iterator<char>(in), {}};
  const auto maker = dump_maker();
  const OnCore pinned(core);
  std::vector<double> ours, peer;
  for (int round = 0; round < setup.rounds; ++round) {
    TRY(const double rate, codec_rate(octets, maker.signer->public_key(), setup.seconds));
    ours.push_back(rate);
    TRY(const double most, signing_limit(*maker.signer, setup.seconds / 2));
    peer.push_back(most);
  }
  Row row{8, "OpenPGP certificates: apart, decoded, 2 signatures verified, one core", "/s", median(ours), "libsodium, 2 signatures", median(peer), {}, {}};
  row.to_reach = "≥ 5,000 /s";
  row.met = row.ours >= 5'000;
  setup.report(row);
  return {};
}

}  // namespace

Result<void> row_8(const Setup& setup) {
  TRY(const auto dump, make_dump(setup, setup.size));
  CHECK_OK(codec(setup, dump));
  const std::string name = fmt::format("keyserver-{}", setup.size);
  std::error_code ignored;
  fs::remove(setup.directory / (name + ".done"), ignored);
  TRY(const auto home, make_keyserver(setup, name));
  TRY(auto icsd, start_icsd(setup, home.directory));
  CHECK_OK(until_ready(home.url("/readyz")));
  TRY(const auto imported, import_dump(setup, home, *icsd, dump));
  const std::string what = fmt::format("import of {} certificates", figure(static_cast<double>(setup.size)));
  setup.report({8, what + " through icsd, durable, both cores", "/s", imported.rate, "", {}, {}, {}});
  Row row{8, what + ", durable: a second of one core", "/s", imported.per_core, "", {}, "≥ 5,000 /s", imported.per_core >= 5'000};
  setup.report(row);
  setup.report({8, what + ": in the last tenth, beside the first", "/s", imported.last_rate, "the first", imported.first_rate, {}, {}});
  setup.report({8, what + ": ics, its own memory at most", "MiB", imported.client.anonymous, "", {}, {}, {}});
  setup.report({8, what + ": icsd, its own memory at most", "MiB", imported.server.anonymous, "", {}, {}, {}});
  setup.report({8, what + ": icsd, with the store's pages", "MiB", imported.server.resident, "", {}, {}, {}});
  icsd->stop();
  std::ofstream(setup.directory / (name + ".done")) << setup.size << "\n";
  const double evidence = static_cast<double>(dump.octets);
  const auto store = static_cast<double>(fs::file_size(home.directory / "store" / "data.mdb"));
  setup.report({8, what + ": the store, an octet of the dump", "", store / evidence, "", {}, {}, {}});
  return {};
}

}  // namespace cm4it::bench
