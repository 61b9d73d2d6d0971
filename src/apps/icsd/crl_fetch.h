// CRLs that the configuration names, fetched on a schedule ([[crl]] in icsd.toml). Never a URL that was found in evidence: who
// sends certificates would else send this server about.
#pragma once

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "net/http/client.h"
#include "service/service.h"

namespace cm4it::icsd {

struct CrlSource {
  std::string url;             // http:// or https://, or
  std::filesystem::path file;
  std::string domain;          // to whose log they go
  Seconds every = 3600;

  std::string text() const { return url.empty() ? file.string() : url; }
};

// One source, now. What came of it, for the log; empty: nothing new. A CRL proves itself, so whoever serves it need not be
// known. Errors: what stood in the way, or why it was not taken.
Result<std::string> fetch_crl(const CrlSource& source, net::HttpClient& client, service::Service& service);

// Fetches each when it starts, then as often as its source says; after a failure in five minutes at the latest.
class CrlFetcher {
 public:
  CrlFetcher(std::vector<CrlSource> sources, service::Service& service);
  ~CrlFetcher();  // a fetch under way ends at once
  CrlFetcher(const CrlFetcher&) = delete;
  CrlFetcher& operator=(const CrlFetcher&) = delete;

 private:
  void run();
  bool wait_until(std::chrono::steady_clock::time_point when);  // true: to stop

  const std::vector<CrlSource> sources_;
  service::Service& service_;
  net::HttpClient client_;
  Mutex mutex_;
  Condition stopped_now_;
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace cm4it::icsd
