#include "service/selection.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/text.h"

namespace cm4it::service {
namespace {

using evidence::Kind;
using evidence::StatementId;
using evidence::SubjectId;
using policy::Fact;
using policy::Facts;
using policy::Field;

constexpr std::size_t most_epochs = 64;  // earlier ones are as one
constexpr int most_changes = 64;         // by the clock alone, between two events

// Everything said about parties, servers and models: from which of its statements on.
std::size_t always_along(const Facts& facts) {
  if (facts.subject.kind == evidence::SubjectKind::model) return 0;
  const auto first = std::find_if(facts.about.begin(), facts.about.end(), [](const Fact& fact) {
    const auto* identity = std::get_if<evidence::Identity>(&fact.statement.body);
    return fact.statement.kind() == Kind::policy ||
           (identity && (identity->type == evidence::Type::party || identity->type == evidence::Type::server));
  });
  return static_cast<std::size_t>(first - facts.about.begin());
}

// When it came here; a receipt may be by a clock that is a little ahead.
Time arrival_of(const Fact& fact) {
  Time time = fact.first_seen;
  for (const auto& receipt : fact.receipts) time = std::max(time, receipt.time);
  return time;
}

// A value that this statement would give to a field, whether or not it counts.
bool could_give(const Fact& fact, Field field, const std::vector<std::string>& globs) {
  const auto any = [&](std::string_view value) {
    return std::any_of(globs.begin(), globs.end(), [&](const auto& glob) { return policy::glob_matches(glob, value); });
  };
  const auto& body = fact.statement.body;
  if (const auto* identity = std::get_if<evidence::Identity>(&body)) {
    switch (field) {
      case Field::type: return any(evidence::to_string(identity->type));
      case Field::name: return any(identity->name);
      case Field::maker: return any(identity->maker);
      case Field::model: return any(identity->model);
      case Field::serial: return any(identity->serial);
      case Field::version: return any(identity->version);
      case Field::holder: return std::any_of(fact.domains.begin(), fact.domains.end(), any);
      default: return false;
    }
  }
  if (const auto* transfer = std::get_if<evidence::Transfer>(&body)) return field == Field::holder && any(transfer->domain);
  if (const auto* assign = std::get_if<evidence::Assign>(&body)) return field == Field::cloud && any(assign->cloud);
  if (const auto* endorse = std::get_if<evidence::Endorse>(&body)) return field == Field::label && any(endorse->label);
  if (const auto* status = std::get_if<evidence::StatusChange>(&body))
    return field == Field::status && any(evidence::to_string(status->status));
  return false;
}

}  // namespace

// The state while going along the events of one subject.
struct Selection::Progress {
  Time at;                           // of the last fold
  Time next_change = Time::never();  // by the clock, after it
  std::size_t folded = 0;
};

Selection::Selection(const ledger::Reader& reader, const PolicyArrivals& arrivals, const policy::Selectors& selectors,
                     std::vector<std::string> domains, Time now)
    : reader_(reader), selectors_(selectors), domains_(std::move(domains)), now_(now) {
  for (const auto& arrival : arrivals)
    if (contains(domains_, arrival.domain)) epochs_.push_back(arrival);
  if (epochs_.size() > most_epochs) epochs_.erase(epochs_.begin(), epochs_.end() - most_epochs);
}

Result<const Selection::View*> Selection::view_of(const SubjectId& subject) {
  if (const auto known = views_.find(subject); known != views_.end()) return &known->second;
  TRY(const auto facts, reader_.facts(subject));
  ++spent_;
  std::size_t first = always_along(facts);
  if (first >= facts.about.size()) {
    TRY(first, first_in_view(facts));
  }
  View view;
  view.chosen = first != never;
  if (view.chosen)
    for (std::size_t i = 0; i <= first && i < facts.about.size(); ++i) view.passed_over.insert(facts.about[i].statement.id);
  return &views_.emplace(subject, std::move(view)).first->second;
}

// Whether a statement of this kind can change a value that a selector uses.
bool Selection::decides(Kind kind) const {
  switch (kind) {
    case Kind::status: return selectors_.names(Field::status);
    case Kind::endorse: return selectors_.names(Field::label);
    case Kind::assign: return selectors_.names(Field::cloud);
    default: return true;
  }
}

// Most subjects cannot match at all, and this tells so without a fold.
bool Selection::could_match(const Facts& facts) const {
  return selectors_.everything() ||
         std::any_of(selectors_.any_of.begin(), selectors_.any_of.end(), [&](const auto& one) { return could_match(facts, one); });
}

bool Selection::could_match(const Facts& facts, const policy::Selector& selector) {
  return std::all_of(selector.globs.begin(), selector.globs.end(), [&](const auto& named) {
    const auto& [field, globs] = named;
    if (field == Field::id)
      return std::any_of(globs.begin(), globs.end(), [&](const auto& glob) { return policy::glob_matches(glob, facts.subject.text()); });
    const auto given = [&, field = field, &globs = globs](const std::vector<Fact>& about) {
      return std::any_of(about.begin(), about.end(), [&](const Fact& fact) { return could_give(fact, field, globs); });
    };
    return given(facts.about) || std::any_of(facts.models.begin(), facts.models.end(), [&](const auto& model) { return given(model.second); });
  });
}

bool Selection::matches(const Facts& facts, const policy::Policies& policies, Time at, Progress& progress) {
  std::size_t statements = facts.about.size() + 1;
  for (const auto& [model, about] : facts.models) statements += about.size();
  progress.folded += statements;
  spent_ += statements;
  progress.at = at;
  const auto verdict = policy::fold(facts, policies, domains_[0], at);
  progress.next_change = verdict.valid_until > at ? verdict.valid_until : Time::never();
  return selectors_.matches(verdict.values);
}

// Whether the clock alone made it match before `until`.
bool Selection::matches_until(const Facts& facts, const policy::Policies& policies, Time until, Progress& progress) {
  for (int changes = 0; progress.next_change < until && changes < most_changes; ++changes)
    if (matches(facts, policies, progress.next_change, progress)) return true;
  return false;
}

// The policies as they were before version `epoch` of epochs_ came. Other domains' are taken as they are now.
const policy::Policies& Selection::policies_before(std::size_t epoch) {
  if (epoch == epochs_.size()) return reader_.policies();
  if (const auto known = earlier_.find(epoch); known != earlier_.end()) return known->second;
  std::set<StatementId> later;
  for (std::size_t i = epoch; i < epochs_.size(); ++i) later.insert(epochs_[i].id);
  std::vector<policy::SignedDescriptor> descriptors;
  const auto pins = reader_.policies().pins();
  for (const auto& [domain, first] : reader_.policies().chains())
    for (const auto* chain : reader_.policies().chains_of(domain))
      for (const auto& version : chain->versions)
        if (!later.contains(version.statement)) descriptors.push_back(version);
  spent_ += descriptors.size();
  return earlier_.emplace(epoch, policy::Policies::assemble(descriptors, pins)).first->second;
}

// The first of its statements that found the subject in view when it came; their number: it came into view since. A history
// that is too long to be gone through in full is in view from there on: more is sent than was asked for, and nothing missed.
Result<std::size_t> Selection::first_in_view(const Facts& facts) {
  if (!could_match(facts)) return never;
  std::map<StatementId, std::uint64_t> places;
  CHECK_OK(reader_.of_subject(facts.subject, [&](std::uint64_t position, const StatementId& id) {
    places.emplace(id, position);
    return true;
  }));
  Facts growing = facts;
  growing.about.clear();
  Progress progress;
  std::size_t epoch = 0;
  const auto policies_until = [&](std::uint64_t position) {  // each version that came before is a moment of its own
    for (; epoch < epochs_.size() && epochs_[epoch].position < position; ++epoch) {
      if (growing.about.empty()) continue;
      const Time then = std::max(progress.at, epochs_[epoch].arrived_at);
      if (matches_until(growing, policies_before(epoch), then, progress) || matches(growing, policies_before(epoch + 1), then, progress)) return true;
    }
    return false;
  };
  for (std::size_t i = 0; i < facts.about.size(); ++i) {
    if (progress.folded > budget::feed_folded_of_one) return i;
    if (policies_until(places[facts.about[i].statement.id])) return i;
    const Time then = std::min(now_, std::max(progress.at, arrival_of(facts.about[i])));
    if (!growing.about.empty() && matches_until(growing, policies_before(epoch), then, progress)) return i;
    growing.about.push_back(facts.about[i]);
    if (decides(facts.about[i].statement.kind()) && matches(growing, policies_before(epoch), then, progress)) return i;
  }
  if (policies_until(~std::uint64_t{0})) return facts.about.size();
  if (matches_until(growing, reader_.policies(), now_, progress) || matches(growing, reader_.policies(), now_, progress)) return facts.about.size();
  return never;
}

}  // namespace cm4it::service
