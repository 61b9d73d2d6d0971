#include "service/service.h"

#include <algorithm>

#include "base/read_budget.h"
#include "service/impl.h"

namespace cm4it::service {

namespace {

unsigned threads_of(const Options& options) {
  return options.workers ? options.workers : std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

Service::Impl::Impl(Options given, bool is_home)
    : options(std::move(given)), clocks(options.clock, options.steady, is_home), quota(options.issuer_per_minute), submissions(turns_options("submissions", threads_of(options))),
      readings(turns_options("readings", threads_of(options))), signings(turns_options("signings", threads_of(options))) {}

Service::Impl::~Impl() {
  stop();
  ledger.reset();
}

// Doors and links are stopped by now. Workers before the ledger: what they append is still written.
void Service::Impl::stop() {
  stopping = true;
  readings.stop();
  signings.stop();
  submissions.stop();
}

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
// The threads first: what they still do uses this object.
Service::~Service() { impl_->stop(); }

Result<std::unique_ptr<Service>> Service::start(Options options, ledger::Options ledger_options,
                                                std::unique_ptr<store::Store> store) {
  auto impl = std::make_unique<Impl>(std::move(options), !ledger_options.homes.empty());
  Impl* raw = impl.get();
  TRY(impl->ledger, ledger::Ledger::open(std::move(ledger_options), std::move(store),
                                         [raw](const ledger::Change& change) { raw->on_change(change); }));
  CHECK_OK(impl->load_undecided());
  CHECK_OK(impl->load_clocks());
  const auto published = impl->ledger->published();
  impl->watch.begin(published->next);
  Time unknown{};  // a commit may have come meanwhile, which knows better
  impl->newest_time.compare_exchange_strong(unknown, published->newest_time);
  return std::unique_ptr<Service>(new Service(std::move(impl)));
}

void Service::set_forwarder(Forwarder* forwarder) { impl_->forwarder = forwarder; }

bool Service::Impl::is_home(std::string_view domain) const {
  const auto& homes = ledger->options().homes;
  return std::find(homes.begin(), homes.end(), domain) != homes.end();
}

Time Service::now() const { return std::max(impl_->clocks.now(), impl_->newest_time.load(std::memory_order_acquire)); }
const std::string& Service::default_domain() const { return impl_->options.default_domain; }
KeyId Service::server_key() const { return impl_->options.server_key->public_key().id(); }
ledger::Ledger& Service::ledger() { return *impl_->ledger; }

Service::Counters Service::counters() const {
  const auto published = impl_->ledger->published();
  return {impl_->received, impl_->provisional, impl_->not_yet, impl_->refused, impl_->commits, impl_->look_ups,
          published->unpinned_dropped, published->unpinned_domains};
}

namespace {

const char* pin_source(policy::Pin::Source source) {
  switch (source) {
    case policy::Pin::Source::configuration: return "configuration";
    case policy::Pin::Source::copy_rule: return "copy";
    case policy::Pin::Source::transfer: return "transfer";
  }
  return "";
}

}  // namespace

std::vector<DomainView> Service::domains(const Principal& who) const {
  const auto published = impl_->ledger->published();
  std::map<std::string, DomainView> views;
  if (!ReadBudget::charge(published->policies->chains().size() / 4)) return {};
  for (const auto& [name, state] : published->domains) {
    DomainView& view = views[name];
    view.home = state.home;
    if (reads_log(name, who)) view.newest_head = state.newest_head;
  }
  for (const auto& [name, chain] : published->policies->chains()) {
    DomainView& view = views[name];
    view.pinned = pin_source(chain.pinned_by);
    view.forked = chain.forked;
    if (const auto* descriptor = chain.newest()) {
      view.version = descriptor->version;
      if (!chain.contested()) view.owner = descriptor->owner;
    } else {
      view.owner = chain.pinned_owner;
    }
  }
  const auto refusal = impl_->ledger->signing_refusal();
  for (const auto& [name, head] : published->own_heads) {
    if (!reads_log(name, who)) continue;
    views[name].not_signing = refusal;
    views[name].size = head.size;
    views[name].origin = head.origin;
  }
  std::vector<DomainView> list;
  for (auto& [name, view] : views) {
    view.domain = name;
    list.push_back(std::move(view));
  }
  return list;
}

}  // namespace cm4it::service
