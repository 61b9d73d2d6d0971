// The feed (docs/formats/feed.md): what a copy of a domain needs, walked by this server's own positions.
#include <algorithm>
#include <set>

#include "service/impl.h"
#include "service/sight.h"

namespace cm4it::service {
namespace {

using evidence::Statement;
using evidence::SubjectKind;
using evidence::Type;

struct Event { std::uint64_t position; StatementId id; };

// Whether, and since which of its statements, a subject is in view of a selector. Stateless: it asks what the fold said
// of the subject after each of its statements, so a subject once chosen stays followed.
class Selection {
 public:
  Selection(const ledger::Reader& reader, const policy::Selector& selector, std::string domain, Time now)
      : reader_(reader), selector_(selector), domain_(std::move(domain)), now_(now) {}

  struct View { bool chosen = false; StatementId since; };

  Result<View> of(const SubjectId& subject) {
    if (const auto known = views_.find(subject); known != views_.end()) return known->second;
    TRY(const auto facts, reader_.facts(subject));
    View view;
    if (always_along(facts)) {
      view = {true, {}};
    } else {
      policy::Facts growing = facts;
      growing.about.clear();
      for (const auto& fact : facts.about) {  // in the order they came here
        growing.about.push_back(fact);
        if (!decides(fact.statement.kind())) continue;
        const auto verdict = policy::fold(growing, reader_.policies(), domain_, now_);
        if (!selector_.matches(verdict.values)) continue;
        view = {true, fact.statement.id};
        break;
      }
    }
    return views_.emplace(subject, view).first->second;
  }

 private:
  // Can a statement of this kind change a value that the selector asks for.
  bool decides(Kind kind) const {
    switch (kind) {
      case Kind::status: return selector_.globs.contains(policy::Field::status);
      case Kind::endorse: return selector_.globs.contains(policy::Field::label);
      case Kind::assign: return selector_.globs.contains(policy::Field::cloud);
      default: return true;
    }
  }

  // Everything said about parties, servers and models.
  static bool always_along(const policy::Facts& facts) {
    if (facts.subject.kind == SubjectKind::model) return true;
    return std::any_of(facts.about.begin(), facts.about.end(), [](const policy::Fact& fact) {
      const auto* identity = std::get_if<evidence::Identity>(&fact.statement.body);
      return fact.statement.kind() == Kind::policy ||
             (identity && (identity->type == Type::party || identity->type == Type::server));
    });
  }

  const ledger::Reader& reader_;
  const policy::Selector& selector_;
  const std::string domain_;
  const Time now_;
  std::map<SubjectId, View> views_;
};

class Feed {
 public:
  Feed(const Service& service, const ledger::Reader& reader, const FeedRequest& request, const Principal& who,
       policy::Selector selector)
      : service_(service), reader_(reader), request_(request), who_(who), selector_(std::move(selector)),
        selection_(reader, selector_, request.domain, service.now()), walked_from_(journal_position(request.from)),
        skip_(request.from & ((std::uint64_t{1} << feed_skip_bits) - 1)) {}

  Result<FeedPage> page() {
    page_.domain = request_.domain;
    domains_ = {request_.domain};
    if (const auto* descriptor = reader_.policies().newest(request_.domain))
      for (auto& referenced : descriptor->referenced()) domains_.push_back(std::move(referenced));
    TRY(const bool through, walk());
    if (through) {
      page_.next = std::max(request_.from, reader_.published().next << feed_skip_bits);
      CHECK_OK(add_heads());
    }
    page_.more = !through;
    return std::move(page_);
  }

 private:
  static constexpr std::size_t most_examined = 5000;
  struct Item { StatementId id; bool backfill; };

  bool full() const { return page_.records.size() >= budget::feed_records || bytes_ >= budget::feed_bytes; }

  // True: to the end. Else page_.next says where the next page goes on.
  Result<bool> walk() {
    page_.next = request_.from;
    if (walked_from_ == 0) {
      TRY(const auto policies, all_policies());
      TRY(const bool through, add_all(0, policies));
      if (!through) return false;
    }
    TRY(const auto events, next_events());
    for (const Event& event : events) {
      TRY(const auto items, items_of(event));
      TRY(const bool through, add_all(event.position, items));
      if (!through) return false;
    }
    return !truncated_;
  }

  // What belongs to one position, from where the page before had to end. False: the page is full.
  Result<bool> add_all(std::uint64_t position, const std::vector<Item>& items) {
    for (std::size_t i = position == walked_from_ ? skip_ : 0; i < items.size(); ++i) {
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

  // Events of all the domains, merged by position; those beyond what every domain was walked to are left for next time.
  Result<std::vector<Event>> next_events() {
    std::vector<Event> events;
    std::uint64_t walked_to = reader_.published().next;
    for (const auto& domain : domains_) {
      std::size_t count = 0;
      CHECK_OK(reader_.in_domain(domain, walked_from_, [&](std::uint64_t position, const StatementId& id) {
        if (count == most_examined) {
          walked_to = std::min(walked_to, position);
          truncated_ = true;
          return false;
        }
        ++count;
        events.push_back({position, id});
        return true;
      }));
    }
    std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.position < b.position; });
    events.erase(std::unique(events.begin(), events.end(),
                             [](const Event& a, const Event& b) { return a.position == b.position; }),
                 events.end());
    std::erase_if(events, [&](const Event& event) { return event.position >= walked_to; });
    return events;
  }

