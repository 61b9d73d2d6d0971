#include "apps/ics/say.h"

#include <algorithm>

#include "apps/ics/arguments.h"
#include "apps/ics/chains.h"
#include "apps/ics/files.h"
#include "apps/ics/json.h"
#include "base/budgets.h"

namespace cm4it::ics {
namespace {

using evidence::Kind;
using evidence::SubjectId;

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

void add_once(std::vector<std::string>& list, const std::string& item) {
  if (!contains(list, item)) list.push_back(item);
}

void add_statement(Background& background, const json::object& statement, const KeyId& issuer) {
  const auto kind = evidence::parse_kind(text_at(statement, "kind"));
  if (!kind) return;
  if (*kind == Kind::identity && flag_at(statement, "counts"))
    for (const auto& domain : texts_at(statement, "domains")) add_once(background.identified_in, domain);
  if (text_at(statement, "issuer") != issuer.text()) return;
  background.own.push_back({text_at(statement, "statement"), *kind, texts_at(statement, "domains")});
  const auto issued = from_rfc3339(text_at(statement, "issued_at"));
  if (!issued) return;
  auto& newest = background.newest.try_emplace(*kind, *issued).first->second;
  newest = std::max(newest, *issued);
}

json::object item_json(const std::string& head, const std::string& label, const Submitted& item) {
  json::object shown{{head, label}, {"result", item.outcome == Submitted::Outcome::received      ? "received"
                                               : item.outcome == Submitted::Outcome::provisional ? "provisional"
                                               : item.outcome == Submitted::Outcome::not_yet     ? "not-yet"
                                                                                                 : "refused"}};
  if (!item.statement.empty()) shown["statement"] = item.statement;
  if (!item.entered()) {
    shown["error"] = {{"title", to_string(item.error.code)}, {"detail", item.error.message}, {"hint", item.error.detail}};
    return shown;
  }
  shown["new"] = item.is_new;
  json::array received;
  for (const auto& place : item.received)
    received.push_back({{"domain", place.domain}, {"index", place.index}, {"time", place.time}});
  shown["received"] = std::move(received);
  shown["forwarded_to"] = json::array(item.forwarded_to.begin(), item.forwarded_to.end());
  if (!item.not_taken.empty()) {
    json::array not_taken;
    for (const auto& [domain, why] : item.not_taken) not_taken.push_back({{"domain", domain}, {"why", why}});
    shown["not_taken"] = std::move(not_taken);
  }
  return shown;
}

// The certificates in a file, as they stand: the key's own first.
Result<std::vector<crypto::Certificate>> read_chain(const std::string& path) {
  std::vector<crypto::Certificate> chain;
  if (path.empty()) return chain;
  TRY(const auto contents, read_file(path, budget::http_body_bytes));
  auto pieces = evidence::split("application/pem-certificate-chain", view(contents));
  if (!pieces) return within("--chain: " + path, std::move(pieces).error());
  for (const auto& piece : *pieces) {
    auto certificate = crypto::Certificate::from_der(piece.bytes);
    if (!certificate) return within("--chain: " + path + ": certificate " + std::to_string(chain.size() + 1), std::move(certificate).error());
    chain.push_back(std::move(*certificate));
  }
  return chain;
}

}  // namespace

Result<Background> background_of(const Api& api, const SubjectId& subject, const std::string& domain, const KeyId& issuer) {
  Background background;
  if (subject.kind == evidence::SubjectKind::model)
    background.identified_in.push_back(subject.model.substr(0, subject.model.find('/')));
  const auto history = api.get_json(target({"v1", "subjects", subject.text(), "history"}, {{"domain", domain}}));
  // A subject, or a domain, that the server does not keep: nothing is known then.
  if (!history && (history.error().code == Code::not_found || history.error().code == Code::misdirected)) return background;
  if (!history) return tl::unexpected(history.error());
  for (const auto& statement : array_at(*history, "statements"))
    if (statement.is_object()) add_statement(background, statement.get_object(), issuer);
  TRY(const auto summary, api.get_json(target({"v1", "subjects", subject.text()}, {{"domain", domain}})));
  background.holder = text_at(summary, "holder");
  if (background.holder == "contradiction") background.holder.clear();
  return background;
}

bool may_speak(const policy::Policies& policies, const std::string& domain, Kind kind, const KeyId& issuer,
               const std::string& holder, Time now) {
  const auto over = [now](const std::optional<Time>& until) { return until && *until <= now; };
  const auto* descriptor = policies.newest(domain);
  if (!descriptor) return false;
  const auto allowed = descriptor->write.find(kind);
  if (allowed == descriptor->write.end()) return false;
  for (const auto& membership : policies.roles_of(domain, issuer, evidence::Format::cose))
    if (!over(membership.until) && contains(allowed->second, membership.role)) return true;
  if (!contains(allowed->second, "holder") || holder.empty()) return false;
  const auto voice = policies.speaks_for(holder, issuer);
  return voice.speaks && !over(voice.until);
}

std::vector<std::string> default_domains(const std::string& own, const Background& background,
                                         const policy::Policies& policies, Kind kind, const KeyId& issuer, Time now) {
  std::vector<std::string> domains{own};
  for (const auto& domain : background.identified_in)
    if (domains.size() < budget::statement_domains && !contains(domains, domain) &&
        may_speak(policies, domain, kind, issuer, background.holder, now))
      domains.push_back(domain);
  return domains;
}

Result<Speaker> Speaker::start(Context& context, const SayOptions& options) {
  Speaker speaker(context);
  TRY(speaker.key_, context.signer());
  TRY(speaker.chain_, read_chain(options.chain));
  const Time now = context.clock();
  const auto when = [&](const char* option, const std::string& text, std::optional<Time>& to) -> Result<void> {
    if (text.empty()) return {};
    TRY(to, parse_when(option, text, now));
    return {};
  };
  CHECK_OK(when("--not-before", options.not_before, speaker.not_before_));
  CHECK_OK(when("--expires", options.expires, speaker.expires_));
  CHECK_OK(when("--issued-at", options.issued_at, speaker.issued_at_));
  TRY(speaker.domain_, context.own_domain());
  TRY(speaker.api_, context.api());
  if (context.options.domains.empty()) {
    TRY(speaker.policies_, policies_at(*speaker.api_, {speaker.domain_}));
  }
  return speaker;
}

Result<Background> Speaker::background(const SubjectId& subject) const {
  return background_of(*api_, subject, domain_, key_->public_key().id());
}

Result<void> Speaker::add(const SubjectId& subject, evidence::Body body, std::vector<std::string> domains) {
  const Kind kind = static_cast<Kind>(body.index() + 1);
  const KeyId issuer = key_->public_key().id();
  TRY(const auto known, background(subject));
  if (domains.empty()) domains = context_.options.domains;
  if (domains.empty()) {
    // Whose domain's policy is needed to know for whom we speak.
    if (!known.holder.empty() && !policies_.newest(known.holder)) {
      TRY(policies_, policies_at(*api_, {domain_, known.holder}));
    }
    domains = kind == Kind::identity ? std::vector{domain_} : default_domains(domain_, known, policies_, kind, issuer, context_.clock());
  }
  evidence::Draft draft{subject, std::move(domains), std::move(body), context_.clock(), not_before_, expires_};
  // Of statements of one second the worse status counts: ours is dated later than our last, so that it takes its place.
  if (const auto newest = known.newest.find(kind); newest != known.newest.end())
    draft.issued_at = std::max(draft.issued_at, newest->second + 1);
  if (issued_at_) draft.issued_at = *issued_at_;
  TRY(auto bytes, evidence::sign(draft, *key_, chain_));
  pieces_.push_back({evidence::Format::cose, std::move(bytes)});
  subjects_.push_back(subject.text());
  return {};
}

Result<int> Speaker::submit() {
  TRY(const auto items, api_->submit(pieces_, domain_));
  return report(context_, "subject", subjects_, items);
}

int report(const Context& context, const std::string& head, const std::vector<std::string>& labels,
           const std::vector<Submitted>& items) {
  const bool all = std::all_of(items.begin(), items.end(), [](const auto& item) { return item.entered(); });
  if (context.options.json) {
    json::array shown;
    for (std::size_t i = 0; i < items.size(); ++i) shown.push_back(item_json(head, labels[i], items[i]));
    context.print_json(json::object{{"items", std::move(shown)}});
  } else {
    std::string title = head;
    std::transform(title.begin(), title.end(), title.begin(), [](unsigned char c) { return std::toupper(c); });
    Table table({title, "STATEMENT", "RESULT"});
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Tone tone = !items[i].entered() ? Tone::bad : items[i].received.empty() ? Tone::warn : Tone::good;
      const bool alone = items.size() == 1;
      table.add({head == "subject" && !alone ? short_id(labels[i]) : labels[i],
                 items[i].statement.empty() ? "-" : alone ? items[i].statement : short_id(items[i].statement),
                 {items[i].text(), tone}});
    }
    table.print(context.console);
  }
  std::string last;
  for (const auto& item : items)
    if (!item.entered() && !item.error.detail.empty() && item.error.detail != last)
      context.console.note("  → " + (last = item.error.detail));
  return all ? exit_yes : exit_failed;
}

}  // namespace cm4it::ics
