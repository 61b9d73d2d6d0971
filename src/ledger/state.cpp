#include "ledger/state.h"

#include <set>

#include <algorithm>

#include "base/cbor.h"
#include "ledger/tables.h"

namespace cm4it::ledger {
namespace {

Result<void> check_owner(const Options& options, const store::Snapshot& snapshot) {
  TRY(const auto mark, snapshot.get(table::meta, view(table::rebuilding)));
  if (mark) return fail(Code::unavailable, "store: making its rows anew was cut off", "run `ics rebuild` again");
  TRY(const auto kept, snapshot.get(table::meta, view("server")));
  if (!kept) return {};
  if (text(*kept) != options.server_name)
    return fail(Code::conflict, "store: it belongs to the server \"" + std::string(text(*kept)) + "\", not to \"" +
                options.server_name + "\"", "set `name` in icsd.toml, or give another `store` directory");
  TRY(const auto rows, snapshot.get(table::meta, view(table::rows)));
  if (!rows || text(*rows) != table::rows_version)
    return fail(Code::unavailable, "store: its rows were made by another version of this program", "run `ics rebuild`");
  return {};
}

Result<void> load_policies(const store::Snapshot& snapshot, State& state) {
  std::vector<StatementId> ids;
  CHECK_OK(snapshot.scan(table::policies, {}, [&](View key, View) {
    StatementId id;
    std::copy(key.end() - 32, key.end(), id.digest.begin());
    ids.push_back(id);
    return true;
  }));
  for (const auto& id : ids) {
    TRY(const auto record, find_record(snapshot, id));
    if (!record) return fail(Code::malformed, "store: a policy's record is missing", "run `ics rebuild`");
    TRY(const auto statements, evidence::statements_of_kept(record->format, record->evidence, record->issuer, record->id));
    for (const auto& statement : statements) {
      TRY(auto descriptor, signed_descriptor(statement));
      state.descriptors.push_back(std::move(descriptor));
    }
  }
  CHECK_OK(snapshot.scan(table::pins, {}, [&](View key, View value) {
    policy::Pin pin{std::string(text(key)), {}, policy::Pin::Source::transfer};
    if (value.size() == 32) std::copy(value.begin(), value.end(), pin.owner.digest.begin());
    state.pins.push_back(std::move(pin));
    return true;
  }));
  state.assemble();
  return {};
}

// A log keeps the key and the name it was begun with: copies would not believe its earlier receipts otherwise.
Result<void> check_log_key(const std::string& domain, const KeptHead& head, const Options& options) {
  if (options.log_key && options.log_key->public_key().id() != head.log)
    return fail(Code::conflict, "log of " + domain + ": begun under the log key " + head.log.text() + "; the one configured is " +
                options.log_key->public_key().id().text(), "put that log.key back");
  if (head.head.origin != options.server_name + "/" + domain)
    return fail(Code::conflict, "log of " + domain + ": begun as " + head.head.origin + "; this server is called " + options.server_name,
                "give it its name back in icsd.toml");
  return {};
}

// A domain of which only heads came that do not count is kept here all the same: how fresh it is, nobody knows.
Result<void> load_foreign_heads(const store::Snapshot& snapshot, bool counted, State& state) {
  Result<void> outcome;
  CHECK_OK(snapshot.scan(table::heads, store::Range::prefix(view(counted ? "f" : "s")), [&](View key, View value) {
    auto head = decode_head(value);
    if (!head) {
      outcome = tl::unexpected(head.error());
      return false;
    }
    const std::string domain(text(key).substr(1, text(key).find('\0') - 1));
    auto& kept = state.domains[domain];
    if (!kept.home && counted) kept.newest_head = std::max(kept.newest_head.value_or(Time{}), head->head.time);
    state.newest_time = std::max(state.newest_time, head->head.time);
    return true;
  }));
  return outcome;
}

Result<void> load_heads(const Options& options, const store::Snapshot& snapshot, State& state) {
  for (const auto& domain : options.homes) {
    TRY(const auto row, snapshot.get(table::heads, table::prefixed('n', to_bytes(view(domain)))));
    std::optional<KeptHead> head;
    if (row) {
      TRY(head, decode_head(*row));
    }
    if (head) CHECK_OK(check_log_key(domain, *head, options));
    TRY(auto log, HomeLog::load(domain, options.server_name + "/" + domain, head, snapshot));
    state.domains[domain] = {true, head ? std::optional(head->head.time) : std::nullopt, false};
    if (head) state.newest_time = std::max(state.newest_time, head->head.time);
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

void State::assemble() {
  policies = std::make_shared<const policy::Policies>(policy::Policies::assemble(descriptors, pins));
  std::set<std::string_view> unpinned;
  for (const auto& one : descriptors)
    if (!policies->chain(one.descriptor->domain)) unpinned.insert(one.descriptor->domain);
  unpinned_domains = unpinned.size();
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
  TRY(const auto time, snapshot->get(table::meta, view(table::newest_time)));
  if (time && time->size() == 8) state.newest_time = Time{static_cast<std::int64_t>(read_u64(*time))};
  CHECK_OK(load_heads(options, *snapshot, state));
  CHECK_OK(load_policies(*snapshot, state));
  return state;
}

PublishedPtr publish(const State& state, const Options& options) {
  auto published = std::make_shared<Published>();
  if (options.log_key) published->own_log = options.log_key->public_key().id();
  published->next = state.next;
  published->policies = state.policies;
  published->domains = state.domains;
  published->unpinned_domains = state.unpinned_domains;
  for (const auto& [domain, log] : state.homes) published->own_heads.emplace(domain, log.head());
  published->newest_time = state.newest_time;
  return published;
}

}  // namespace cm4it::ledger
