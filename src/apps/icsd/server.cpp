#include "apps/icsd/server.h"

#include <algorithm>
#include <fstream>

#include "apps/icsd/authorities.h"
#include "apps/icsd/descriptors.h"
#include "apps/icsd/enrolment.h"
#include "apps/icsd/key_files.h"
#include "apps/icsd/own_evidence.h"
#include "base/budgets.h"
#include "base/disk.h"
#include "base/log.h"
#include "crypto/load_key.h"
#include "service/access.h"
#include "service/intake.h"
#include "service/log_view.h"
#include "service/verdicts.h"
#include "store/lmdb.h"

namespace cm4it::icsd {
namespace {

std::vector<http::PeerState> peer_states(const sync::Sync* sync) {
  std::vector<http::PeerState> states;
  if (!sync) return states;
  for (auto& link : sync->links())
    states.push_back({link.domain, link.url, link.state, link.position, link.newest_head, link.last_error, link.pending, link.refused,
                      link.last_refusal, link.missed, link.since, link.behind, {}});
  return states;
}

// Kept from before the rule of one home (decisions/0029).
void warn_of_homes(const policy::Policies& policies) {
  for (const auto& [domain, chain] : policies.chains()) {
    const auto* descriptor = chain.newest();
    const auto homes = descriptor ? std::count_if(descriptor->servers.begin(), descriptor->servers.end(), [](const auto& server) { return server.second.home; }) : 0;
    if (homes > 1)
      log_warn("policy of " + domain + ": it lists " + std::to_string(homes) + " homes, which may come to differ: several homes of one domain come later. " +
               "Sign a version with one");
  }
}

constexpr std::size_t few_connections = 1000;

// What servers ask each other, and send.
bool is_of_servers(std::string_view path) {
  return path == "/v1/feed" || path == "/v1/evidence" || path.starts_with("/v1/domains/");
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(Config config) {
  std::unique_ptr<Server> server(new Server(std::move(config)));
  CHECK_OK(server->open());
  CHECK_OK(server->ask_witnesses());
  CHECK_OK(take_own_evidence(*server->service_, server->config_.evidence, server->config_.homes));
  warn_of_homes(*server->service_->access().policies());
  server->warn_of_other_keys();
  server->sync_ = std::make_unique<sync::Sync>(server->sync_options_, *server->service_);
  server->service_->intake().set_forwarder(server->sync_.get());
  CHECK_OK(server->listen());
  CHECK_OK(server->write_address());
  server->witnesses_->keep_asking();
  if (!server->config_.crls.empty()) server->crls_ = std::make_unique<CrlFetcher>(server->config_.crls, *server->service_);
  return server;
}

Server::~Server() {
  std::error_code ignored;
  if (wrote_address_) std::filesystem::remove(config_.directory / "address", ignored);
  crls_.reset();
  witnesses_.reset();
  door_.reset();  // long polls are answered, so that listeners need not wait for them
  for (auto& listener : listeners_) listener->stop();
  ocsp_.reset();
  if (sync_) sync_->stop();
  service_.reset();
}

Result<void> Server::open() {
  TRY(key_, load_tls_key(config_));
  ledger::Options ledger_options;
  TRY(ledger_options.log_key, load_log_key(config_));
  ledger_options.server_name = config_.name;
  ledger_options.homes = config_.homes;
  ledger_options.pins = config_.pins;
  ledger_options.clock = system_time;
  ledger_options.mark = config_.log_mark;
  ledger_options.uptime = machine_uptime;
  ledger_options.accept_clock = config_.accept_clock;
  ledger_options.hold = "the peers are being asked what they know of its logs";
  // Someone else wrote to the store: nothing this process believes of it holds any more.
  ledger_options.on_broken = [](const Error& error) {
    log_error("stopping: " + error.message);
    std::abort();
  };
  store::LmdbOptions store_options;
  store_options.directory = config_.store;
  store_options.map_bytes = config_.map_bytes;
  TRY(auto store, store::open_lmdb(store_options));
  service::Options options;
  options.clock = system_time;
  options.server_key = key_;
  options.default_domain = config_.domain;
  options.workers = config_.workers;
  options.issuer_per_minute = config_.issuer_per_minute;
  options.subject_statements = config_.subject_statements;
  TRY(service_, service::Service::start(std::move(options), std::move(ledger_options), std::move(store)));
  sync_options_ = {key_, config_.name, config_.follow};
  return {};
}

// Before anything is signed: whether this store is the newest there is, and how much time has passed.
Result<void> Server::ask_witnesses() {
  witnesses_ = std::make_unique<sync::Witnesses>(sync_options_, *service_);
  CHECK_OK(witnesses_->ask());
  service_->logs().hold({});
  if (const auto silent = witnesses_->unasked(); silent > 0 && !config_.homes.empty())
    log_warn(std::to_string(silent) + " peers could not be asked what they know of this home's logs; they are asked again");
  return {};
}

void Server::warn_of_other_keys() {
  const auto log = service_->logs().own_log();
  const auto policies = service_->access().policies();
  for (const auto& [domain, chain] : policies->chains())
    if (const auto* newest = chain.newest())
      for (const auto& line : unlike_policy(config_, *newest, key_->public_key().id(), log)) log_warn(line);
}

ListenerShare Server::share_out_descriptors() {
  const std::size_t listeners = config_.listen.size() + config_.http.size() + config_.hkp.size();
  descriptors_ = raise_descriptor_limit(listeners);
  const auto share = share_of_listener(descriptors_.limit, listeners);
  log_info("file descriptors: " + std::to_string(descriptors_.limit) + " (soft limit at start " + std::to_string(descriptors_.found) +
           "); each listener takes " + std::to_string(share.connections) + " connections, with TLS " + std::to_string(share.reserved) +
           " of them kept for servers of the policy");
  if (share.connections < few_connections)
    log_warn("file descriptors: few, because the hard limit is " + std::to_string(descriptors_.limit) + "; raise it (LimitNOFILE, ulimit -H -n)");
  return share;
}

// What the door shows beside its own: of the listeners, the store, and the certificate.
std::vector<std::pair<std::string, double>> Server::metrics() const {
  net::ServerCounters sum;
  for (const auto& listener : listeners_) {
    const auto counters = listener->counters();
    sum.open += counters.open;
    sum.requests += counters.requests;
    sum.rejected += counters.rejected;
    sum.refused += counters.refused;
    sum.displaced += counters.displaced;
    sum.handshake_failures += counters.handshake_failures;
  }
  const auto value = [](std::size_t number) { return static_cast<double>(number); };
  const net::Unsent& unsent = *unsent_;
  const auto certificate = certificate_until_.load();
  std::vector<std::pair<std::string, double>> rest;
  if (certificate != Time::never()) rest.emplace_back("cm4it_certificate_seconds_left", static_cast<double>(certificate - system_time()));
  if (const auto disk = disk_use(config_.store)) {
    rest.emplace_back("cm4it_store_octets", value(disk->used));
    rest.emplace_back("cm4it_disk_free_octets", value(disk->available));
  }
  std::vector<std::pair<std::string, double>> all{{"cm4it_answers_refused", value(unsent.refused())},
                                                     {"cm4it_connections", value(sum.open)},
                                                     {"cm4it_connections_cut", value(unsent.cut_off())},
                                                     {"cm4it_connections_displaced", value(sum.displaced)},
                                                     {"cm4it_connections_refused", value(sum.refused)},
                                                     {"cm4it_descriptors_limit", value(descriptors_.limit)},
                                                     {"cm4it_handshakes_failed", value(sum.handshake_failures)},
                                                     {"cm4it_ready_answers_octets", value(ready_->bytes())},
                                                     {"cm4it_requests", value(sum.requests)},
                                                     {"cm4it_requests_rejected", value(sum.rejected)},
                                                     {"cm4it_unsent_octets", value(unsent.octets())}};
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

Result<void> Server::listen() {
  http::DoorOptions options;
  options.server_name = config_.name;
  options.version = CM4IT_VERSION;
  const unsigned threads = config_.threads ? config_.threads : std::max(1u, std::thread::hardware_concurrency());
  const std::size_t all_listeners = config_.listen.size() + config_.http.size() + config_.hkp.size();
  ready_ = std::make_shared<service::ReadyAnswers>(service_->verdicts(), config_.cache_bytes, threads * static_cast<unsigned>(all_listeners));
  options.ready = ready_;
  options.peers = [this] { return peer_states(sync_.get()); };
  options.extra_metrics = [this] { return metrics(); };
  options.delegates_until = [this] { return ocsp_ ? ocsp_->delegates_until() : std::vector<std::pair<std::string, Time>>{}; };
  door_ = std::make_unique<http::Door>(*service_, std::move(options));
  hkp_ = std::make_unique<hkp::Hkp>(*service_, hkp::HkpOptions{ready_});
  TRY(auto authorities, read_authorities(config_));
  if (!authorities.empty()) ocsp_ = std::make_unique<ocsp::Ocsp>(*service_, ocsp::OcspOptions{std::move(authorities), ready_});
  const net::Handler all = [this, http = door_->handler(), hkp = hkp_->handler(), ocsp = ocsp_ ? ocsp_->handler() : net::Handler{}](
                               const net::Request& request, net::Responder respond) {
    if (request.client_key && is_of_servers(request.path)) sync_->heard_from(request.client_key->id());
    if (ocsp && ocsp::Ocsp::serves(request.path)) return ocsp(request, std::move(respond));
    (hkp::Hkp::serves(request.path) ? hkp : http)(request, std::move(respond));
  };
  TRY(const auto chain, load_chain(config_));
  certificate_until_ = first_end(chain).value_or(Time::never());
  tell_expiry();
  const auto share = share_out_descriptors();
  const auto open = [&](const std::string& address, bool tls, const net::Handler& handler) {
    net::HttpOptions listener;
    listener.address = address;
    listener.threads = threads;
    listener.max_connections = share.connections;
    listener.reserved_connections = share.reserved;
    if (tls) listener.tls_chain = chain;
    return open_listener(std::move(listener), tls, handler);
  };
  for (const auto& address : config_.listen) CHECK_OK(open(address, true, all));
  for (const auto& address : config_.http) CHECK_OK(open(address, false, all));
  for (const auto& address : config_.hkp) CHECK_OK(open(address, false, hkp_->handler()));
  return {};
}

Result<void> Server::open_listener(net::HttpOptions listener, bool tls, const net::Handler& handler) {
  listener.first_loop = listener.threads * static_cast<unsigned>(listeners_.size());
  listener.tls_name = config_.name + "." + config_.domain;
  if (tls) listener.tls_key = key_;
  listener.ask_client_certificate = tls;
  if (tls) listener.known = [this](const crypto::PublicKey& key) { return service_->access().rank_of_key(key.id()) == Rank::server; };
  listener.unsent = unsent_;
  TRY(auto started, net::HttpServer::start(std::move(listener), handler));
  listeners_.push_back(std::move(started));
  return {};
}

Result<void> Server::reload() {
  sync_->wake();
  TRY(const auto key, load_tls_key(config_));
  TRY(const auto chain, load_chain(config_));
  TRY(auto authorities, read_authorities(config_));
  if (ocsp_) ocsp_->replace(std::move(authorities));
  for (std::size_t i = 0; i < config_.listen.size(); ++i) CHECK_OK(listeners_[i]->reload_tls(key, chain));
  certificate_until_ = first_end(chain).value_or(Time::never());
  tell_expiry();
  if (!(key->public_key() == key_->public_key()))
    log_warn("TLS has a new key, " + key->public_key().id().text() + "; tokens and links keep " + key_->public_key().id().text() +
             " until icsd is started again, and peers know the one that the policy names");
  return {};
}

void Server::tell_expiry() const {
  constexpr Seconds soon = 30 * 86'400;
  const auto until = certificate_until_.load();
  const auto now = system_time();
  if (until > now + soon) return;
  log_warn("certificate " + config_.certificate.string() + ": " + (until <= now ? "expired at " : "expires at ") + to_rfc3339(until) +
           "; put a new one in its place and send SIGHUP");
}

std::vector<std::string> Server::urls() const {
  std::vector<std::string> urls;
  for (const auto& listener : listeners_) urls.push_back(listener->url());
  return urls;
}

Result<void> Server::write_address() {
  const auto file = config_.directory / "address";
  wrote_address_ = true;
  std::ofstream out(file, std::ios::trunc);
  out << listeners_.at(0)->url() << "\n";
  if (!out.flush()) return fail(Code::unavailable, file.string() + ": cannot be written");
  return {};
}

}  // namespace cm4it::icsd
