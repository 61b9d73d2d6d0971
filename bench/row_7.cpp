// Row 7: submissions that are durable and under a signed checkpoint when they are answered, beside what the cores could
// verify if they did nothing else.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <semaphore>
#include <thread>

#include "crypto/digest.h"
#include "net/http/client.h"
#include "population.h"
#include "service/intake.h"

namespace cm4it::bench {
namespace {

using crypto::Algorithm;

constexpr int in_flight = 256;
constexpr int cores = 2;
constexpr std::size_t batch = 500;

struct Kind {
  Algorithm algorithm;  // of issuer and devices
  const char* name;
  bool identity;        // else: a status of a device
};

// Statements that no store has yet; signed beforehand.
class Statements {
 public:
  Statements(const Home& home, const Kind& kind, crypto::SignerPtr issuer) : home_(home), kind_(kind), issuer_(std::move(issuer)) {}

  Result<std::vector<evidence::Piece>> next(std::size_t count) {
    std::vector<evidence::Piece> made(count);
    std::atomic<bool> failed{false};
    std::vector<std::thread> threads;
    for (int core = 0; core < cores; ++core)
      threads.emplace_back([&, core] {
        for (std::size_t i = core; i < count; i += cores)
          if (auto bytes = one(number_ + i); bytes) made[i] = {evidence::Format::cose, std::move(*bytes)};
          else failed = true;
      });
    for (auto& thread : threads) thread.join();
    number_ += count;
    if (failed) return fail(Code::internal, "a statement cannot be signed");
    return made;
  }

 private:
  Result<Bytes> one(std::size_t number) const {
    evidence::SubjectId subject;
    if (kind_.identity) return device_identity(number, home_.domain, *issuer_, system_time(), subject, kind_.algorithm);
    subject.digest = crypto::sha256(view(fmt::format("cm4it bench device {}", number)));
    return evidence::sign({subject, {home_.domain}, evidence::StatusChange{evidence::Status::in_use, {}}, system_time(), {}, {}},
                          *issuer_);
  }

