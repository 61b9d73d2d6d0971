#include "apps/ics/say.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "apps/ics/arguments.h"
#include "apps/ics/chains.h"
#include "apps/ics/files.h"
#include "apps/ics/json.h"
#include "base/budgets.h"
#include "base/text.h"

namespace cm4it::ics {
namespace {

constexpr std::size_t most_counted = 20;  // statements of a batch of which it is asked whether they count

using evidence::Kind;
using evidence::SubjectId;

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
  for (const auto& membership : policies.roles_of(domain, issuer, evidence::native_format))
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
    const auto parsed = parse_when(option, text, now);
    if (!parsed) return context.misuse(parsed.error().message, parsed.error().detail);
    to = *parsed;
    return {};
  };
  CHECK_OK(when("--not-before", options.not_before, speaker.not_before_));
  CHECK_OK(when("--expires", options.expires, speaker.expires_));
  CHECK_OK(when("--issued-at", options.issued_at, speaker.issued_at_));
  TRY(speaker.domain_, context.own_domain());
  TRY(speaker.api_, context.api());
  auto policies = policies_at(*speaker.api_, {speaker.domain_});
  // With --domain they are only needed to say in which roles the key signs.
  if (!policies && context.options.domains.empty()) return tl::unexpected(std::move(policies).error());
  if (policies) speaker.policies_ = std::move(*policies);
  return speaker;
}

Result<Background> Speaker::background(const SubjectId& subject) const {
  return background_of(*api_, subject, domain_, key_->public_key().id());
}

std::vector<std::string> Speaker::labels_asked_for() const {
  std::vector<std::string> asked;
  if (const auto* policy = policies_.newest(domain_))
    for (const auto& [type, admit] : policy->admit)
      for (const auto& [role, labels] : admit.endorsed_by)
        for (const auto& label : labels) add_once(asked, label);
  return asked;
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
  drafts_.push_back(std::move(draft));
  return {};
}

Result<void> Speaker::confirm(const std::string& question) const {
  const auto& options = context_.options;
  if (!context_.console.interactive || options.yes || options.dry_run) return {};
  TRY(const bool agreed, context_.console.ask(question, "--yes"));
  if (!agreed) return fail(Code::not_permitted, "nothing was signed");
  return {};
}

// "acme.example/volta (integrator)"
std::string Speaker::signed_by() const {
  const auto id = key_->public_key().id();
  const auto name = policies_.name_of(id);
  std::string roles;
  for (const auto& membership : policies_.roles_of(domain_, id, evidence::native_format)) {
    const bool over = membership.until && *membership.until <= context_.clock();
    roles += (roles.empty() ? "" : ", ") + membership.role + (over ? " until " + to_rfc3339(*membership.until) : "");
  }
  return (name.empty() ? id.text() : name) + (roles.empty() ? ", which plays no role in " + domain_ : " (" + roles + ")");
}

int Speaker::show_drafts() const {
  json::array shown;
  Table table({"SUBJECT", "KIND", "DOMAINS"});
  for (const auto& draft : drafts_) {
    const std::string kind = evidence::to_string(static_cast<Kind>(draft.body.index() + 1));
    table.add({draft.subject.text(), kind, joined(draft.domains)});
    shown.push_back({{"subject", draft.subject.text()}, {"kind", kind}, {"domains", json::array(draft.domains.begin(), draft.domains.end())}});
  }
  if (context_.options.json) context_.print_json(json::object{{"items", std::move(shown)}, {"signer", key_->public_key().id().text()}});
  else table.print(context_.console);
  context_.console.note("nothing was signed (--dry-run); the signer would be " + signed_by());
  return exit_yes;
}

// A statement that is received before its date was said when it was received (docs/verdict.md): of two statuses of one second the
// worse would count. So what is dated later than our last waits for its second.
void Speaker::await_dates() const {
  constexpr Seconds longest = 3;
  Seconds ahead = 0;
  for (const auto& draft : drafts_)
    if (std::holds_alternative<evidence::StatusChange>(draft.body) && !issued_at_) ahead = std::max(ahead, draft.issued_at - context_.clock());
  if (ahead > 0 && ahead <= longest) std::this_thread::sleep_for(std::chrono::seconds(ahead));
}

Result<int> Speaker::submit() {
  if (context_.options.dry_run) return show_drafts();
  await_dates();
  std::vector<evidence::Piece> pieces;
  std::vector<std::string> subjects;
  for (const auto& draft : drafts_) {
    TRY(auto bytes, evidence::sign(draft, *key_, chain_));
    pieces.push_back({evidence::native_format, std::move(bytes)});
    subjects.push_back(draft.subject.text());
  }
  TRY(const auto items, api_->submit(pieces, domain_));
  std::map<std::size_t, Counted> counts;
  for (std::size_t i = 0; i < items.size() && i < most_counted; ++i)
    if (items[i].entered())
      if (auto found = counted(*api_, subjects[i], items[i].statement, domain_)) counts[i] = std::move(*found);
  const int code = report(context_, "subject", subjects, items, counts);
  const bool any = std::any_of(items.begin(), items.end(), [](const auto& item) { return item.entered(); });
  if (any && !context_.options.json) context_.console.note("signed by " + signed_by());
  return code;
}

}  // namespace cm4it::ics
