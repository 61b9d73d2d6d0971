#include "ledger/state.h"

#include <algorithm>

#include "base/cbor.h"
#include "ledger/schema.h"

namespace cm4it::ledger {
namespace {

Result<void> check_owner(const Options& options, const store::Snapshot& snapshot) {
  TRY(const auto mark, snapshot.get(table::meta, view(table::rebuilding)));
  if (mark) return fail(Code::unavailable, "store: making its rows anew was cut off", "run `ics rebuild` again");
  TRY(const auto stored, snapshot.get(table::meta, view(table::server)));
  if (!stored) return {};
  if (text(*stored) != options.server_name)
    return fail(Code::conflict, "store: it belongs to the server \"" + std::string(text(*stored)) + "\", not to \"" +
                options.server_name + "\"", "set `name` in icsd.toml, or give another `store` directory");
  TRY(const auto rows, snapshot.get(table::meta, view(table::rows)));
  if (!rows || text(*rows) != table::rows_version)
    return fail(Code::unavailable, "store: its rows were made by another version of this program", "run `ics rebuild`");
  return {};
}

// When a policy version came, and whose homes have received it.
Result<void> add_receipts(const store::Snapshot& snapshot, const evidence::Statement& statement, std::uint64_t position, const KeyId& own_log,
                          policy::SignedDescriptor& descriptor) {
  TRY(const auto row, snapshot.get(table::subjects, table::subject_key(statement.subject, position)));
  if (!row) return fail(Code::malformed, "store: a policy's facts are missing", "run `ics rebuild`");
  TRY(auto decoded, decode_subject_row(*row));
  descriptor.first_seen = decoded.facts.first_seen;
  descriptor.receipts = std::move(decoded.facts.received);
  for (auto& receipt : descriptor.receipts)
    if (receipt.log == KeyId{}) receipt.log = own_log;
  return {};
}

Result<void> load_policies(const Options& options, const store::Snapshot& snapshot, State& state) {
  const KeyId own_log = options.log_key ? options.log_key->public_key().id() : KeyId{};
  std::vector<StatementId> ids;
  CHECK_OK(snapshot.scan(table::policies, {}, [&](View key, View) {
    ids.push_back(table::last_statement(key));
    return true;
  }));
  for (const auto& id : ids) {
    TRY(const auto record, find_record(snapshot, id));
    if (!record) return fail(Code::malformed, "store: a policy's record is missing", "run `ics rebuild`");
    TRY(const auto statements, evidence::statements_of_stored(record->format, record->evidence, record->issuer, record->id));
    for (const auto& statement : statements) {
      TRY(auto descriptor, signed_descriptor(statement));
      CHECK_OK(add_receipts(snapshot, statement, record->position, own_log, descriptor));
      state.descriptors.push_back(std::move(descriptor));
    }
  }
  CHECK_OK(snapshot.scan(table::pins, {}, [&](View key, View value) {
    policy::Pin pin{table::pin_domain(key), {}, policy::Pin::Source::transfer};
    if (value.size() == 32) std::copy(value.begin(), value.end(), pin.owner.digest.begin());
    state.pins.push_back(std::move(pin));
    return true;
  }));
  state.assemble();
  TRY(auto unpinned, Unpinned::load(snapshot));
  const auto domains = unpinned.domains();
  state.pinned_aside = std::any_of(domains.begin(), domains.end(), [&](const auto& domain) { return state.policies->chain(domain) != nullptr; });
  state.unpinned = std::make_shared<const Unpinned>(std::move(unpinned));
  return {};
}

// A log keeps the key and the name it was begun with: copies would not believe its earlier receipts otherwise.
Result<void> check_log_key(const std::string& domain, const StoredHead& head, const Options& options) {
  if (options.log_key && options.log_key->public_key().id() != head.log)
    return fail(Code::conflict, "log of " + domain + ": begun under the log key " + head.log.text() + "; the one configured is " +
                options.log_key->public_key().id().text(), "put that log.key back");
  if (head.head.origin != options.server_name + "/" + domain)
    return fail(Code::conflict, "log of " + domain + ": begun as " + head.head.origin + "; this server is called " + options.server_name,
                "give it its name back in icsd.toml");
  return {};
}

// A domain is registered even if all its heads came through servers that are no homes of it; how fresh it is stays unknown.
Result<void> load_foreign_heads(const store::Snapshot& snapshot, bool counted, State& state) {
  Result<void> outcome;
  CHECK_OK(snapshot.scan(table::heads, store::Range::prefix(table::foreign_heads_prefix(counted)), [&](View key, View value) {
    auto head = decode_head(value);
    if (!head) {
      outcome = tl::unexpected(head.error());
      return false;
    }
    state.take_head(to_bytes(key), {table::head_domain(key), counted, head->head.time});
    return true;
  }));
  return outcome;
}

Result<void> load_heads(const Options& options, const store::Snapshot& snapshot, State& state) {
  for (const auto& domain : options.homes) {
    const Bytes key = table::own_head_key(domain);
    TRY(const auto row, snapshot.get(table::heads, key));
    std::optional<StoredHead> head;
    if (row) {
      TRY(head, decode_head(*row));
    }
    if (head) CHECK_OK(check_log_key(domain, *head, options));
    TRY(auto log, HomeLog::load(domain, options.server_name + "/" + domain, head, snapshot));
    state.domains[domain] = {true, head ? std::optional(head->head.time) : std::nullopt, false};
    if (head) state.take_head(key, {domain, true, head->head.time});
    state.homes.emplace(domain, std::move(log));
  }
  CHECK_OK(load_foreign_heads(snapshot, true, state));
  return load_foreign_heads(snapshot, false, state);
}

}  // namespace

Bytes head_of(const State& state) {
  if (state.commits == 0) return {};
  return CborWriter().array(3).uint(1).uint(state.next).uint(state.commits).take();
}

Result<policy::SignedDescriptor> signed_descriptor(const evidence::Statement& statement) {
  const auto* policy = std::get_if<evidence::PolicyText>(&statement.body);
  if (!policy) return fail(Code::malformed, "payload.2: not a policy");
  TRY(auto descriptor, policy::parse_descriptor(policy->descriptor, policy::Homes::several));
  return policy::SignedDescriptor{std::make_shared<const policy::Descriptor>(std::move(descriptor)), statement.id,
                                  statement.issuer, statement.issued_at};
}

void State::take_head(Bytes row, const KnownHead& head) {
  auto& domain = domains[head.domain];
  heads[std::move(row)] = head;
  newest_time = {};
  std::optional<Time> newest;
  for (const auto& [key, known] : heads) {
    newest_time = std::max(newest_time, known.time);
    if (known.domain == head.domain && known.counts) newest = std::max(newest.value_or(known.time), known.time);
  }
  if (!domain.home) domain.newest_head = newest;
}

void State::assemble() {
  policies = std::make_shared<const policy::Policies>(policy::Policies::assemble(descriptors, pins));
}

Result<State> load_state(const Options& options, const store::Store& store) {
  TRY(const auto snapshot, store.snapshot());
  CHECK_OK(check_owner(options, *snapshot));
  State state;
  state.pins = options.pins;
  TRY(const auto head, snapshot->get(store::head_table, store::head_key));
  if (head) {
    CborReader reader(*head);
    TRY(const auto items, reader.array());
    TRY(const auto version, reader.uint());
    if (items != 3 || version != 1)
      return fail(Code::unsupported, "store: its format is not one that this version reads");
    TRY(state.next, reader.uint());
    TRY(state.commits, reader.uint());
  }
  CHECK_OK(load_heads(options, *snapshot, state));
  CHECK_OK(load_policies(options, *snapshot, state));
  return state;
}

PublishedPtr publish(const State& state, const Options& options, std::shared_ptr<AuthorityCache> authorities) {
  auto published = std::make_shared<Published>();
  if (options.log_key) published->own_log = options.log_key->public_key().id();
  published->next = state.next;
  published->authorities = std::move(authorities);
  published->policies = state.policies;
  published->domains = state.domains;
  published->unpinned_domains = state.unpinned->owners();
  published->unpinned_dropped = state.unpinned->dropped();
  for (const auto& [domain, log] : state.homes) published->own_heads.emplace(domain, log.head());
  published->newest_time = state.newest_time;
  return published;
}

}  // namespace cm4it::ledger
