// identify, endorse, status, transfer, assign, withdraw: what a person says, as a statement.
#include <CLI/CLI.hpp>

#include "apps/ics/arguments.h"
#include "apps/ics/chains.h"
#include "apps/ics/files.h"
#include "apps/ics/json.h"
#include "apps/ics/key_source.h"
#include "apps/ics/misread.h"
#include "apps/ics/said.h"
#include "apps/ics/subjects.h"
#include "apps/ics/verbs.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace cm4it::ics {

using evidence::SubjectId;
using evidence::SubjectKind;

void add_when(CLI::App& verb, Context& context, SayOptions& when) {
  add_dry_run(verb, context);
  verb.add_option("--not-before", when.not_before, "the statement holds from this time on");
  verb.add_option("--expires", when.expires, "the statement holds until this time");
  verb.add_option("--issued-at", when.issued_at, "its date; default: now")->group("");
  verb.add_option("--chain", when.chain, "certificates of a PKI that lead from the key to one the policy lists (PEM, the key's own first)")->type_name("FILE");
}

void add_subjects(CLI::App& verb, Context& context, Said& said) {
  verb.add_option("SUBJECT", said.subjects, "id, key file, prefix, serial or other alias; - reads them from standard input")->required();
  add_when(verb, context, said.when);
}

std::string these(const std::vector<SubjectId>& subjects) {
  return subjects.size() == 1 ? short_id(subjects[0].text()) : std::to_string(subjects.size()) + " subjects";
}

