// A domain that strangers may not read: a subject of which much is said costs them what one costs that is not there.
#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include "crypto/digest.h"
#include "flood.h"
#include "row_17.h"

namespace cm4it::bench {
namespace {

using evidence::SubjectId;

constexpr std::size_t statements = 2000, questions = 500;
constexpr double most_times = 1.2;

SubjectId code_of(const std::string& content) { return SubjectId::code(crypto::sha256(view(content))); }

// The next version of its policy: only the owner reads.
Result<void> close_domain(const Setup& setup, const Home& home) {
  std::ifstream in(home.directory / "policy.toml");
  std::stringstream content;
  content << in.rdbuf();
  std::string text = content.str();
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"version = 1", "version = 2"}, {"default = [\"anyone\"]", "default = [\"owner\"]"}}) {
    const auto at = text.find(from);
    if (at == std::string::npos) return fail(Code::not_found, "policy.toml: no " + from);
    text.replace(at, from.size(), to);
  }
  const auto closed = home.directory / "closed.toml";
  std::ofstream(closed) << text;
  TRY(const auto signed_, ics(setup, {"--dir", home.directory, "policy", "sign", closed}));
  return {};
}

Result<double> milliseconds_of(net::HttpClient& client, const std::string& url) {
  const auto began = std::chrono::steady_clock::now();
  TRY(const auto reply, client.get(url));
  if (reply.status >= 500) return fail(Code::unavailable, url + ": " + reply.body);
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace

Result<void> hidden_subjects(const Setup& setup) {
  TRY(const auto home, make_home(setup, "closed-17", "maintenance"));
  CHECK_OK(close_domain(setup, home));
  TRY(const auto owner, crypto::load_key_file(home.directory / "owner.key"));
  const auto hidden = code_of("of whom much is said, and nothing told");
  {
    TRY(auto service, open_service(home));
    TRY(auto said, long_history(*owner, home.domain, hidden, statements));
    std::vector<evidence::Piece> pieces;
    for (auto& one : said) pieces.push_back({evidence::Format::cose, std::move(one)});
    CHECK_OK(submit(*service, std::move(pieces)));
  }
  TRY(const auto icsd, start_icsd(setup, home.directory));
  TRY([[maybe_unused]] const auto ready, until_ready(home.url("/readyz")));
  net::HttpClient client;
  for (const std::string path : {"/verdict", "/history"}) {
    std::vector<double> there, absent;
    for (std::size_t i = 0; i < questions; ++i) {  // one after the other, so that whatever else happens happens to both
      TRY(const double a, milliseconds_of(client, home.url("/v1/subjects/" + hidden.text() + path)));
      TRY(const double b, milliseconds_of(client, home.url("/v1/subjects/" + code_of(fmt::format("nothing {}", i)).text() + path)));
      there.push_back(a);
      absent.push_back(b);
    }
    Row row{17, fmt::format("…{} of a hidden subject with {} statements, for a stranger: median", path, statements), "ms", median(there),
            "of one that is not there", median(absent), fmt::format("≤ {} ×", most_times), {}};
    row.met = *row.ratio() <= most_times;
    setup.report(std::move(row));
  }
  return {};
}

}  // namespace cm4it::bench
