#include "apps/ics/own_policy.h"

#include <algorithm>

#include "apps/ics/chains.h"
#include "apps/ics/files.h"
#include "apps/ics/json.h"
#include "apps/ics/say.h"
#include "base/budgets.h"

namespace cm4it::ics {
namespace {

const policy::Pin* pin_of(const Directory& directory) {
  for (const auto& pin : directory.config().pins)
    if (pin.domain == directory.config().domain) return &pin;
  return nullptr;
}

// The evidence of the versions that count, in their order.
Result<std::vector<Bytes>> versions_of(const policy::Chain& chain, const std::vector<Bytes>& evidence) {
  std::vector<Bytes> versions;
  for (const auto& version : chain.versions)
    for (const auto& bytes : evidence) {
      TRY(const auto decoded, evidence::decode(evidence::native_format, bytes));
      if (decoded.statements()[0].id != version.statement) continue;
      versions.push_back(bytes);
      break;
    }
  return versions;
}

// Nothing is edited on top of rivals: a person says which of them was meant, in the version after.
Result<void> check_fork(const policy::Chain& chain, const std::string& text_file, bool heals) {
  const std::string newest = std::to_string(chain.versions.size());
  if (chain.contested())
    return fail(Code::conflict, "there are two versions " + newest + " of the policy of " + chain.domain + ", and they name different owners: nobody can sign the next",
                "whoever pins the domain must pin its rightful owner anew, who begins again at version 1");
  if (!chain.forked || heals) return {};
  const std::string next = std::to_string(chain.versions.size() + 1);
  return fail(Code::conflict, "there are two versions " + newest + " of the policy of " + chain.domain,
              "write the one that is meant as version " + next + " to " + text_file + ", then: ics policy sign " + text_file);
}

}  // namespace

Result<OwnPolicy> OwnPolicy::load(Context& context, const std::string& path, bool heals) {
  context.options.dir = path;
  TRY(auto directory, Directory::open(path));
  const std::string domain = directory.config().domain;
  if (!directory.is_home())
    return fail(Code::malformed, path + ": an infield ICS has no policy of its own", "its rules are those of " + domain + "; change them at its home");
  const auto* pin = pin_of(directory);
  if (!pin) return fail(Code::malformed, (directory.path() / "icsd.toml").string() + ": pin: none for " + domain);
  TRY(auto evidence, directory.evidence());
  if (const auto server = context.running_server(directory)) {
    TRY(auto fetched, server->policies(domain));
    std::move(fetched.begin(), fetched.end(), std::back_inserter(evidence));
  }
  TRY(auto chain, chain_of(domain, evidence, pin->owner));
  CHECK_OK(check_fork(chain, directory.policy_text().string(), heals));
  TRY(auto versions, versions_of(chain, evidence));
  TRY(auto edit, policy::DescriptorEdit::start(chain.newest()->text));
  return OwnPolicy(context, std::move(directory), std::move(chain), std::move(versions), std::move(edit));
}

Result<OwnPolicy> OwnPolicy::open(Context& context, const std::string& path) {
  TRY(auto own, load(context, path, false));
  const auto text = read_file(own.directory_.policy_text(), budget::descriptor_bytes);
  if (!text || *text == own.newest().text) return own;
  if (!own.is_a_version(*text))
    return fail(Code::conflict, own.directory_.policy_text().string() + ": changed, but not signed",
                "sign it first: ics policy sign " + own.directory_.policy_text().string());
  return own;
}

Result<OwnPolicy> OwnPolicy::open_to_sign(Context& context, const std::string& path, const std::string& text) {
  TRY(auto own, load(context, path, true));
  CHECK_OK(policy::parse_descriptor(text));
  TRY(own.edit_, policy::DescriptorEdit::start(text));
  const auto& wanted = own.edit_.descriptor();
  if (wanted.domain != own.newest().domain) return fail(Code::malformed, "domain: " + wanted.domain + ", but " + path + " is home of " + own.newest().domain);
  if (wanted.version != own.newest().version + 1)
    return fail(Code::malformed, "version: " + std::to_string(wanted.version) + ", but the newest signed is " + std::to_string(own.newest().version),
                "set version = " + std::to_string(own.newest().version + 1));
  return own;
}

bool OwnPolicy::is_a_version(const std::string& text) const {
  return std::any_of(chain_.versions.begin(), chain_.versions.end(), [&](const auto& version) { return version.descriptor->text == text; });
}

bool OwnPolicy::changed() const { return edit_.text() != newest().text; }

Result<void> OwnPolicy::confirm() const {
  const auto& console = context_->console;
  const auto& wanted = edit_.descriptor();
  if (!context_->options.json) {
    for (const auto& line : policy::diff(newest(), wanted))
      console.line(line, line[0] == '-' ? Tone::bad : line[0] == '+' ? Tone::good : Tone::warn);
    for (const auto& line : policy::advice(wanted)) console.line("! " + line, Tone::warn);
  }
  if (context_->options.yes || context_->options.dry_run) return {};
  TRY(const bool agreed, console.ask("Sign this as version " + std::to_string(wanted.version) + " of the policy of " + wanted.domain + "?", "--yes"));
  if (!agreed) return fail(Code::not_permitted, "not signed");
  return {};
}

Result<Bytes> OwnPolicy::sign_text() const {
  TRY(const auto key, context_->signer());
  if (key->public_key().id() != newest().owner)
    return fail(Code::not_permitted, "version " + std::to_string(edit_.descriptor().version) + " must be signed by " + newest().name_of(newest().owner) + ", " +
                newest().owner.text() + "; the key given is " + key->public_key().id().text(), "--key FILE");
  const auto subject = evidence::SubjectId::key(edit_.descriptor().owner);
  return evidence::sign({subject, {edit_.descriptor().domain}, evidence::PolicyText{edit_.text()}, context_->clock(), {}, {}}, *key);
}

Result<int> OwnPolicy::sign(const std::vector<Bytes>& first) {
  if (!changed()) {
    if (context_->options.json) context_->print_json(json::object{{"items", json::array{}}});
    else context_->console.line("nothing changes, so nothing is signed");
    return exit_yes;
  }
  if (edit_.descriptor().version == newest().version) CHECK_OK(edit_.set_version(newest().version + 1));
  CHECK_OK(confirm());
  if (context_->options.dry_run) {
    context_->console.note("nothing was signed (--dry-run)");
    return exit_yes;
  }
  TRY(const auto bytes, sign_text());
  CHECK_OK(directory_.add_evidence("policy-" + std::to_string(edit_.descriptor().version), bytes));
  CHECK_OK(write_file(directory_.policy_text(), view(edit_.text())));
  versions_.push_back(bytes);
  return submit(first);
}

Result<int> OwnPolicy::submit(const std::vector<Bytes>& first) {
  const std::string label = "policy " + edit_.descriptor().domain + " v" + std::to_string(edit_.descriptor().version);
  const auto server = context_->running_server(directory_);
  if (!server) {
    if (context_->options.json) context_->print_json(json::object{{"items", json::array{}}, {"kept", (directory_.path() / "evidence").string()}});
    else context_->console.line(label + ": kept in " + directory_.config().evidence.string() + "; icsd submits it when it starts");
    return exit_yes;
  }
  std::vector<evidence::Piece> pieces;
  for (const auto& bytes : first) pieces.push_back({evidence::native_format, bytes});
  pieces.push_back({evidence::native_format, versions_.back()});
  TRY(const auto items, server->submit(pieces, edit_.descriptor().domain));
  return report(*context_, "what", {label}, {items.back()});
}

}  // namespace cm4it::ics
