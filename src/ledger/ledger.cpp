#include "ledger/ledger.h"

#include <algorithm>

#include "base/text.h"
#include "ledger/appender.h"
#include "ledger/signing.h"
#include "ledger/schema.h"

namespace cm4it::ledger {

struct Ledger::Impl {
  Impl(Options given, std::unique_ptr<store::Store> opened) : options(std::move(given)), store(std::move(opened)) {}

  const Options options;
  const std::unique_ptr<store::Store> store;
  std::unique_ptr<Signing> signing;
  std::unique_ptr<Appender> appender;
};

Ledger::Ledger(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ledger::~Ledger() = default;

Result<std::unique_ptr<Ledger>> Ledger::open(Options options, std::unique_ptr<store::Store> store, OnChange on_change) {
  if (!options.homes.empty() && !options.log_key)
    return fail(Code::malformed, "log: a home needs a log key", "give `log` in icsd.toml");
  if (options.log_key && options.log_key->public_key().algorithm() != crypto::Algorithm::eddsa)
    return fail(Code::malformed, "log: a log key must be Ed25519");
  TRY(auto state, load_state(options, *store));
  auto impl = std::make_unique<Impl>(std::move(options), std::move(store));
  TRY(impl->signing, Signing::open(impl->options, state, *impl->store));
  impl->appender = std::make_unique<Appender>(impl->options, *impl->store, *impl->signing, std::move(state), std::move(on_change));
  return std::unique_ptr<Ledger>(new Ledger(std::move(impl)));
}

Result<Reader> Ledger::reader() const {
  // The published state first: a snapshot taken after it holds at least its records.
  PublishedPtr published = impl_->appender->published();
  TRY(auto snapshot, impl_->store->snapshot());
  return Reader(std::move(snapshot), std::move(published));
}

PublishedPtr Ledger::published() const { return impl_->appender->published(); }
const Options& Ledger::options() const { return impl_->options; }

Result<void> Ledger::append(Submission submission, AppendDone done) {
  return impl_->appender->send(AppendEvidence{std::move(submission), std::move(done)});
}
Result<void> Ledger::append_head(ForeignHead head) { return impl_->appender->send(AppendHead{std::move(head)}); }
Result<void> Ledger::put_note(std::string key, std::optional<Bytes> value, std::function<void(Result<void>)> done) {
  return impl_->appender->send(PutNote{std::move(key), std::move(value), std::move(done)});
}
Result<void> Ledger::refuse(StatementId statement, std::string domain, Bytes reason) {
  return impl_->appender->send(NoteRefusal{statement, std::move(domain), std::move(reason)});
}
Result<void> Ledger::add_pin(policy::Pin pin, std::function<void(Result<void>)> done) {
  return impl_->appender->send(AddPin{std::move(pin), std::move(done)});
}

std::optional<WriteFailure> Ledger::write_failure() const { return impl_->appender->write_failure(); }
std::string Ledger::signing_refusal() const { return impl_->signing->refusal(); }
void Ledger::hold(std::string reason) { impl_->signing->hold(std::move(reason)); }
void Ledger::vouch(Time peers_now) { impl_->signing->vouch(peers_now, impl_->options.clock()); }

Result<void> Ledger::compare_own_head(const std::string& domain, const std::string& note) {
  const auto& homes = impl_->options.homes;
  if (!contains(homes, domain))
    return fail(Code::not_found, "log of " + domain + ": this server is no home of it");
  TRY(const tlog::Head head, tlog::open_checkpoint(note, impl_->options.log_key->public_key()));
  if (head.origin != impl_->options.server_name + "/" + domain) return fail(Code::malformed, "head: of another log, " + head.origin);
  // Out of the store: readers may have told of a head that is durable and not published yet.
  TRY(const auto snapshot, impl_->store->snapshot());
  TRY(const auto row, snapshot->get(table::heads, table::own_head_key(domain)));
  std::uint64_t size = 0;
  if (row) {
    TRY(const auto stored, decode_head(*row));
    size = stored.head.size;
  }
  if (head.size <= size) {
    TRY(const auto beginning, tlog::read_range(head.size, stored_nodes(domain, *snapshot)));
    if (beginning.root() == head.root) return {};
  }
  impl_->signing->seen_elsewhere(domain, head);
  return fail(Code::conflict, "log of " + domain + ": a peer knows a head of it of " + std::to_string(head.size) + " entries, of " +
              to_rfc3339(head.time) + ", signed by this server's log key, and the log that the store has does not go on from it",
              "put the newest store back; see docs/configuration.md, \"A home that lost its store\"");
}

void Ledger::drain() {
  auto reached = std::make_shared<std::promise<void>>();
  auto done = reached->get_future();
  if (impl_->appender->send(Drain{std::move(reached)})) done.wait();
}

}  // namespace cm4it::ledger
