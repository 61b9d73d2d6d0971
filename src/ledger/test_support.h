// For this room's tests: a ledger on one store through several openings, statements to append, and what must hold
// whatever happened to it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>

#include "base/guarded.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "evidence/formats/manifest/manifest_writer.h"
#include "ledger/ledger.h"
#include "ledger/schema.h"
#include "policy/policy_fixture.h"
#include "store/faulty.h"
#include "store/memory.h"
#include "tlog/merkle.h"

namespace cm4it::ledger::test {

using namespace policy::fixture;
using evidence::SubjectId;

inline SubjectId code(const std::string& name) { return SubjectId::code(crypto::sha256(view(name))); }

inline Verified verified(Format format, View bytes, const crypto::PublicKey& key) {
  auto decoded = evidence::decode(format, bytes);
  EXPECT_TRUE(decoded) << decoded.error().message;
  auto result = evidence::verify(std::move(*decoded), key);
  EXPECT_TRUE(result) << result.error().message;
  return std::move(*result);
}

inline Bytes signed_bytes(const std::string& issuer, const SubjectId& subject, Body body,
                          std::vector<std::string> domains = {"acme.example"},
                          crypto::Algorithm algorithm = crypto::Algorithm::eddsa) {
  auto bytes = evidence::sign({subject, std::move(domains), std::move(body), Time{1'800'000'000}, {}, {}}, *key_of(issuer, algorithm));
  EXPECT_TRUE(bytes) << bytes.error().message;
  return bytes.value();
}

inline Verified say(const std::string& issuer, const SubjectId& subject, Body body,
                    std::vector<std::string> domains = {"acme.example"}) {
  return verified(Format::cose, signed_bytes(issuer, subject, std::move(body), std::move(domains)), key_of(issuer)->public_key());
}
inline Verified endorsement(const std::string& label, std::vector<std::string> domains = {"acme.example"}) {
  return say("line1", code("firmware"), Endorse{label, ""}, std::move(domains));
}
inline Verified policy_statement(const std::string& owner, const std::string& domain, const std::string& text) {
  return say(owner, SubjectId::key(id_of(owner)), PolicyText{text}, {domain});
}
inline Verified manifest_identity(const std::string& serial_hex) {
  const auto maker = key_of("maker", crypto::Algorithm::es256);
  const auto element = evidence::make_manifest_element(
      {.serial_hex = serial_hex, .maker = "Acme", .model = "SE-1", .part_number = "SE-1-A",
       .key = key_of("slot 0 of " + serial_hex, crypto::Algorithm::es256)->public_key(),
       .other_slots = {key_of("slot 1 of " + serial_hex, crypto::Algorithm::es256)->public_key()},
       .provisioned_at = "2026-03-01T12:00:00Z"}, *maker);
  return verified(Format::manifest, element.value(), maker->public_key());
}

// The receipt of another domain's home, whose log has this one leaf.
inline ForeignReceipt foreign_receipt(const std::string& domain, const Verified& evidence, Time time) {
  const Digest leaf = tlog::leaf_hash(evidence::leaf_bytes(evidence.format(), evidence.bytes()));
  const auto batch = tlog::sign_batch("main/" + domain, time, 1, leaf, *key_of(domain + " log")).value();
  return {domain, log_of(domain), time, 0, tlog::encode_receipt(batch, 0, {})};
}
inline ForeignHead foreign_head(const std::string& domain, std::uint64_t size, Time time) {
  const tlog::Head head{"main/" + domain, size, crypto::sha256(view(std::to_string(size))), time};
  return {domain, log_of(domain), head, tlog::sign_checkpoint(head, *key_of(domain + " log")).value()};
}

// A store that outlives the ledgers opened on it. On demand a read fails: the n-th from now.
class SharedStore : public store::Store {
 public:
  SharedStore(std::shared_ptr<store::Store> inner, std::shared_ptr<std::atomic<int>> fail_read)
      : inner_(std::move(inner)), fail_read_(std::move(fail_read)) {}

  Result<std::unique_ptr<store::Snapshot>> snapshot() const override {
    if (fails()) return fail(Code::unavailable, "store: no snapshot, on demand");
    TRY(auto inner, inner_->snapshot());
    return std::unique_ptr<store::Snapshot>(std::make_unique<Reads>(std::move(inner), *this));
  }
  Result<store::Commit> commit(const store::Batch& batch, View head) override { return inner_->commit(batch, head); }

 private:
  struct Reads : store::Snapshot {
    Reads(std::unique_ptr<Snapshot> snapshot, const SharedStore& store) : inner(std::move(snapshot)), owner(store) {}
    Result<std::optional<View>> get(store::Table table, View key) const override {
      if (owner.fails()) return fail(Code::unavailable, "store: a read failed, on demand");
      return inner->get(table, key);
    }
    Result<void> scan(store::Table table, const store::Range& range, const store::Visitor& visitor) const override {
      if (owner.fails()) return fail(Code::unavailable, "store: a scan failed, on demand");
      return inner->scan(table, range, visitor);
    }
    const std::unique_ptr<Snapshot> inner;
    const SharedStore& owner;
  };
  bool fails() const { return fail_read_->load() > 0 && fail_read_->fetch_sub(1) == 1; }

  const std::shared_ptr<store::Store> inner_;
  const std::shared_ptr<std::atomic<int>> fail_read_;
};

// A key in a token that can be taken out.
class TokenKey : public crypto::Signer {
 public:
  TokenKey(crypto::SignerPtr key, std::shared_ptr<std::atomic<bool>> gone) : key_(std::move(key)), gone_(std::move(gone)) {}
  const crypto::PublicKey& public_key() const override { return key_->public_key(); }
  Result<Bytes> sign(View message) const override {
    if (*gone_) return fail(Code::unavailable, "token \"log\": it is not there", "put it back");
    return key_->sign(message);
  }
  void* native() const override { return nullptr; }

 private:
  const crypto::SignerPtr key_;
  const std::shared_ptr<std::atomic<bool>> gone_;
};

using Rows = std::map<std::pair<store::Table, Bytes>, Bytes>;

inline Rows rows_of(const store::Store& store, bool derived_only = false) {
  Rows rows;
  const auto snapshot = store.snapshot().value();
  for (store::Table table = 0; table < store::table_count; ++table) {
    if (derived_only && !contains(table::derived, table)) continue;
    EXPECT_TRUE(snapshot->scan(table, {}, [&](View key, View value) {
      rows[{table, to_bytes(key)}] = to_bytes(value);
      return true;
    }));
  }
  return rows;
}

// A home of acme.example and beta.example, named "main".
class World {
 public:
  explicit World(std::vector<std::string> homes = {"acme.example", "beta.example"}) : homes_(std::move(homes)) { open(); }

  Options options() {
    return {.server_name = "main", .log_key = homes_.empty() ? nullptr : std::make_shared<TokenKey>(key_of("acme.example log"), log_key_gone), .homes = homes_,
            .pins = {pin("acme.example", "acme")}, .clock = [clock = clock] { return Time{clock->load()}; },
            .on_broken = [broken = broken](const Error& error) { broken->with([&](auto& all) { all.push_back(error); }); }};
  }
  Result<std::unique_ptr<Ledger>> try_open() {
    return Ledger::open(options(), std::make_unique<SharedStore>(store, fail_read),
                        [changes = changes](const Change& change) { changes->with([&](auto& all) { all.push_back(change); }); });
  }
  // Also: again, as after a restart. Its first heads are signed when it returns.
  void open() {
    ledger.reset();
    auto opened = try_open();
    ASSERT_TRUE(opened) << opened.error().message;
    ledger = std::move(*opened);
    ledger->drain();
  }

  Result<Appended> append(Submission submission) {
    auto answer = std::make_shared<std::promise<Result<Appended>>>();
    auto future = answer->get_future();
    auto sent = ledger->append(std::move(submission), [answer](auto appended) { answer->set_value(std::move(appended)); });
    if (!sent) return tl::unexpected(sent.error());
    return future.get();
  }
  Result<Appended> append(Verified evidence, std::vector<std::string> homes = {"acme.example"}) {
    return append(Submission{std::move(evidence), {}, std::move(homes), {}, {}});
  }
  Result<void> put_note(std::string key, std::optional<Bytes> value) {
    std::promise<Result<void>> answer;
    CHECK_OK(ledger->put_note(std::move(key), std::move(value), [&](auto outcome) { answer.set_value(std::move(outcome)); }));
    return answer.get_future().get();
  }

  Rows rows(bool derived_only = false) const { return rows_of(*store, derived_only); }

  tlog::Head head(const std::string& domain) const {
    auto head = tlog::open_checkpoint(ledger->reader()->checkpoint(domain).value(), key_of("acme.example log")->public_key());
    EXPECT_TRUE(head) << head.error().message;
    return head.value();
  }

  // Whatever happened: every log is what its signed head says, each leaf has its record and a receipt that holds, and the
  // journal has no gap.
  void expect_sound() const {
    const auto reader = ledger->reader();
    ASSERT_TRUE(reader) << reader.error().message;
    std::uint64_t next = 1;
    const auto all = rows();
    for (auto row = all.lower_bound({table::journal, {}}); row != all.end() && row->first.first == table::journal; ++row)
      EXPECT_EQ(table::last_number(row->first.second), next++);
    EXPECT_EQ(reader->published().next, next);
    for (const auto& domain : homes_) expect_sound(*reader, domain);
  }

  // That the log still begins with what an earlier head signed.
  void expect_continues(const std::string& domain, const tlog::Head& earlier) const {
    const tlog::Head now = head(domain);
    EXPECT_GE(now.time, earlier.time);
    ASSERT_GE(now.size, earlier.size);
    tlog::CompactRange range;
    for (std::uint64_t i = 0; i < earlier.size; ++i) range.append(tlog::leaf_hash(ledger->reader()->leaf(domain, i).value()));
    EXPECT_EQ(range.root(), earlier.root) << domain << ": history was rewritten";
  }

  std::shared_ptr<store::Faulty> store = std::make_shared<store::Faulty>(store::open_memory());
  std::shared_ptr<std::atomic<bool>> log_key_gone = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<std::atomic<int>> fail_read = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<std::atomic<std::int64_t>> clock = std::make_shared<std::atomic<std::int64_t>>(1'800'000'000);
  std::shared_ptr<Guarded<std::vector<Error>>> broken = std::make_shared<Guarded<std::vector<Error>>>();
  std::shared_ptr<Guarded<std::vector<Change>>> changes = std::make_shared<Guarded<std::vector<Change>>>();
  std::unique_ptr<Ledger> ledger;

 private:
  void expect_sound(const Reader& reader, const std::string& domain) const {
    const auto& key = key_of("acme.example log")->public_key();
    const tlog::Head signed_head = head(domain);
    EXPECT_EQ(reader.published().own_heads.at(domain), signed_head);
    tlog::CompactRange range;
    for (std::uint64_t i = 0; i < signed_head.size; ++i) {
      const auto leaf = reader.leaf(domain, i);
      ASSERT_TRUE(leaf) << domain << " " << i << ": " << leaf.error().message;
      range.append(tlog::leaf_hash(*leaf));
      bool receipted = false;
      const auto receipts = reader.receipts(reader.leaf_statement(domain, i).value());
      ASSERT_TRUE(receipts) << receipts.error().message;
      for (const auto& [of, cose] : *receipts) {
        const auto receipt = tlog::decode_receipt(cose, tlog::leaf_hash(*leaf));
        receipted |= of == domain && receipt && receipt->index == i && tlog::verify_batch(receipt->batch, key);
      }
      EXPECT_TRUE(receipted) << domain << " " << i << " has no receipt that holds";
    }
    EXPECT_EQ(range.root(), signed_head.root) << domain;
    EXPECT_FALSE(reader.leaf_statement(domain, signed_head.size)) << domain << ": a leaf that no head covers";
  }

  const std::vector<std::string> homes_;
};

}  // namespace cm4it::ledger::test
