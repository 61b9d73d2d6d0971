// The feed (docs/formats/feed.md): what a copy of a domain needs, walked by this server's own positions.
#include <algorithm>
#include <set>

#include "service/impl.h"

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
        const auto verdict = policy::fold(growing, reader_.policies(), domain_, now_);
        if (!selector_.matches(verdict.values)) continue;
        view = {true, fact.statement.id};
        break;
      }
    }
    return views_.emplace(subject, view).first->second;
  }

 private:
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
        selection_(reader, selector_, request.domain, service.now()) {}

  Result<FeedPage> page() {
    page_.domain = request_.domain;
    domains_ = {request_.domain};
    if (const auto* descriptor = reader_.policies().newest(request_.domain))
      for (auto& referenced : descriptor->referenced()) domains_.push_back(std::move(referenced));
    if (request_.from == 0) CHECK_OK(policies_first());
    TRY(const auto events, next_events());
    for (const Event& event : events) {
      if (full()) {
        page_.next = event.position;
        page_.more = true;
        return std::move(page_);
      }
      CHECK_OK(take(event));
      page_.next = event.position + 1;
    }
    page_.more = truncated_;
    if (!page_.more) {
      page_.next = std::max(request_.from, reader_.published().next);
      CHECK_OK(add_heads());
    } else if (events.empty()) {
      page_.next = request_.from;
    }
    return std::move(page_);
  }

 private:
  static constexpr std::size_t most_examined = 5000;

  bool full() const { return page_.records.size() >= budget::feed_records || bytes_ >= budget::feed_bytes; }

  Result<void> policies_first() {
    for (const auto& domain : domains_) {
      TRY(const auto descriptors, reader_.descriptors(domain));
      for (const auto& [version, id] : descriptors) CHECK_OK(add(id, false));
    }
    return {};
  }

  // Events of all the domains, merged by position; those beyond what every domain was walked to are left for next time.
  Result<std::vector<Event>> next_events() {
    std::vector<Event> events;
    std::uint64_t walked_to = reader_.published().next;
    for (const auto& domain : domains_) {
      std::size_t count = 0;
      CHECK_OK(reader_.in_domain(domain, request_.from, [&](std::uint64_t position, const StatementId& id) {
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

  Result<void> take(const Event& event) {
    if (selector_.globs.empty()) return add(event.id, false);
    TRY(const auto record, reader_.record(event.id));
    if (!record) return fail(Code::internal, "journal: an entry is missing", "run `ics rebuild`");
    TRY(const auto statements, evidence::statements_of_kept(record->format, record->evidence, record->issuer));
    for (const Statement& statement : statements) {
      TRY(const auto view, selection_.of(statement.subject));
      if (!view.chosen) continue;
      if (view.since == event.id && request_.from > 0) CHECK_OK(backfill(statement.subject, event.position));
      CHECK_OK(add(event.id, false));
    }
    return {};
  }

  // The subject came into view with this event: what was said of it before, and was passed over then.
  Result<void> backfill(const SubjectId& subject, std::uint64_t before) {
    std::vector<StatementId> earlier;
    CHECK_OK(reader_.of_subject(subject, [&](std::uint64_t position, const StatementId& id) {
      if (position < before) earlier.push_back(id);
      return position < before;
    }));
    for (const auto& id : earlier) CHECK_OK(add(id, true));
    return {};
  }

  Result<void> add(const StatementId& id, bool backfill) {
    if (!sent_.insert(id).second) return {};
    TRY(auto record, reader_.record(id));
    if (!record) return fail(Code::internal, "journal: an entry is missing", "run `ics rebuild`");
    TRY(const bool shown, may_be_read(*record));
    if (!shown) return {};
    TRY(auto receipts, reader_.receipts(id));
    bytes_ += record->evidence.size() + 64;
    for (const auto& [domain, cose] : receipts) bytes_ += cose.size();
    page_.records.push_back({record->format, std::move(record->evidence), record->issuer, std::move(receipts), backfill});
    return {};
  }

  Result<bool> may_be_read(const ledger::Record& record) {
    TRY(const auto statements, evidence::statements_of_kept(record.format, record.evidence, record.issuer));
    for (const Statement& statement : statements) {
      if (open_[static_cast<std::size_t>(statement.kind())]) continue;
      // Who may read a kind without being the holder may read all of it: asked once a page.
      if (service_.may_read(reader_.policies(), request_.domain, statement.kind(), {}, who_)) {
        open_[static_cast<std::size_t>(statement.kind())] = true;
        continue;
      }
      TRY(const auto facts, reader_.facts(statement.subject));
      const auto holder = policy::holder_of(facts, reader_.policies(), request_.domain, service_.now());
      if (!service_.may_read(reader_.policies(), request_.domain, statement.kind(), holder.domain, who_)) return false;
    }
    return true;
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
  std::vector<std::string> domains_;
  std::set<StatementId> sent_;
  std::array<bool, 8> open_{};
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
  policy::Selector selector = request.select.value_or(policy::Selector{});
  // A server that the policy lists gets what the policy says it holds, whatever it asks.
  if (const auto* descriptor = reader.policies().newest(request.domain); descriptor && who)
    if (const auto* server = descriptor->server_with_key(*who); server && !server->home && server->select)
      selector = *server->select;
  return Feed(*this, reader, request, who, selector.resolved(request.domain)).page();
}

}  // namespace cm4it::service
