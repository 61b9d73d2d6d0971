#include "apps/icsd/crl_fetch.h"

#include <algorithm>
#include <fstream>
#include <future>

#include "base/log.h"
#include "evidence/formats/x509/crl.h"
#include "service/intake.h"

namespace cm4it::icsd {
namespace {

constexpr std::size_t most_octets = 2 * budget::crl_bytes;  // PEM is a third longer
constexpr Seconds retry_after = 300;

Result<std::string> read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content(most_octets + 1, '\0');
  if (file) file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (!file && !file.eof()) return fail(Code::unavailable, path.string() + ": cannot be read");
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() > most_octets)
    return fail(Code::too_large, path.string() + ": more than " + std::to_string(most_octets) + " octets");
  return content;
}

Result<std::string> content_of(const CrlSource& source, net::HttpClient& client) {
  if (source.url.empty()) return read(source.file);
  TRY(auto reply, client.get(source.url, "application/pkix-crl, application/x-pem-file, */*"));
  if (reply.status != 200) return fail(Code::unavailable, source.url + ": answered " + std::to_string(reply.status));
  return std::move(reply.body);
}

std::string told(const service::ItemResult& item) {
  switch (item.outcome) {
    case service::ItemResult::Outcome::received: return "received as " + item.statement->text();
    case service::ItemResult::Outcome::provisional: return "kept for its home as " + item.statement->text();
    case service::ItemResult::Outcome::not_yet:
    case service::ItemResult::Outcome::refused: break;
  }
  return {};
}

}  // namespace

Result<std::string> fetch_crl(const CrlSource& source, net::HttpClient& client, service::Service& service) {
  TRY(const auto content, content_of(source, client));
  auto pieces = evidence::split("application/pkix-crl", view(content));
  if (!pieces) return within(source.text(), std::move(pieces).error());
  std::erase_if(*pieces, [](const auto& piece) { return piece.format != evidence::Format::crl; });  // [[crl]] fetches nothing else
  if (pieces->empty()) return fail(Code::malformed, source.text() + ": no CRL in it");
  std::promise<std::vector<service::ItemResult>> done;
  CHECK_OK(service.intake().submit(std::move(*pieces), source.domain, [&](auto results) { done.set_value(std::move(results)); }));
  std::string what;
  for (const auto& item : done.get_future().get()) {
    if (item.error) return within(source.text(), *item.error);
    if (item.is_new) what += (what.empty() ? "" : ", ") + told(item);
  }
  return what;
}

CrlFetcher::CrlFetcher(std::vector<CrlSource> sources, service::Service& service)
    : sources_(std::move(sources)),
      service_(service),
      client_(net::ClientOptions{.max_body = most_octets}),
      thread_([this] { run(); }) {}

CrlFetcher::~CrlFetcher() {
  {
    const Lock lock(mutex_);
    stopped_ = true;
  }
  stopped_now_.notify_all();
  client_.abort();
  thread_.join();
}

bool CrlFetcher::wait_until(std::chrono::steady_clock::time_point when) {
  Lock lock(mutex_);
  while (!stopped_ && stopped_now_.wait_until(lock, when)) {}
  return stopped_;
}

void CrlFetcher::run() {
  using Clock = std::chrono::steady_clock;
  struct Due {
    Clock::time_point when;
    std::string last_error;
  };
  std::vector<Due> due(sources_.size(), Due{Clock::now(), {}});
  while (!due.empty()) {
    const auto next = std::min_element(due.begin(), due.end(), [](const Due& a, const Due& b) { return a.when < b.when; });
    if (wait_until(next->when)) return;
    const CrlSource& source = sources_[static_cast<std::size_t>(next - due.begin())];
    Seconds pause = source.every;
    std::string error;
    try {
      const auto fetched = fetch_crl(source, client_, service_);
      if (!fetched) error = fetched.error().message;
      else if (!fetched->empty()) log_info("crl: " + source.text() + ": " + *fetched);
    } catch (const std::exception& failure) {
      error = failure.what();
    }
    if (!error.empty()) pause = std::min(pause, retry_after);
    if (!error.empty() && error != next->last_error) log_warn("crl: " + error);
    next->last_error = error;
    next->when = Clock::now() + std::chrono::seconds(pause);
  }
}

}  // namespace cm4it::icsd
