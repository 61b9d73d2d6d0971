// The feed (docs/formats/feed.md): what a copy of a domain needs, read by this server's own positions.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "evidence/kinds.h"
#include "service/feed.h"
#include "service/feed_events.h"
#include "service/feed_lent.h"
#include "service/feed_rights.h"
#include "service/selection.h"

namespace cm4it::service {
namespace {

using evidence::Statement;

// The domain asked for and those that its policy refers to.
std::vector<std::string> domains_of(const ledger::Reader& reader, const std::string& asked) {
  std::vector<std::string> domains{asked};
  if (const auto* descriptor = reader.policies().newest(asked))
    for (auto& referenced : descriptor->referenced()) domains.push_back(std::move(referenced));
  return domains;
}

// Whether the asker may be shown nothing but policies, which are for everybody.
bool reads_policies_only(const Access& access, const policy::Policies& policies, const std::string& domain, const Principal& who) {
  return std::all_of(std::begin(evidence::kinds), std::end(evidence::kinds),
                     [&](const auto& row) { return !row.read_by_roles || access.sees_nothing(policies, domain, row.kind, who); });
}

class FeedPager {
 public:
  FeedPager(const Access& access, const Integrity& integrity, const ledger::Reader& reader, const PolicyArrivals& arrivals, const FeedRequest& request,
       const Principal& who, policy::Selectors selectors)
      : access_(access), integrity_(integrity), reader_(reader), arrivals_(arrivals), request_(request), who_(who), selectors_(std::move(selectors)),
        domains_(domains_of(reader, request.domain)), selection_(reader, arrivals, selectors_, domains_, access.now()), rights_(access, reader, request.domain, who),
        lent_(reader, domains_, selectors_, selection_),
        policies_only_(reads_policies_only(access, reader.policies(), request.domain, who)), scanned_from_(journal_position(request.from)), skip_(request.from & ((std::uint64_t{1} << feed_skip_bits) - 1)) {}

  Result<FeedPage> page() {
    page_.domain = request_.domain;
    TRY(const bool through, fill_page());
    if (through) {
      // An asker who may read nothing but policies must not learn how far the journal has grown since the last of them.
      if (!policies_only_) page_.next = std::max(request_.from, reader_.published().next << feed_skip_bits);
      CHECK_OK(add_heads());
    }
    page_.more = !through;
    page_.seen = reader_.published().next;
    return std::move(page_);
  }

 private:
  struct Item { StatementId id; bool backfill; };

  bool is_of_feed(std::string_view domain) const { return contains(domains_, domain); }

  bool full() const { return page_.records.size() >= budget::feed_records || bytes_ >= budget::feed_bytes; }
  // True: the feed was read to its end. Else page_.next is where the next page begins.
  Result<bool> fill_page() {
    page_.next = request_.from;
    if (scanned_from_ == 0) {
      TRY(const auto policies, all_policies());
      TRY(const bool through, add_all(0, policies));
      if (!through) return false;
    }
    FeedEvents journal(reader_, arrivals_, domains_, scanned_from_);
    TRY(const auto events, journal.next(policies_only_));
    for (const FeedEvent& event : events) {
      if (selection_.spent() > budget::feed_folded) {
        page_.next = event.position << feed_skip_bits;
        return false;
      }
      TRY(const auto items, items_of(event));
      TRY(const bool through, add_all(event.position, items));
      if (!through) return false;
    }
    return !journal.truncated();
  }

  // Adds the records of one position, beginning where the page before had to end. False: the page is full.
  Result<bool> add_all(std::uint64_t position, const std::vector<Item>& items) {
    for (std::size_t i = position == scanned_from_ ? skip_ : 0; i < items.size(); ++i) {
      if (full()) {
        page_.next = position << feed_skip_bits | i;
        return false;
      }
      CHECK_OK(add(items[i]));
    }
    page_.next = (position + 1) << feed_skip_bits;
    return true;
  }

  Result<std::vector<Item>> all_policies() {
    std::vector<Item> items;
    for (const auto& domain : domains_) {
      TRY(const auto descriptors, reader_.descriptors(domain));
      for (const auto& [version, id] : descriptors) items.push_back({id, false});
    }
    return items;
  }

  // The event's statement, if its subject is in view; before it, where the subject was not when the statement before it
  // came, what was said of the subject earlier, and was passed over then.
  Result<std::vector<Item>> items_of(const FeedEvent& event) {
    std::vector<Item> items;
    if (!event.lends.empty()) {
      TRY(const bool lent, lent_.is_lent(event.lends));
      if (lent) items.push_back({event.id, false});
      return items;
    }
    const auto read = statements_of(event.id);
    if (!read && damaged(event.id)) {
      items.push_back({event.id, false});
      return items;
    }
    TRY(const auto statements, read);
    bool chosen = selectors_.everything();
    for (const Statement& statement : statements) {
      if (selectors_.everything()) break;
      if (statement.revocations) {  // it may say something of any certificate: CRLs always come along, as parties do
        chosen = true;
        continue;
      }
      if (is_self_compromise(statement, statement.issuer)) {  // it silences whatever role the key plays
        TRY(const bool listened_to, lent_.plays_a_role(statement.issuer));
        chosen |= listened_to;
      }
      TRY(const auto* view, selection_.view_of(statement.subject));
      chosen |= view->chosen;
      // Once a page: later ones of it follow each other without a gap.
      if (scanned_from_ == 0 || !view->passed_over.contains(event.id) || !caught_up_.insert(statement.subject).second) continue;
      CHECK_OK(reader_.of_subject(statement.subject, [&](std::uint64_t position, const StatementId& id) {
        if (position < event.position) items.push_back({id, true});
        return position < event.position;
      }));
    }
    if (!chosen) return items;
    items.push_back({event.id, false});
    for (std::size_t i = 0, sent = items.size(); i < sent; ++i) {
      if (!items[i].backfill) CHECK_OK(lend(statements, items));
      else {
        TRY(const auto earlier, statements_of(items[i].id));
        CHECK_OK(lend(earlier, items));
      }
    }
    return items;
  }

