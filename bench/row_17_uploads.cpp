// Bodies of 16 MiB, one after another: what look-ups on the same event loop notice (the homes of these measurements have one).
#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/bytes.h"
#include "flood.h"
#include "net/http/http.h"
#include "row_17.h"

namespace cm4it::bench {
namespace {

constexpr std::size_t body_octets = 16'000'000;  // less than a request may have, with what is written around them
constexpr double times_quiet = 5;

struct Upload {
  std::string what, path, media_type, body;
};

// One block of text as large as a body may be: all of it has to be read before it is known to be nothing.
std::string block_of(std::string_view label, std::string_view line_before_data) {
  constexpr std::size_t line = 64;
  std::string text = fmt::format("-----BEGIN {}-----\n{}", label, line_before_data);
  for (std::uint64_t i = 0; text.size() < body_octets; ++i) {
    const Digest noise = crypto::sha256(view(std::to_string(i)));
    text += to_base64(View(noise)).substr(0, 43) + to_base64(View(noise)).substr(0, line - 43) + "\n";
  }
  return text + fmt::format("-----END {}-----\n", label);
}

std::vector<Upload> uploads() {
  const std::string armor = block_of("PGP PUBLIC KEY BLOCK", "\n");
  return {{"OpenPGP", "/v1/evidence", "application/pgp-keys", armor},
          {"PEM", "/v1/evidence", "application/x-pem-file", block_of("CERTIFICATE", "")},
          {"a form with OpenPGP", "/pks/add", "application/x-www-form-urlencoded",
           "keytext=" + net::percent_encode(armor.substr(0, body_octets * 9 / 10))}};
}

// The first answer that is no word about the one before, which may still have its turn.
Result<net::Reply> read_and_refused(const net::ClientRequest& request) {
  net::HttpClient client;
  for (int again = 0;; ++again) {
    TRY(auto answer, client.send(request));
    if (answer.status != 503 || again == 100) return answer;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace

Result<void> look_ups_beside_uploads(const Setup& setup, const Doors& doors) {
  const std::string url = doors.url("/v1/subjects/key:" + doors.ids.back() + "/verdict");
  TRY(const auto quiet, answer_times(url, setup.seconds));
  const double alone = quantile(quiet, 0.99);
  for (const Upload& upload : uploads()) {
    net::ClientRequest request{"POST", doors.url(upload.path), upload.media_type, upload.body, {}, {}};
    TRY(const auto answer, read_and_refused(request));
    setup.note(fmt::format("16 MB of {}: {} {}", upload.what, answer.status, answer.body.substr(0, 100)));
    const Flood flood(1, {}, [&](std::size_t) { return request; });
    TRY(const auto times, answer_times(url, setup.seconds));
    setup.report(Row{
        17,
        fmt::format("a verdict beside one client that uploads 16 MB of {}, again and again: p99", upload.what),
        "ms",
        quantile(times, 0.99),
        "quiet",
        alone,
        {},
        {}}.at_most(times_quiet * alone));
  }
  return {};
}

}  // namespace cm4it::bench
