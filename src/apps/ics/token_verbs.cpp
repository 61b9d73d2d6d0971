// token, token show, token verify: verdicts that a device carries.
#include <CLI/CLI.hpp>

#include "apps/ics/files.h"
#include "apps/ics/json.h"
#include "apps/ics/key_source.h"
#include "apps/ics/output_file.h"
#include "apps/ics/own_policy.h"
#include "apps/ics/subjects.h"
#include "apps/ics/verbs.h"
#include "base/budgets.h"
#include "base/cbor.h"
#include "service/token.h"

namespace cm4it::ics {
namespace {

constexpr std::size_t largest_token = 64 * 1024;

// "42.cwt", "key-3fa9c1d2e4f50617.cwt"
std::string file_for(const std::string& subject) {
  std::string name = subject.size() > 32 ? short_id(subject) : subject;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-' && c != '_') c = '-';
  return name + ".cwt";
}

Result<int> fetch(Context& context, const std::string& subject, std::string out) {
  TRY(const auto id, resolve_subject(context, subject));
  TRY(const auto* server, context.api());
  TRY(const auto domain, context.asked_domain());
  TRY(const auto reply, server->get(target({"v1", "subjects", id.text(), "verdict"}, {{"domain", domain}}), "application/cwt"));
  if (!reply.content_type.starts_with("application/cwt"))
    return fail(Code::malformed, server->url() + ": the answer is no token but " + reply.content_type);
  if (out.empty()) out = file_for(subject);
  TRY(auto file, OutputFile::create_for(context.console, out));
  CHECK_OK(file.write(view(reply.body)));
  CHECK_OK(file.commit());
  if (out == "-") return exit_yes;
  if (context.options.json)
    context.print_json(json::object{{"subject", id.text()}, {"file", out}, {"octets", reply.body.size()}});
  else context.console.line(out + ": token for " + id.text() + ", " + std::to_string(reply.body.size()) + " octets");
  return exit_yes;
}

// What a token says, believed by nobody yet.
struct Claims {
  std::string subject, domain, status, signer;
  bool admitted = false;
  Time issued_at, expires;
  Bytes nonce;
};

Result<void> skip(CborReader& reader) {
  CHECK_OK(reader.item());
  return {};
}

Result<std::string> signer_named(View header) {
  CborReader reader(header);
  std::string signer;
  CHECK_OK(reader.int_map([&](std::int64_t label) -> Result<void> {
    if (label != 4) return skip(reader);
    TRY(const View kid, reader.bytes());
    signer = "key:" + to_hex(kid);
    return {};
  }));
  CHECK_OK(reader.end());
  return signer;
}

Result<Claims> read_claims(View cwt) {
  CborReader reader(cwt);
  TRY(const auto tag, reader.tag());
  TRY(const auto items, reader.array());
  if (tag != 18 || items != 4) return fail(Code::malformed, "not a COSE_Sign1 message");
  Claims claims;
  TRY(const View header, reader.bytes());
  TRY(claims.signer, signer_named(header));
  CHECK_OK(reader.item());
  TRY(const View payload, reader.bytes());
  CHECK_OK(reader.bytes());
  CHECK_OK(reader.end());
  CborReader body(payload);
  const auto text = [&](std::string& to) -> Result<void> {
    TRY(to, body.text());
    return {};
  };
  const auto time = [&](Time& to) -> Result<void> {
    TRY(to.seconds, body.integer());
    return {};
  };
  CHECK_OK(body.int_map([&](std::int64_t claim) -> Result<void> {  // docs/formats/token.md
    switch (claim) {
      case 2: return text(claims.subject);
      case 4: return time(claims.expires);
      case 6: return time(claims.issued_at);
      case 10: {
        TRY(const View nonce, body.bytes());
        claims.nonce = to_bytes(nonce);
        return {};
      }
      case -70001: return text(claims.domain);
      case -70003: return text(claims.status);
      case -70002: {
        TRY(claims.admitted, body.boolean());
        return {};
      }
      default: return skip(body);
    }
  }));
  CHECK_OK(body.end());
  return claims;
}

Result<std::pair<std::string, Claims>> read_token(const Context& context, const std::string& path) {
  std::string cwt;
  if (path == "-") cwt.assign(std::istreambuf_iterator<char>(context.console.in), {});
  else {
    TRY(cwt, read_file(path, largest_token));
  }
  auto claims = read_claims(view(cwt));
  if (!claims) return fail(Code::malformed, path + ": no verdict token: " + claims.error().message, "ics token SUBJECT makes one");
  return std::pair(cwt, std::move(*claims));
}

void print(const Context& context, const Claims& claims, const std::string& signature) {
  if (context.options.json) {
    context.print_json(json::object{{"subject", claims.subject}, {"domain", claims.domain}, {"admitted", claims.admitted}, {"status", claims.status},
                                    {"issued_at", to_rfc3339(claims.issued_at)}, {"expires", to_rfc3339(claims.expires)}, {"signer", claims.signer},
                                    {"nonce", to_hex(claims.nonce)}, {"signature", signature}});
    return;
  }
  const bool over = claims.expires <= context.clock();
  Table table({"", ""});
  table.add({"subject", {claims.subject, Tone::bold}});
  table.add({"says", {std::string(claims.admitted ? "admitted" : "not admitted") + " in " + claims.domain, claims.admitted ? Tone::good : Tone::bad}});
  if (!claims.status.empty()) table.add({"status", claims.status});
  table.add({"issued", to_rfc3339(claims.issued_at)});
  table.add({"expires", {to_rfc3339(claims.expires) + (over ? ", so it has expired" : ""), over ? Tone::bad : Tone::plain}});
  if (!claims.nonce.empty()) table.add({"nonce", to_hex(claims.nonce)});
  table.add({"signer", claims.signer});
  table.add({"signature", signature});
  table.print(context.console);
}

Result<int> show_token(Context& context, const std::string& file) {
  TRY(const auto token, read_token(context, file));
  print(context, token.second, "not checked: ics token verify");
  return exit_yes;
}

// Keys that may have signed it: --server-key's if that is a key, else those of the servers that the own policy names, or our server's own.
Result<crypto::PublicKey> signer_for(Context& context, const std::string& given, const Claims& claims) {
  if (!given.empty()) return public_key_from(given, context.key_access());
  TRY(const auto directory, context.directory());
  TRY(auto own, context.server_key_of(directory));
  if (own.id().text() == claims.signer) return own;
  if (directory.is_home()) {
    TRY(const auto policy, OwnPolicy::open_to_edit(context, context.options.dir));
    for (const auto& [name, server] : policy.newest().servers)
      if (server.key.id().text() == claims.signer) return server.key;
  }
  return fail(Code::not_permitted, "signed by " + claims.signer + ", which is none of the servers of " + directory.config().domain, "--signer FILE, the public key of the server that you trust");
}

struct GivenToken { std::string file, signer, subject, nonce; };

Result<int> verify(Context& context, const GivenToken& given) {
  TRY(const auto token, read_token(context, given.file));
  const auto& [cwt, claims] = token;
  TRY(const auto signer, signer_for(context, given.signer, claims));
  TRY(const auto proven, [&]() -> Result<crypto::PublicKey> {
    if (!given.subject.empty()) return public_key_from(given.subject, context.key_access());
    TRY(const auto* server, context.api());
    TRY(const auto reply, server->get(target({"v1", "keys", claims.subject})));
    return crypto::PublicKey::from_spki(view(reply.body));
  }());
  TRY(auto domain, context.asked_domain());
  if (domain.empty()) domain = claims.domain;
  TRY(const auto nonce, from_hex(given.nonce));
  const auto checked = service::check_token(view(cwt), {domain, signer, proven, context.clock(), nonce});
  print(context, claims, checked ? "holds, by " + claims.signer : "");
  if (checked) return exit_yes;
  context.console.note("ics token verify: " + checked.error().message);
  return exit_no;
}

}  // namespace

void add_token_verbs(CLI::App& app, Context& context) {
  struct Wanted { std::string subject, out; };
  auto wanted = std::make_shared<Wanted>();
  auto* verb = add_verb(app, context, "token", "the verdict token (CWT) of a subject, signed by the server; show, verify: of a file", [&context, wanted]() -> Result<int> {
    if (wanted->subject.empty()) return context.misuse("SUBJECT: missing", "ics token SUBJECT, or ics token show FILE");
    return fetch(context, wanted->subject, wanted->out);
  });
  verb->add_option("SUBJECT", wanted->subject, "a whole id, a key's file, a unique prefix, a serial or another alias");
  verb->add_option("--out", wanted->out, "the file to write; -: standard output; default: SUBJECT.cwt");
  auto given = std::make_shared<GivenToken>();
  auto* showing = add_verb(*verb, context, "show", "what a token says; its signature is not checked", [&context, given] { return show_token(context, given->file); });
  showing->add_option("FILE", given->file, "the token; -: standard input")->required();
  auto* checking = add_verb(*verb, context, "verify", "check a token as a device does; exit 1: it is refused", [&context, given] { return verify(context, *given); });
  checking->add_option("FILE", given->file, "the token; -: standard input")->required();
  checking->add_option("--signer", given->signer, "the server's public key (a file, or base64); default: that of DIR's server, or of one that its policy names");
  checking->add_option("--subject", given->subject, "the key that the other side proved (a file, or base64); default: that of the token's subject, as our server knows it");
  checking->add_option("--nonce", given->nonce, "the nonce it was asked for with, in hex");
}

}  // namespace cm4it::ics
