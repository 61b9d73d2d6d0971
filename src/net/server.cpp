#include "net/server.h"

#include "base/mutex.h"
#include "net/loop.h"

namespace cm4it::net {

struct Server::Impl {
  std::shared_ptr<ServerShared> shared;
  std::vector<std::shared_ptr<Loop>> loops;
  std::vector<std::thread> threads;
  std::unique_ptr<Handshakes> handshakes;  // null: in the clear
  std::string address;
  Mutex stopping;
};

namespace {

Result<std::optional<TlsContext>> make_tls(const ListenerOptions& options, const crypto::SignerPtr& key, const std::string& chain) {
  std::optional<TlsContext> tls;
  if (!key) return tls;
  TRY(tls, TlsContext::server(*key, options.tls_name, options.ask_client_certificate, chain));
  return tls;
}

}  // namespace

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Server>> Server::start(ListenerOptions options, Protocol protocol) {
  if (options.threads == 0) return fail(Code::malformed, "listener: threads must be at least 1");
  auto impl = std::make_unique<Impl>();
  TRY(auto tls, make_tls(options, options.tls_key, options.tls_chain));
  impl->address = options.address;
  bool several = options.threads > 1;
  if (several) CHECK_OK(check_free(options.address));
  if (!options.unsent) options.unsent = std::make_shared<Unsent>();
  impl->shared = std::make_shared<ServerShared>(std::move(options), std::move(protocol));
  impl->shared->tls.with([&](auto& current) { current = std::move(tls); });
  if (impl->shared->options.tls_key) impl->handshakes = std::make_unique<Handshakes>(impl->shared->options.threads);
  impl->shared->handshakes = impl->handshakes.get();
  for (unsigned i = 0; i < impl->shared->options.threads; ++i) {
    TRY(auto listening, listen_tcp(impl->address, several));
    impl->address = local_address(listening.get());
    TRY(auto poller, Poller::make());
    impl->loops.push_back(std::make_shared<Loop>(impl->shared, std::move(listening), std::move(poller), impl->shared->options.first_loop + i));
    CHECK_OK(impl->loops.back()->listen());
  }
  for (const auto& loop : impl->loops) impl->threads.emplace_back([loop] { loop->run(); });
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::~Server() { stop(); }

std::string Server::address() const { return impl_->address; }
std::uint16_t Server::port() const { return port_of(impl_->address); }
bool Server::secure() const { return impl_->shared->options.tls_key != nullptr; }

Result<void> Server::reload_tls(const crypto::SignerPtr& key, const std::string& chain) {
  if (!key || !impl_->shared->options.tls_key)
    return fail(Code::unsupported, "listener: TLS cannot be switched on or off while it runs");
  TRY(auto tls, make_tls(impl_->shared->options, key, chain));
  impl_->shared->tls.with([&](auto& current) { current = std::move(tls); });
  return {};
}

void Server::stop() {
  const Lock lock(impl_->stopping);
  for (const auto& loop : impl_->loops) loop->stop();
  for (auto& thread : impl_->threads) thread.join();
  impl_->threads.clear();
  if (impl_->handshakes) impl_->handshakes->stop();
}

ServerCounters Server::counters() const {
  ServerCounters sum;
  sum.open = impl_->shared->open.load();
  for (const auto& loop : impl_->loops) {
    const LoopCounters& one = loop->counters();
    sum.accepted += one.accepted.get();
    sum.refused += one.refused.get();
    sum.displaced += one.displaced.get();
    sum.requests += one.requests.get();
    sum.rejected += one.rejected.get();
    sum.timeouts += one.timeouts.get();
    sum.handshake_failures += one.handshake_failures.get();
  }
  return sum;
}

}  // namespace cm4it::net
