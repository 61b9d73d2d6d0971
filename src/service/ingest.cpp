// Records that come from peers, with receipts: verified as if a stranger had sent them, on all workers.
#include <algorithm>
#include <future>
#include <latch>

#include "base/log.h"
#include "policy/delegation.h"
#include "service/intake.h"
#include "service/intake_examine.h"
#include "service/intake_facts.h"
#include "tlog/merkle.h"

namespace cm4it::service {
namespace {

bool bears_policy(const PeerRecord& record) {
  if (record.piece.format != evidence::native_format) return false;
  const auto decoded = evidence::decode(record.piece.format, record.piece.bytes);
  return decoded && is_policy(*decoded);
}

// Of a record that a home has received, and that was refused: whether what it says is missing here. A policy that is none of its
// chain says nothing to anybody.
bool is_missed(const PeerRecord& record, const Error& error) {
  if (error.code == Code::not_yet || error.code == Code::unavailable || error.code == Code::internal) return false;
  return error.code != Code::not_permitted || !bears_policy(record);
}

}  // namespace

// Records of one page: each is examined on whichever worker is free, and what they came to is appended in their order.
class Intake::CopyIntake {
 public:
  CopyIntake(Intake& intake, const std::string& from_domain, const std::vector<PeerRecord>& records)
      : intake_(intake), from_domain_(from_domain), records_(records) {}

  Result<IngestReport> run() {
    TRY(const auto before, intake_.ledger_.reader());
    TRY(heads_, heads_of_other_homes(before));
    for (std::size_t next = 0; next < records_.size();) next = take(next, examine(next));
    settle();
    return std::move(report_);
  }

 private:
  // The result for one record, by what was known when it was examined.
  struct Examined {
    Result<IntakeResult> result = fail(Code::internal, "not examined");
    std::vector<HeldLeaf> leaves;
    bool by_home = false;
  };
  struct Handed {
    std::future<Result<ledger::Appended>> answer;
    bool of_model, transfer;
    std::vector<HeldLeaf> leaves;
  };
  static constexpr std::size_t examined_at_once = 64;

  Examined examine(const ledger::Reader& reader, const PeerRecord& record) const {
    Examined examined;
    const Digest leaf = tlog::leaf_hash(evidence::leaf_bytes(record.piece.format, record.piece.bytes));
    std::vector<ledger::ForeignReceipt> receipts;
    for (const auto& [domain, cose] : record.receipts)
      if (!intake_.access_.is_home(domain))
        if (auto receipt = intake_.receipts_.check(reader.policies(), domain, cose, leaf, heads_, examined.by_home))
          receipts.push_back(std::move(*receipt));
    for (const auto& receipt : receipts) examined.leaves.push_back({receipt.domain, receipt.log, receipt.index, leaf});
    examined.result = examine_copy(record.piece, record.issuer, std::move(receipts),
                                {reader, intake_.ledger_.options(), from_domain_, intake_.clocks_.now(reader.published()), intake_.options_.subject_statements});
    return examined;
  }

  // The records from `from` on, on as many workers as are free, and on this thread: each as if it came next.
  std::vector<Examined> examine(std::size_t from) {
    std::vector<Examined> examined(std::min(examined_at_once, records_.size() - from));
    std::atomic<std::size_t> next = 0;
    // An exception counts as an error of that record alone, since the other records of the page are still being worked on.
    const auto work = [&]() noexcept {
      for (std::size_t i = next++; i < examined.size(); i = next++) try {
          examined[i] = examine_now(records_[from + i]);
        } catch (const std::exception& error) {
          examined[i].result = fail(Code::internal, error.what());
        }
    };
    // Threads of all ranks that have nothing to do help: as many parts as there are cores.
    const std::size_t helpers = std::min<std::size_t>(intake_.turns_.threads_of(Rank::anyone), examined.size()) - 1;
    std::latch done(static_cast<std::ptrdiff_t>(helpers));
    const auto ticket = intake_.turns_.go_on({});
    for (std::size_t i = 0; i < helpers; ++i)
      intake_.turns_.add(ticket, [&] {
        work();
        done.count_down();
      });
    work();
    done.wait();
    return examined;
  }

