#include "ledger/ledger.h"

#include "ledger/appender.h"

namespace cm4it::ledger {

struct Ledger::Impl {
  Impl(Options given, std::unique_ptr<store::Store> opened, State state, OnChange on_change)
      : options(std::move(given)), store(std::move(opened)),
        appender(options, *store, std::move(state), std::move(on_change)) {}

  const Options options;
  const std::unique_ptr<store::Store> store;
  Appender appender;
};

Ledger::Ledger(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ledger::~Ledger() = default;

Result<std::unique_ptr<Ledger>> Ledger::open(Options options, std::unique_ptr<store::Store> store, OnChange on_change) {
  if (!options.homes.empty() && !options.log_key)
    return fail(Code::malformed, "log: a home needs a log key", "give `log` in icsd.toml");
  if (options.log_key && options.log_key->public_key().algorithm() != crypto::Algorithm::eddsa)
    return fail(Code::malformed, "log: a log key must be Ed25519");
  TRY(auto state, load_state(options, *store));
  return std::unique_ptr<Ledger>(
      new Ledger(std::make_unique<Impl>(std::move(options), std::move(store), std::move(state), std::move(on_change))));
}

Result<Reader> Ledger::reader() const {
  // The published state first: a snapshot taken after it holds at least its records.
  PublishedPtr published = impl_->appender.published();
  TRY(auto snapshot, impl_->store->snapshot());
  return Reader(std::move(snapshot), std::move(published));
}

PublishedPtr Ledger::published() const { return impl_->appender.published(); }
const Options& Ledger::options() const { return impl_->options; }

Result<void> Ledger::append(Submission submission, AppendDone done) {
  return impl_->appender.send(AppendEvidence{std::move(submission), std::move(done)});
}
Result<void> Ledger::append_head(ForeignHead head) { return impl_->appender.send(AppendHead{std::move(head)}); }
Result<void> Ledger::put_note(std::string key, std::optional<Bytes> value, std::function<void(Result<void>)> done) {
  return impl_->appender.send(PutNote{std::move(key), std::move(value), std::move(done)});
}
Result<void> Ledger::refuse(StatementId statement, std::string domain, Bytes reason) {
  return impl_->appender.send(NoteRefusal{statement, std::move(domain), std::move(reason)});
}
Result<void> Ledger::add_pin(policy::Pin pin, std::function<void(Result<void>)> done) {
  return impl_->appender.send(AddPin{std::move(pin), std::move(done)});
}

void Ledger::drain() {
  auto reached = std::make_shared<std::promise<void>>();
  auto done = reached->get_future();
  if (impl_->appender.send(Drain{std::move(reached)})) done.wait();
}

}  // namespace cm4it::ledger