namespace {

// What is to be agreed to before; empty: nothing.
using Question = std::function<std::string(const std::vector<SubjectId>& subjects)>;

// The same body about every subject.
Result<int> say(Context& context, const Said& said, const evidence::Body& body, const Question& question = {}) {
  TRY(const auto subjects, resolve_subjects(context, said.subjects));
  TRY(auto speaker, Speaker::start(context, said.when));
  for (const auto& subject : subjects) CHECK_OK(speaker.add(subject, body));
  if (const auto asked = question ? question(subjects) : std::string(); !asked.empty()) CHECK_OK(speaker.confirm(asked));
  return speaker.submit();
}

struct Identify : Said {
  std::string type, code, name, maker, model, serial, version;
  std::vector<std::string> uris, attributes;
};

Result<crypto::PublicKey> key_of(Context& context, const std::string& text) {
  if (is_key_place(text)) return public_key_at(text, context.key_access());
  TRY(const auto subject, resolve_subject(context, text));
  if (subject.kind != SubjectKind::key) return fail(Code::malformed, subject.text() + ": not a key");
  TRY(const auto* server, context.api());
  TRY(const auto reply, server->get(target({"v1", "keys", subject.text()})));
  TRY(auto key, crypto::PublicKey::from_spki(view(reply.body)));
  if (SubjectId::key(key.id()) != subject) return fail(Code::malformed, server->url() + ": answered with another key than " + subject.text());
  return key;
}

Result<evidence::Identity> identity_from(const Context& context, const Identify& given) {
  evidence::Identity identity;
  const auto type = evidence::parse_type(given.type.empty() && !given.code.empty() ? "code" : given.type);
  if (!type) return context.misuse(type.error().message, "--type device|gateway|service|server|party|model");
  identity.type = *type;
  identity.name = given.name;
  identity.maker = given.maker;
  identity.model = given.model;
  identity.serial = given.serial;
  identity.version = given.version;
  identity.uris = given.uris;
  TRY(identity.attributes, context.usage(parse_attributes(given.attributes)));
  return identity;
}

Result<void> identify_code(Speaker& speaker, const Identify& given, evidence::Identity identity) {
  TRY(const auto bytes, read_file(given.code));
  if (identity.name.empty()) identity.name = std::filesystem::path(given.code).filename().string();
  return speaker.add(SubjectId::code(crypto::sha256(view(bytes))), std::move(identity));
}

// Before it is signed: whether another thing of this maker has the serial. Afterwards the server tells as well.
Result<void> confirm_serial(Context& context, const Speaker& speaker, const SubjectId& subject, const evidence::Identity& identity) {
  if (identity.serial.empty()) return {};
  TRY(const auto* server, context.api());
  const auto known = server->get_json(target({"v1", "subjects", "serial:" + identity.serial}, {{"domain", speaker.domain()}}));
  if (!known || text_at(*known, "subject") == subject.text()) return {};
  const auto& other = object_at(*known, "identity");
  if (text_at(other, "maker") != identity.maker) return {};
  return speaker.confirm("The serial " + identity.serial + " is that of " + short_id(text_at(*known, "subject")) + " already (" + identity.maker + " " + text_at(other, "model") +
                         "): until one of them is withdrawn it would name neither. Sign all the same?");
}

Result<int> identify(Context& context, const Identify& given) {
  if (given.subjects.empty() == given.code.empty())
    return context.misuse("either subjects or --code FILE", "ics identify KEYFILE --type device …");
  if (given.type.empty() && given.code.empty()) return context.misuse("--type: missing", "--type device|gateway|service|server|party|model");
  TRY(auto identity, identity_from(context, given));
  TRY(auto speaker, Speaker::start(context, given.when));
  if (!given.code.empty()) {
    CHECK_OK(identify_code(speaker, given, std::move(identity)));
    return speaker.submit();
  }
  TRY(const auto names, subject_texts(context, given.subjects));
  if (names.size() > 1 && !identity.serial.empty())
    return fail(Code::malformed, "--serial: one serial for " + std::to_string(names.size()) + " subjects", "identify them one by one");
  for (const auto& name : names) {
    if (auto whole = SubjectId::parse(name); whole && whole->kind != SubjectKind::key) {
      CHECK_OK(speaker.add(*whole, identity));
      continue;
    }
    auto one = identity;
    TRY(const auto key, key_of(context, name));
    one.spki = to_bytes(key.spki());
    CHECK_OK(confirm_serial(context, speaker, SubjectId::key(key.id()), one));
    CHECK_OK(speaker.add(SubjectId::key(key.id()), std::move(one)));
  }
  return speaker.submit();
}

void add_identify(CLI::App& app, Context& context) {
  auto given = std::make_shared<Identify>();
  auto* verb = add_verb(app, context, "identify", "say who a subject is", [&context, given] { return identify(context, *given); });
  verb->add_option("SUBJECT", given->subjects, "key files or ids; - reads them from standard input");
  verb->add_option("--code", given->code, "identify this file's content, by its SHA-256");
  verb->add_option("--type", given->type, "device, gateway, service, code, server, party or model");
  verb->add_option("--name", given->name, "what it is called");
  verb->add_option("--maker", given->maker, "who made it");
  verb->add_option("--model", given->model, "its model");
  verb->add_option("--serial", given->serial, "its serial number");
  verb->add_option("--version", given->version, "its version");
  verb->add_option("--uri", given->uris, "a further name: urn:dev:…, pkg:… (may be repeated)");
  verb->add_option("--attr", given->attributes, "k=v: an attribute (may be repeated)");
  add_when(*verb, context, given->when);
}

struct Endorsed : Said { std::string label, note; };

// A last word that is no subject is the label, as with `status`: if a rule asks for it, since any word may be a serial.
Result<int> endorse(Context& context, Endorsed given) {
  const std::string next = "ics endorse SUBJECT… --label approved";
  if (given.label.empty() && given.subjects.size() < 2) return context.misuse("--label: missing", next);
  TRY(auto speaker, Speaker::start(context, given.when));
  const auto asked = speaker.labels_asked_for();
  const auto is_asked_for = [&](const std::string& label) { return contains(asked, label); };
  if (given.label.empty()) {
    const auto last = given.subjects.back(), meant = did_you_mean(last, asked);
    if (!is_asked_for(last)) return context.misuse("--label: missing; no rule of " + speaker.domain() + " asks for \"" + last + "\"", meant.empty() ? next : meant);
    given.label = last;
    given.subjects.pop_back();
  } else if (const auto meant = did_you_mean(given.label, asked); !is_asked_for(given.label) && !meant.empty()) {
    context.console.note("! no rule of " + speaker.domain() + " asks for the label \"" + given.label + "\"; " + meant);
  }
  TRY(const auto subjects, resolve_subjects(context, given.subjects));
  for (const auto& subject : subjects) CHECK_OK(speaker.add(subject, evidence::Endorse{given.label, given.note}));
  return speaker.submit();
}

void add_endorse(CLI::App& app, Context& context) {
  auto given = std::make_shared<Endorsed>();
  auto* verb = add_verb(app, context, "endorse", "vouch for subjects", [&context, given] { return endorse(context, *given); });
  add_subjects(*verb, context, *given);
  verb->add_option("--label", given->label, "approved, certified, trust:high, …; one that a rule asks for may stand as the last word instead");
  verb->add_option("--note", given->note, "a remark");
}

// Whom receivers will pin as that domain's owner: the one that began its chain, as our server has it. What --owner says must be
// the same where it is known.
Result<KeyId> owner_of(Context& context, const std::string& domain, const std::string& given) {
  std::optional<KeyId> wanted;
  if (!given.empty()) {
    TRY(wanted, KeyId::parse(given));
  }
  TRY(const auto* server, context.api());
  TRY(const auto policies, policies_at(*server, {domain}));
  const auto* chain = policies.chain(domain);
  if (!chain && !wanted)
    return fail(Code::not_found, "the policy of " + domain + " is not known to " + server->url() + ", so neither is its owner", "--owner key:…");
  if (chain && wanted && chain->pinned_owner != *wanted)
    return fail(Code::conflict, "--owner: the domain " + domain + " that " + server->url() + " knows was begun by another owner: " + chain->pinned_owner.text());
  return wanted ? *wanted : chain->pinned_owner;
}

void add_transfer(CLI::App& app, Context& context) {
  struct Given : Said { std::string to, owner; };
  auto given = std::make_shared<Given>();
  auto* verb = add_verb(app, context, "transfer", "say into whose hands subjects have come", [&context, given]() -> Result<int> {
    TRY(const auto owner, owner_of(context, given->to, given->owner));
    if (!context.options.json) context.console.note("to " + given->to + ", whose owner is " + owner.text());
    return say(context, *given, evidence::Transfer{given->to, owner}, [&](const auto& subjects) {
      return "Give " + these(subjects) + " to " + given->to + "? Only " + given->to + " can give them back.";
    });
  });
  add_subjects(*verb, context, *given);
  verb->add_option("--to", given->to, "the domain that holds them from now on")->required();
  verb->add_option("--owner", given->owner, "that domain's owner (key:…); default: whom its policy names");
}

void add_assign(CLI::App& app, Context& context) {
  struct Given : Said { std::string cloud; };
  auto given = std::make_shared<Given>();
  auto* verb = add_verb(app, context, "assign", "say in which cloud subjects work", [&context, given] {
    return say(context, *given, evidence::Assign{given->cloud});
  });
  add_subjects(*verb, context, *given);
  verb->add_option("--cloud", given->cloud, "its name; \"\": in none")->required();
}

// Of what our key has said about the subject; an own statement that the server does not show cannot be taken back by prefix.
Result<const Background::Own*> own_statement(const Background& known, const std::string& prefix) {
  const Background::Own* found = nullptr;
  for (const auto& own : known.own) {
    if (!own.statement.starts_with(prefix)) continue;
    if (found) return fail(Code::ambiguous, "statement " + prefix + ": several of yours begin so", "give more of its digits");
    found = &own;
  }
  if (!found || prefix.empty()) return fail(Code::not_found, "statement " + prefix + ": none of yours about this subject begins so", "`ics history SUBJECT` lists them");
  return found;
}

void add_withdraw(CLI::App& app, Context& context) {
  struct Given { std::string subject, statement, reason; SayOptions when; };
  auto given = std::make_shared<Given>();
  auto* verb = add_verb(app, context, "withdraw", "take back an identity, endorsement or assignment of yours", [&context, given]() -> Result<int> {
    TRY(const auto subject, resolve_subject(context, given->subject));
    TRY(auto speaker, Speaker::start(context, given->when));
    TRY(const auto known, speaker.background(subject));
    TRY(const auto* own, own_statement(known, given->statement));
    if (own->kind == evidence::Kind::status)
      return fail(Code::not_permitted, "a status is not taken back: what was said then stays said", "say what holds now: ics status " + shell_quoted(given->subject) + " in-use, or another");
    if (own->kind == evidence::Kind::transfer)
      return fail(Code::not_permitted, "a transfer is not taken back: the subject is another's now", "its new holder can give it back: ics transfer");
    TRY(const auto digest, from_hex(own->statement));
    evidence::Withdraw body;
    if (digest.size() != body.statement.digest.size()) return fail(Code::malformed, "the server gave a statement id that is none");
    std::copy(digest.begin(), digest.end(), body.statement.digest.begin());
    body.reason = given->reason;
    // Wherever it was said, it is taken back.
    CHECK_OK(speaker.add(subject, std::move(body), context.options.domains.empty() ? own->domains : std::vector<std::string>{}));
    return speaker.submit();
  });
  verb->add_option("SUBJECT", given->subject, "what it was said about")->required();
  verb->add_option("STATEMENT", given->statement, "a statement of yours: its id, or the first digits")->required();
  verb->add_option("--reason", given->reason, "why");
  add_when(*verb, context, given->when);
}

}  // namespace

void add_statement_verbs(CLI::App& app, Context& context) {
  add_identify(app, context);
  add_endorse(app, context);
  add_status_verb(app, context);
  add_transfer(app, context);
  add_assign(app, context);
  add_withdraw(app, context);
}

}  // namespace cm4it::ics