  // Hands over what was examined, in order. Returns where to go on: behind the first record by which others are judged.
  std::size_t take(std::size_t from, std::vector<Examined> examined) {
    std::vector<std::size_t> too_early;
    const std::size_t before = handed_over_;
    std::size_t i = 0;
    for (bool judged_alike = true; judged_alike && i < examined.size(); ++i) {
      const PeerRecord& record = records_[from + i];
      // A policy may be that of a holder whom one of these names: its owner is pinned by then.
      if (transfer_waits() && bears_policy(record)) {
        settle();
        examined[i] = examine_now(record);
      }
      if (!examined[i].result && examined[i].result.error().code == Code::not_yet) too_early.push_back(from + i);
      else judged_alike = append(record, std::move(examined[i]));
      if (!judged_alike) settle();
    }
    take_again(too_early, handed_over_ > before);
    return from + i;
  }

  // What they wait for, the certificate of an issuer say, may be among those that were examined at the same time; `came`: any were taken.
  void take_again(const std::vector<std::size_t>& too_early, bool came) {
    if (too_early.empty()) return;
    if (came) settle();
    for (const std::size_t index : too_early)
      if (!append(records_[index], examine_now(records_[index]))) settle();
  }

  // Examines the record again, by what has been stored meanwhile.
  Examined examine_now(const PeerRecord& record) const {
    const auto reader = intake_.ledger_.reader();
    if (reader) return examine(*reader, record);
    Examined failed;
    failed.result = tl::unexpected(reader.error());
    return failed;
  }

  bool transfer_waits() const {
    return std::any_of(waiting_.begin(), waiting_.end(), [](const Handed& one) { return one.transfer; });
  }

  // False: the records that follow depend on this one, so it must be appended first.
  bool append(const PeerRecord& record, Examined examined) {
    auto& result = examined.result;
    if (!result) {
      refuse(result.error());
      if (!examined.by_home || !is_missed(record, result.error())) return true;
      ++report_.missed;
      if (report_.first_missed.empty()) report_.first_missed = result.error().message;
      return true;
    }
    if (std::holds_alternative<ledger::Appended>(*result)) {
      ++report_.known;
      return true;
    }
    auto& submission = std::get<Prepared>(*result).submission;
    const auto statements = submission.evidence.statements();
    const bool transfer = std::any_of(statements.begin(), statements.end(),
                                      [](const auto& statement) { return statement.kind() == Kind::transfer; });
    auto promise = std::make_shared<std::promise<Result<ledger::Appended>>>();
    auto future = promise->get_future();
    auto sent = intake_.ledger_.append(std::move(submission), [&intake = intake_, promise, statements](auto appended) {
      if (!appended) return promise->set_value(std::move(appended));
      if (appended->is_new) intake.warn_of_compromise(statements);
      intake.pins_.note(statements, [promise, appended = std::move(*appended)] { promise->set_value(appended); });
    });
    if (!sent) {
      refuse(sent.error());
      return true;
    }
    ++handed_over_;
    waiting_.push_back({std::move(future), statements[0].subject.kind == evidence::SubjectKind::model, transfer, std::move(examined.leaves)});
    return statements[0].kind() != Kind::policy && !policy::is_authority(statements[0]);
  }

  void refuse(const Error& error) {
    if (error.code == Code::unavailable || error.code == Code::internal) report_.failure = error;
    ++(error.code == Code::not_yet ? report_.not_yet : report_.refused);
    if (report_.first_refusal.empty()) report_.first_refusal = error.message;
  }

  void settle() {
    for (auto& one : waiting_) {
      auto appended = one.answer.get();
      if (!appended) {
        refuse(appended.error());
        continue;
      }
      ++(appended->is_new ? report_.taken : report_.known);
      report_.of_models |= appended->is_new && one.of_model;
      report_.leaves.insert(report_.leaves.end(), one.leaves.begin(), one.leaves.end());
    }
    waiting_.clear();
  }

  Intake& intake_;
  const std::string& from_domain_;
  const std::vector<PeerRecord>& records_;
  KnownHeads heads_;
  std::vector<Handed> waiting_;
  std::size_t handed_over_ = 0;
  IngestReport report_;
};

Result<IngestReport> Intake::ingest(const std::string& from_domain, std::vector<PeerRecord> records) {
  return CopyIntake(*this, from_domain, records).run();
}

}  // namespace cm4it::service
