// One ICS: its rooms, wired. Nothing here but the wiring.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "apps/icsd/config.h"
#include "apps/icsd/descriptors.h"
#include "frontends/hkp/hkp.h"
#include "frontends/http/door.h"
#include "frontends/ocsp/ocsp.h"
#include "net/http/server.h"
#include "service/service.h"
#include "sync/witnesses.h"

namespace cm4it::icsd {

class Server {
 public:
  // Listening and following when it returns.
  static Result<std::unique_ptr<Server>> start(Config config);
  ~Server();  // answers what is under way, writes what waits, stops

  std::vector<std::string> urls() const;
  // Reads the TLS key and certificate again, for new connections. On an error the old ones stay in force.
  Result<void> reload();
  // Warns in the log of a TLS certificate that has expired or does within 30 days: at the start, and daily.
  void tell_expiry() const;

 private:
  explicit Server(Config config) : config_(std::move(config)) {}
  Result<void> open();
  Result<void> ask_witnesses();
  // Where a policy that counts here names this server with another key than it has.
  void warn_of_other_keys();
  Result<void> listen();
  ListenerShare share_out_descriptors();
  std::vector<std::pair<std::string, double>> metrics() const;
  Result<void> open_listener(net::HttpOptions listener, bool tls, const net::Handler& handler);  // with address, limits and certificate set
  Result<void> write_address();

  const Config config_;
  crypto::SignerPtr key_;
  std::atomic<Time> certificate_until_ = Time::never();  // of the TLS certificate in force
  Descriptors descriptors_;
  sync::Options sync_options_;
  std::unique_ptr<sync::Sync> sync_;  // outlives the service, which forwards to it
  std::unique_ptr<service::Service> service_;
  std::unique_ptr<sync::Witnesses> witnesses_;
  std::unique_ptr<CrlFetcher> crls_;
  service::ReadyAnswersPtr ready_;
  std::unique_ptr<http::Door> door_;
  std::unique_ptr<hkp::Hkp> hkp_;
  std::unique_ptr<ocsp::Ocsp> ocsp_;  // null: no [[ocsp]]
  const std::shared_ptr<net::Unsent> unsent_ = std::make_shared<net::Unsent>();
  std::vector<std::unique_ptr<net::HttpServer>> listeners_;
  bool wrote_address_ = false;
};

}  // namespace cm4it::icsd
