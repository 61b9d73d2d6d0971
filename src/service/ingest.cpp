// What comes from peers: records with receipts, and heads. Verified as if a stranger had sent it.
#include <algorithm>
#include <future>

#include "base/log.h"
#include "crypto/digest.h"
#include "policy/paths.h"
#include "service/impl.h"
#include "service/walk.h"

namespace cm4it::service {
namespace {

// The origin of a log says whose it is: NAME/DOMAIN.
bool origin_is_of(std::string_view origin, std::string_view server, std::string_view domain) {
  return origin == std::string(server) + "/" + std::string(domain);
}

const policy::Server* home_with(const policy::Policies& policies, std::string_view domain, const KeyId& log) {
  const auto* descriptor = policies.newest(domain);
  return descriptor ? descriptor->home_with_log(log) : nullptr;
}

Digest fingerprint(const ledger::BatchSignature& batch) {
  Bytes all = to_bytes(view(batch.origin));
  append(all, batch.log.digest);
  append_u64(all, batch.tree_size);
  append_u64(all, static_cast<std::uint64_t>(batch.received.seconds));
  append(all, batch.root);
  append(all, batch.signature);
  return crypto::sha256(all);
}

using KnownHeads = std::vector<ledger::Reader::KnownHead>;

Result<KnownHeads> heads_of_other_homes(const ledger::Reader& reader) {
  TRY(auto heads, reader.foreign_heads(true));
  TRY(const auto compared, reader.foreign_heads(false));
  heads.insert(heads.end(), compared.begin(), compared.end());
  return heads;
}

// A log has one root of each size, and its times only grow: what a head did not hold yet was received at its time or later. Only
// where that time is still to come the home's clock may have been put right since.
bool contradicts_a_head(const ledger::Receipt& receipt, const KnownHeads& heads, const HomeClocks& clocks) {
  const auto& batch = receipt.batch;
  return std::any_of(heads.begin(), heads.end(), [&](const auto& known) {
    const bool dated_back = receipt.index >= known.head.size && batch.received < known.head.time && !clocks.is_ahead(known.head.time);
    const bool other_root = batch.tree_size == known.head.size && batch.root != known.head.root;
    return known.origin == batch.origin && (dated_back || other_root);
  });
}

// A receipt that holds: by a log that the newest policy lists as a home's, over this very leaf. One signature serves a
// whole batch, so those that were verified are remembered. Its time may be ahead: nothing is passed over for that
// (decisions/0039). `by_home`: one such home is said to have signed it, whether that is so or not.
std::optional<ledger::ForeignReceipt> checked_receipt(Service::Impl& impl, const policy::Policies& policies,
                                                      const std::string& domain, const Bytes& cose, const Digest& leaf,
                                                      const KnownHeads& heads, bool& by_home) {
  auto receipt = ledger::decode_receipt(cose, leaf);
  if (!receipt) return {};
  const auto& batch = receipt->batch;
  const auto* home = home_with(policies, domain, batch.log);
  if (!home || !home->log || !origin_is_of(batch.origin, home->name, domain)) return {};
  by_home = true;
  if (contradicts_a_head(*receipt, heads, impl.clocks)) {
    log_warn("receipt of " + batch.origin + " for its leaf " + std::to_string(receipt->index) + ", dated " + to_rfc3339(batch.received) +
             ": passed over; a later head of that log that is known here did not hold it");
    return {};
  }
  const Digest known = fingerprint(batch);
  const bool seen = impl.verified_batches.with([&](std::set<Digest>& batches) { return batches.contains(known); });
  if (!seen) {
    if (!ledger::verify_batch(batch, *home->log)) return {};
    impl.verified_batches.with([&](std::set<Digest>& batches) {
      if (batches.size() > 10'000) batches.clear();
      batches.insert(known);
    });
  }
  return ledger::ForeignReceipt{domain, batch.log, batch.received, receipt->index, cose};
}

bool is_policy(const PeerRecord& record) {
  if (record.piece.format != evidence::native_format) return false;
  const auto decoded = evidence::decode(record.piece.format, record.piece.bytes);
  return decoded && !decoded->statements().empty() && decoded->statements()[0].kind() == Kind::policy;
}

// Of a record that a home has received, and that was refused: whether what it says is missing here. A policy that is none of its
// chain says nothing to anybody.
bool is_missed(const PeerRecord& record, const Error& error) {
  if (error.code == Code::not_yet || error.code == Code::unavailable || error.code == Code::internal) return false;
  return error.code != Code::not_permitted || !is_policy(record);
}

// A head contradicts an earlier one of its origin when one size has two roots, when a later head is of a smaller tree,
// or when no proof shows the earlier tree to be its beginning. A time that is still to come was a wrong clock's, and says
// nothing of which head is the later one.
Result<void> not_contradicting(const ledger::Head& earlier, const ledger::Head& head,
                               const std::optional<std::vector<Digest>>& consistency, const HomeClocks& clocks) {
  std::string contradiction;
  const bool in_time = !clocks.is_ahead(earlier.time) && !clocks.is_ahead(head.time);
  if (head.size == earlier.size && head.root != earlier.root) contradiction = "two roots of one size";
  else if (in_time && ((head.size < earlier.size && head.time > earlier.time) || (head.size > earlier.size && head.time < earlier.time)))
    contradiction = "a later head of a smaller tree";
  else if (consistency && head.size > earlier.size && earlier.size > 0 &&
           !ledger::check_consistency(earlier.size, earlier.root, head.size, head.root, *consistency))
    contradiction = "no proof that the earlier tree is the beginning of the later one";
  if (contradiction.empty()) return {};
  return fail(Code::conflict, "head of " + head.origin + ": " + contradiction + ": sizes " + std::to_string(earlier.size) +
              " and " + std::to_string(head.size), "this home is no longer followed; ask its owner what happened");
}

}  // namespace

Result<IngestReport> Service::ingest(const std::string& from_domain, std::vector<PeerRecord> records) {
  IngestReport report;
  struct Handed {
    std::future<Result<ledger::Appended>> answer;
    bool of_model, transfer;
    std::vector<HeldLeaf> leaves;
  };
  std::vector<Handed> waiting;
  const auto refuse = [&](const Error& error) {
    if (error.code == Code::unavailable || error.code == Code::internal) report.failure = error;
    ++(error.code == Code::not_yet ? report.not_yet : report.refused);
    if (report.first_refusal.empty()) report.first_refusal = error.message;
  };
  const auto settle = [&] {
    for (auto& one : waiting) {
      auto appended = one.answer.get();
      if (!appended) {
        refuse(appended.error());
        continue;
      }
      ++(appended->is_new ? report.taken : report.known);
      report.of_models |= appended->is_new && one.of_model;
      report.leaves.insert(report.leaves.end(), one.leaves.begin(), one.leaves.end());
    }
    waiting.clear();
  };
  TRY(const auto before, impl_->ledger->reader());
  TRY(const auto heads, heads_of_other_homes(before));
  for (PeerRecord& record : records) {
    // A policy may be that of a holder whom one of these names: its owner is pinned by then.
    if (std::any_of(waiting.begin(), waiting.end(), [](const Handed& one) { return one.transfer; }) && is_policy(record)) settle();
    TRY(const auto reader, impl_->ledger->reader());
    const Digest leaf = ledger::leaf_hash(evidence::leaf_bytes(record.piece.format, record.piece.bytes));
    std::vector<ledger::ForeignReceipt> receipts;
    bool by_home = false;
    for (const auto& [domain, cose] : record.receipts)
      if (!impl_->is_home(domain))
        if (auto receipt = checked_receipt(*impl_, reader.policies(), domain, cose, leaf, heads, by_home))
          receipts.push_back(std::move(*receipt));
    std::vector<HeldLeaf> leaves;
    for (const auto& receipt : receipts) leaves.push_back({receipt.domain, receipt.log, receipt.index, leaf});
    auto walked = walk_copy(record.piece, record.issuer, std::move(receipts),
                            {reader, impl_->ledger->options(), from_domain, now(), impl_->options.subject_statements});
    if (!walked) {
      refuse(walked.error());
      if (by_home && is_missed(record, walked.error())) {
        ++report.missed;
        if (report.first_missed.empty()) report.first_missed = walked.error().message;
      }
      continue;
    }
    if (walked->known) {
      ++report.known;
      continue;
    }
    const auto statements = walked->submission->evidence.statements();
    const bool transfer = std::any_of(statements.begin(), statements.end(),
                                      [](const auto& statement) { return statement.kind() == Kind::transfer; });
    auto promise = std::make_shared<std::promise<Result<ledger::Appended>>>();
    auto future = promise->get_future();
    auto sent = impl_->ledger->append(std::move(*walked->submission), [this, promise, statements](auto appended) {
      if (!appended) return promise->set_value(std::move(appended));
      if (appended->is_new) impl_->warn_of_compromise(statements);
      impl_->note_transfers(statements, [promise, appended = std::move(*appended)] { promise->set_value(appended); });
    });
    if (!sent) {
      refuse(sent.error());
      continue;
    }
    waiting.push_back({std::move(future), statements[0].subject.kind == evidence::SubjectKind::model, transfer, std::move(leaves)});
    if (statements[0].kind() == Kind::policy || policy::is_authority(statements[0])) settle();  // what follows is judged by it
  }
  settle();
  return report;
}

Result<Service::HeadCheck> Service::check_head(const std::string& domain, const std::string& note) {
  TRY(const auto reader, impl_->ledger->reader());
  TRY(const auto claimed, ledger::read_checkpoint_body(note));
  const auto* descriptor = reader.policies().newest(domain);
  if (!descriptor) return fail(Code::not_yet, "head: no policy of " + domain + " counts here");
  const policy::Server* home = nullptr;
  for (const auto& [name, server] : descriptor->servers)
    if (server.home && origin_is_of(claimed.origin, name, domain)) home = &server;
  if (!home || !home->log)
    return fail(Code::not_permitted, "head: its origin \"" + claimed.origin + "\" is no home of " + domain);
  TRY(const auto head, ledger::open_checkpoint(note, *home->log));
  if (impl_->clocks.heard(domain, head)) impl_->clock_news();
  if (impl_->clocks.is_ahead(head.time)) return fail(Code::not_yet, "head: " + impl_->clocks.doubt(domain));
  HeadCheck check{{domain, home->log->id(), head, note}, {}, {}, {}, false};
  for (const bool counted : {true, false}) {
    TRY(const auto kept, reader.foreign_heads(counted));
    for (const auto& known : kept) {
      if (known.domain != domain || known.origin != head.origin) continue;
      TRY(auto earlier, ledger::open_checkpoint(known.note, *home->log));
      if (counted) check.earlier_note = known.note;
      (counted ? check.earlier : check.compared) = std::move(earlier);
    }
  }
  if (check.earlier && !supersedes(head, check.earlier, impl_->options.clock()))
    check.settled = check.earlier->time >= head.time && (check.earlier->size != head.size || check.earlier->root == head.root);
  return check;
}

Result<void> Service::note_head(const HeadCheck& check, const std::optional<std::vector<Digest>>& consistency) {
  const auto& head = check.head.head;
  if (check.earlier) CHECK_OK(not_contradicting(*check.earlier, head, consistency, impl_->clocks));
  if (check.compared) CHECK_OK(not_contradicting(*check.compared, head, {}, impl_->clocks));
  if (!supersedes(head, check.earlier, impl_->options.clock())) return {};
  return impl_->ledger->append_head(check.head);
}

Result<void> Service::compare_head(const HeadCheck& check) {
  const auto& head = check.head.head;
  for (const auto& earlier : {check.earlier, check.compared})
    if (earlier) CHECK_OK(not_contradicting(*earlier, head, {}, impl_->clocks));
  const Time clock = impl_->options.clock();
  if (!supersedes(head, check.earlier, clock) || !supersedes(head, check.compared, clock)) return {};
  auto kept = check.head;
  kept.counts = false;
  return impl_->ledger->append_head(std::move(kept));
}

}  // namespace cm4it::service
