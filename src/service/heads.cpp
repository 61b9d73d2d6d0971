// Signed heads of other homes' logs: whose they are, and what they contradict.
#include "service/log_view.h"
#include "service/origin.h"

namespace cm4it::service {
namespace {

// A head contradicts an earlier one of its origin when one size has two roots, when a later head is of a smaller tree,
// or when no proof shows the earlier tree to be its beginning. A time that is still to come was a wrong clock's, and says
// nothing of which head is the later one.
Result<void> not_contradicting(const tlog::Head& earlier, const tlog::Head& head,
                               const std::optional<std::vector<Digest>>& consistency, const HomeClocks& clocks) {
  std::string contradiction;
  const bool in_time = !clocks.is_ahead(earlier.time) && !clocks.is_ahead(head.time);
  if (head.size == earlier.size && head.root != earlier.root) contradiction = "two roots of one size";
  else if (in_time && ((head.size < earlier.size && head.time > earlier.time) || (head.size > earlier.size && head.time < earlier.time)))
    contradiction = "a later head of a smaller tree";
  else if (consistency && head.size > earlier.size && earlier.size > 0 &&
           !tlog::check_consistency(earlier.size, earlier.root, head.size, head.root, *consistency))
    contradiction = "no proof that the earlier tree is the beginning of the later one";
  if (contradiction.empty()) return {};
  return fail(Code::conflict, "head of " + head.origin + ": " + contradiction + ": sizes " + std::to_string(earlier.size) +
              " and " + std::to_string(head.size), "this home is no longer followed; ask its owner what happened");
}

}  // namespace

Result<LogView::HeadCheck> LogView::check_head(const std::string& domain, const std::string& note) {
  TRY(const auto reader, ledger_.reader());
  TRY(const auto claimed, tlog::read_checkpoint_body(note));
  const auto* descriptor = reader.policies().newest(domain);
  if (!descriptor) return fail(Code::not_yet, "head: no policy of " + domain + " counts here");
  const policy::Server* home = nullptr;
  for (const auto& [name, server] : descriptor->servers)
    if (server.home && origin_is_of(claimed.origin, name, domain)) home = &server;
  if (!home || !home->log)
    return fail(Code::not_permitted, "head: its origin \"" + claimed.origin + "\" is no home of " + domain);
  TRY(const auto head, tlog::open_checkpoint(note, *home->log));
  clocks_.heard(domain, head);
  if (clocks_.homes().is_ahead(head.time)) return fail(Code::not_yet, "head: " + clocks_.homes().doubt(domain));
  HeadCheck check{{domain, home->log->id(), head, note}, {}, {}, {}, false};
  for (const bool counted : {true, false}) {
    TRY(const auto stored, reader.foreign_heads(counted));
    for (const auto& known : stored) {
      if (known.domain != domain || known.origin != head.origin) continue;
      TRY(auto earlier, tlog::open_checkpoint(known.note, *home->log));
      if (counted) check.earlier_note = known.note;
      (counted ? check.earlier : check.compared) = std::move(earlier);
    }
  }
  if (check.earlier && !supersedes(head, check.earlier, clocks_.of_machine()))
    check.settled = check.earlier->time >= head.time && (check.earlier->size != head.size || check.earlier->root == head.root);
  return check;
}

Result<void> LogView::note_head(const HeadCheck& check, const std::optional<std::vector<Digest>>& consistency) {
  const auto& head = check.head.head;
  if (check.earlier) CHECK_OK(not_contradicting(*check.earlier, head, consistency, clocks_.homes()));
  if (check.compared) CHECK_OK(not_contradicting(*check.compared, head, {}, clocks_.homes()));
  if (!supersedes(head, check.earlier, clocks_.of_machine())) return {};
  return ledger_.append_head(check.head);
}

Result<void> LogView::compare_head(const HeadCheck& check, const std::optional<std::vector<Digest>>& from_earlier,
                                   const std::optional<std::vector<Digest>>& from_compared) {
  const auto& head = check.head.head;
  if (check.earlier) CHECK_OK(not_contradicting(*check.earlier, head, from_earlier, clocks_.homes()));
  if (check.compared) CHECK_OK(not_contradicting(*check.compared, head, from_compared, clocks_.homes()));
  const Time clock = clocks_.of_machine();
  if (!supersedes(head, check.earlier, clock) || !supersedes(head, check.compared, clock)) return {};
  auto uncounted = check.head;
  uncounted.counts = false;
  return ledger_.append_head(std::move(uncounted));
}

Result<void> LogView::compare_own_head(const std::string& domain, const std::string& note) { return ledger_.compare_own_head(domain, note); }

std::optional<KeyId> LogView::own_log() const {
  if (!ledger_.options().log_key) return {};
  return ledger_.published()->own_log;
}

void LogView::hold(std::string reason) { ledger_.hold(std::move(reason)); }

}  // namespace cm4it::service