  const Home& home_;
  const Kind kind_;
  const crypto::SignerPtr issuer_;
  std::size_t number_ = 0;
};

// Verifications a second on every core at once.
Result<double> verification_limit(const crypto::Signer& signer, double seconds) {
  const Bytes message(250, 0x5a);
  TRY(const auto signature, signer.sign(message));
  std::atomic<std::size_t> count{0};
  const auto began = Clock::now();
  std::vector<std::thread> threads;
  for (int core = 0; core < cores; ++core)
    threads.emplace_back([&] {
      for (; since(began) < seconds; count += 50)
        for (int i = 0; i < 50; ++i)
          if (!signer.public_key().verify(message, signature)) return;
    });
  for (auto& thread : threads) thread.join();
  return static_cast<double>(count) / since(began);
}

// One piece a submission, so many of them under way; a second's count.
Result<double> submit_all(service::Service& service, std::vector<evidence::Piece> pieces) {
  std::counting_semaphore<in_flight> room(in_flight);
  std::atomic<std::size_t> refused{0};
  const std::size_t count = pieces.size();
  const auto began = Clock::now();
  for (auto& piece : pieces) {
    room.acquire();
    CHECK_OK(service.intake().submit({std::move(piece)}, {}, [&](const auto& results) {
      refused += results[0].error.has_value();
      room.release();
    }));
  }
  for (int i = 0; i < in_flight; ++i) room.acquire();
  const double passed = since(began);
  if (refused > 0) return fail(Code::internal, fmt::format("{} submissions were refused", refused.load()));
  return static_cast<double>(count) / passed;
}

Result<double> post_all(const Home& home, const std::vector<evidence::Piece>& pieces) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  const auto began = Clock::now();
  const auto post = [&] {
    net::HttpClient client;
    for (std::size_t at; !failed && (at = next.fetch_add(batch)) < pieces.size();) {
      Bytes sequence;
      for (std::size_t i = at; i < std::min(at + batch, pieces.size()); ++i) append(sequence, pieces[i].bytes);
      net::ClientRequest request;
      request.method = "POST";
      request.url = home.url("/v1/evidence");
      request.content_type = "application/cbor-seq";
      request.body = text(sequence);
      const auto reply = client.send(request);
      if (!reply || reply->status != 200 || reply->body.find("\"refused\":0") == std::string::npos) failed = true;
    }
  };
  std::vector<std::thread> threads;
  for (int client = 0; client < 4; ++client) threads.emplace_back(post);
  for (auto& thread : threads) thread.join();
  if (failed) return fail(Code::unavailable, "a batch was refused over HTTP");
  return static_cast<double>(pieces.size()) / since(began);
}

Result<void> measure(const Setup& setup, const Home& home, const Kind& kind, const crypto::SignerPtr& issuer) {
  Statements statements(home, kind, issuer);
  std::vector<double> ours, limit, http, batches;
  std::size_t count = 4'000;
  {
    TRY(const auto service, open_service(home));
    for (int round = -1; round < setup.rounds; ++round) {
      TRY(auto pieces, statements.next(count));
      const auto commits = service->counters().commits;
      TRY(const double rate, submit_all(*service, std::move(pieces)));
      batches.push_back(static_cast<double>(count) / static_cast<double>(service->counters().commits - commits));
      count = std::max<std::size_t>(4'000, static_cast<std::size_t>(rate * setup.seconds));
      if (round < 0) continue;  // the first only tells how many there have to be
      ours.push_back(rate);
      TRY(const double verified, verification_limit(*issuer, setup.seconds / 2));
      limit.push_back(verified);
    }
  }
  const std::string what = fmt::format("{} of {}, durable", kind.identity ? "identities" : "statuses", kind.name);
  const std::string peer = fmt::format("{} verified on {} cores", kind.name, cores);
  setup.report(Row{7, fmt::format("{}, {} in flight", what, in_flight), "/s", median(ours), peer, median(limit), {}, {}}.at_least(0.7));
  setup.report({7, what + ": in one commit", "", median(batches), "", {}, {}, {}});
  TRY(const auto icsd, start_icsd(setup, home.directory));
  CHECK_OK(until_ready(home.url("/readyz")));
  for (int round = 0; round < setup.rounds; ++round) {
    TRY(const auto pieces, statements.next(count));
    TRY(const double rate, post_all(home, pieces));
    http.push_back(rate);
  }
  setup.report({7, fmt::format("{}, over HTTP, {} a request", what, batch), "/s", median(http), peer, median(limit), {}, {}});
  return {};
}

}  // namespace

Result<void> row_7(const Setup& setup) {
  for (const Kind& kind : {Kind{Algorithm::eddsa, "Ed25519", true}, Kind{Algorithm::es256, "P-256", true},
                           Kind{Algorithm::eddsa, "Ed25519", false}, Kind{Algorithm::es256, "P-256", false}}) {
    const std::string name = fmt::format("home-7-{}-{}", cose_id(kind.algorithm), kind.identity ? "identities" : "statuses");
    std::error_code ignored;
    fs::remove_all(setup.directory / name, ignored);
    TRY(const auto home, make_home(setup, name, "manufacturer"));
    TRY(auto issuer, crypto::load_key_file(home.directory / "owner.key"));
    if (kind.algorithm != Algorithm::eddsa) {
      const fs::path file = home.directory / "maker.key";
      TRY(issuer, crypto::generate(kind.algorithm));
      CHECK_OK(crypto::save_key_file(*issuer, file));
      CHECK_OK(ics(setup, {"role", "add", home.directory, "manufacturer", "maker", "--key", file}));
    }
    CHECK_OK(measure(setup, home, kind, issuer));
    fs::remove_all(home.directory, ignored);
  }
  return {};
}

}  // namespace cm4it::bench