  // The event's statement, if its subject is in view; before it, where the subject came into view by it, what was said of
  // the subject earlier, and was passed over then.
  Result<std::vector<Item>> items_of(const Event& event) {
    std::vector<Item> items;
    if (selector_.globs.empty()) return std::vector<Item>{{event.id, false}};
    TRY(const auto record, reader_.record(event.id));
    if (!record) return fail(Code::internal, "journal: an entry is missing", "run `ics rebuild`");
    TRY(const auto statements, evidence::statements_of_kept(record->format, record->evidence, record->issuer, record->id));
    bool chosen = false;
    for (const Statement& statement : statements) {
      TRY(const auto view, selection_.of(statement.subject));
      chosen |= view.chosen;
      if (!view.chosen || view.since != event.id || walked_from_ == 0) continue;
      CHECK_OK(reader_.of_subject(statement.subject, [&](std::uint64_t position, const StatementId& id) {
        if (position < event.position) items.push_back({id, true});
        return position < event.position;
      }));
    }
    if (chosen) items.push_back({event.id, false});
    return items;
  }

  Result<void> add(const Item& item) {
    if (!sent_.insert(item.id).second) return {};
    TRY(auto record, reader_.record(item.id));
    if (!record) return fail(Code::internal, "journal: an entry is missing", "run `ics rebuild`");
    TRY(auto receipts, reader_.receipts(item.id));
    TRY(const bool shown, may_be_read(*record, receipts));
    if (!shown) return {};
    bytes_ += record->evidence.size() + 64;
    for (const auto& [domain, cose] : receipts) bytes_ += cose.size();
    page_.records.push_back({record->format, std::move(record->evidence), record->issuer, std::move(receipts), item.backfill});
    return {};
  }

  // [read] of the domain asked and, for what was said in other domains, of one of those.
  Result<bool> may_be_read(const ledger::Record& record, const std::vector<std::pair<std::string, Bytes>>& receipts) {
    TRY(const auto statements, evidence::statements_of_kept(record.format, record.evidence, record.issuer, record.id));
    for (const Statement& statement : statements) {
      std::vector<std::string> domains = statement.domains;
      if (domains.empty() && !record.made_in.empty()) domains.push_back(record.made_in);
      if (domains.empty())
        for (const auto& [domain, cose] : receipts) domains.push_back(domain);
      TRY(bool shown, reads(request_.domain, statement));
      if (shown && !domains.empty() && std::find(domains.begin(), domains.end(), request_.domain) == domains.end()) {
        shown = false;
        for (const auto& domain : domains) {
          TRY(const bool there, reads(domain, statement));
          shown |= there;
        }
      }
      if (!shown) return false;
    }
    return true;
  }

  Result<bool> reads(const std::string& domain, const Statement& statement) {
    // Who may read a kind without being the holder or the subject may read all of it: asked once a page.
    auto& open = open_[{domain, statement.kind()}];
    if (!open) open = service_.may_read(reader_.policies(), domain, statement.kind(), {}, who_);
    if (*open || !who_) return *open;
    TRY(const auto facts, reader_.facts(statement.subject));
    return Sight(service_, reader_.policies(), facts, domain, who_).reads(domain, statement.kind());
  }

  Result<void> add_heads() {
    for (const auto& domain : domains_)
      if (reader_.published().own_heads.contains(domain)) {
        auto note = reader_.checkpoint(domain);
        if (note) page_.heads.push_back({domain, reader_.published().own_heads.at(domain).origin, std::move(*note)});
      }
    TRY(auto foreign, reader_.foreign_heads());
    for (auto& head : foreign)
      if (std::find(domains_.begin(), domains_.end(), head.domain) != domains_.end())
        page_.heads.push_back({std::move(head.domain), std::move(head.origin), std::move(head.note)});
    return {};
  }

  const Service& service_;
  const ledger::Reader& reader_;
  const FeedRequest& request_;
  const Principal& who_;
  const policy::Selector selector_;
  Selection selection_;
  const std::uint64_t walked_from_;  // the journal's position
  const std::size_t skip_;           // of the first position's records, a page before had them
  std::vector<std::string> domains_;
  std::set<StatementId> sent_;
  std::map<std::pair<std::string, Kind>, std::optional<bool>> open_;
  std::size_t bytes_ = 0;
  bool truncated_ = false;
  FeedPage page_;
};

}  // namespace

Result<FeedPage> Service::feed(const FeedRequest& given, const Principal& who) const {
  FeedRequest request = given;
  request.domain = impl_->domain_or_default(given.domain);
  TRY(const auto reader, impl_->ledger->reader());
  CHECK_OK(impl_->check_kept(reader.published(), request.domain));
  if (journal_position(request.from) > reader.published().next) request.from = 0;  // never given here: the store is another
  policy::Selector selector = request.select.value_or(policy::Selector{});
  // A server that the policy lists gets what the policy says it holds, whatever it asks.
  if (const auto* descriptor = reader.policies().newest(request.domain); descriptor && who)
    if (const auto* server = descriptor->server_with_key(*who); server && !server->home && server->select)
      selector = *server->select;
  return Feed(*this, reader, request, who, selector.resolved(request.domain)).page();
}

}  // namespace cm4it::service