  Result<std::vector<Statement>> statements_of(const StatementId& id) const {
    TRY(const auto record, reader_.record(id));
    if (!record) return fail(Code::internal, "journal: an entry is missing", "run `ics rebuild`");
    return evidence::statements_of_stored(record->format, record->evidence, record->issuer, record->id);
  }

  // A holder's domain lends its policy: who owns it and speaks for it. All of it comes with the transfer that names it.
  Result<void> lend(const std::vector<Statement>& statements, std::vector<Item>& items) {
    for (const Statement& statement : statements) {
      const auto* transfer = std::get_if<evidence::Transfer>(&statement.body);
      if (!transfer || is_of_feed(transfer->domain)) continue;
      const auto* descriptor = reader_.policies().newest(transfer->domain);
      if (descriptor && who_ && descriptor->server_with_key(*who_)) continue;  // its own
      TRY(const auto descriptors, reader_.descriptors(transfer->domain));
      for (const auto& [version, id] : descriptors)
        if (std::none_of(items.begin(), items.end(), [&lent = id](const Item& item) { return item.id == lent; })) items.push_back({id, true});
    }
    return {};
  }

  bool damaged(const StatementId& id) const {
    const auto record = reader_.record(id);
    return record && *record && !integrity_.check(reader_, **record);
  }

  Result<void> add(const Item& item) {
    if (!sent_.insert(item.id).second) return {};
    TRY(auto record, reader_.record(item.id));
    if (!record) return fail(Code::internal, "journal: an entry is missing", "run `ics rebuild`");
    // Damaged evidence is not sent. Its place in the log is, so that the receiver knows that it misses something.
    const bool sound = integrity_.check(reader_, *record).has_value();
    TRY(auto receipts, reader_.receipts(item.id));
    if (sound) {
      TRY(const bool shown, rights_.may_be_read(*record, receipts));
      if (!shown) return {};
    } else {
      if (!access_.reads_entries(request_.domain, who_)) return {};
      record->evidence.clear();
    }
    bytes_ += record->evidence.size() + 64;
    for (const auto& [domain, cose] : receipts) bytes_ += cose.size();
    page_.records.push_back({record->format, std::move(record->evidence), record->issuer, std::move(receipts), item.backfill});
    return {};
  }

  Result<void> add_heads() {
    for (const auto& domain : domains_)
      if (reader_.published().own_heads.contains(domain) && rights_.shows_heads(domain)) {
        auto note = reader_.checkpoint(domain);
        if (note) page_.heads.push_back({domain, reader_.published().own_heads.at(domain).origin, std::move(*note)});
      }
    TRY(auto foreign, reader_.foreign_heads());
    for (auto& head : foreign)
      if (is_of_feed(head.domain) && rights_.shows_heads(head.domain))
        page_.heads.push_back({std::move(head.domain), std::move(head.origin), std::move(head.note)});
    return {};
  }

  const Access& access_;
  const Integrity& integrity_;
  const ledger::Reader& reader_;
  const PolicyArrivals& arrivals_;
  const FeedRequest& request_;
  const Principal& who_;
  const policy::Selectors selectors_;
  const std::vector<std::string> domains_;
  Selection selection_;
  FeedRights rights_;
  LentPolicies lent_;
  const bool policies_only_;
  const std::uint64_t scanned_from_;  // the journal's position
  const std::size_t skip_;           // of the first position's records, a page before had them
  std::set<StatementId> sent_;
  std::set<SubjectId> caught_up_;
  std::size_t bytes_ = 0;
  FeedPage page_;
};

}  // namespace

Result<FeedPage> Feed::page(const FeedRequest& given, const Principal& who) const {
  FeedRequest request = given;
  request.domain = access_.domain_or_default(given.domain);
  TRY(const auto reader, ledger_.reader());
  CHECK_OK(access_.check_held(reader.published(), request.domain));
  if (journal_position(request.from) > reader.published().next) request.from = 0;  // never given here: the store is another
  policy::Selectors selectors = request.select.value_or(policy::Selectors{});
  // A server that the policy lists gets what the policy says it holds, whatever it asks.
  if (const auto* descriptor = reader.policies().newest(request.domain); descriptor && who)
    if (const auto* server = descriptor->server_with_key(*who); server && !server->home && server->select)
      selectors = *server->select;
  TRY(const auto arrivals, policy_log_.arrivals(reader));
  return FeedPager(access_, integrity_, reader, *arrivals, request, who, selectors.resolved(request.domain)).page();
}

}  // namespace cm4it::service
