// init, trust, server: an ICS is made, and its policy edited.
#include <CLI/CLI.hpp>

#include "apps/ics/arguments.h"
#include "apps/ics/init.h"
#include "apps/ics/json.h"
#include "apps/ics/key_source.h"
#include "apps/ics/own_policy.h"
#include "apps/ics/trust.h"
#include "apps/ics/verbs.h"

namespace cm4it::ics {
namespace {

void add_init(CLI::App& app, Context& context) {
  auto given = std::make_shared<InitOptions>();
  auto* verb = add_verb(app, context, "init", "make the directory of a new ICS", [&context, given] { return init(context, *given); });
  verb->add_option("DIR", given->directory, "the directory to make")->required();
  verb->add_option("--role", given->role, "manufacturer, developer, maintenance, infield, certifier or keyserver")->required();
  verb->add_option("--listen", given->listen, "ADDR:PORT; port 0: one that is free")->capture_default_str();
  verb->add_option("--hkp", given->hkp, "ADDR:PORT for OpenPGP clients, in the clear; of a keyserver, 11371 beside --listen");
  verb->add_option("--name", given->name, "of this server in its domain; default: main, of an infield ICS: field");
  verb->add_option("--url", given->url, "as others reach it; default: https://ADDR:PORT");
  verb->add_option("--tls-key", given->tls_key, "the server's key, where it is not to be a new DIR/server.key");
  verb->add_option("--san", given->san, "host names and addresses for its TLS certificate, a self-signed DIR/tls.pem")->delimiter(',')->type_name("NAME,…");
  verb->add_option("--certificate", given->certificate, "the certificate of --tls-key, and those above it, where there is one (PEM)")->type_name("FILE");
  verb->add_option("--log-key", given->log_key, "the log's key (Ed25519), where it is not to be a new DIR/log.key");
  verb->add_option("--ca", given->ca, "a CA's certificate (PEM or DER): what it certifies is a device of this manufacturer")->type_name("FILE");
  // --domain is an option of every verb, a list; here it is one name.
  verb->callback([&context, given] {
    context.verb = "init";
    context.action = [&context, given]() -> Result<int> {
      if (context.options.domains.size() != 1) return context.misuse("--domain: one domain is needed", "--domain plant7.example");
      given->domain = context.options.domains[0];
      return init(context, *given);
    };
  });
}

void add_trust(CLI::App& app, Context& context) {
  auto given = std::make_shared<TrustOptions>();
  auto* verb = add_verb(app, context, "trust", "let another domain speak in ours, and copy from it", [&context, given] { return trust(context, *given); });
  verb->add_option("DIR", given->directory, "our directory")->required();
  verb->add_option("URL", given->url, "the home of the other domain")->required();
  verb->add_option("--as", given->as, "manufacturer, developer, certifier, integrator, maintainer or copy")->required();
  verb->add_option("--owner", given->owner, "its owner, as it told you some other way (key:…): compared instead of asked");
  verb->add_option("--role-name", given->role_name, "what the role is called there");
  verb->add_option("--select", given->select, "what is copied: field=glob[,glob], a table, a list of tables (any of them), or all");
  add_dry_run(*verb, context);
  verb->add_option("--peer", given->peer, "which domain, where that server is home of several");
}

// KEY: a file, base64, PEM; or key:…, which is fetched from a server and compared.
Result<crypto::PublicKey> enrolled_key(Context& context, const std::string& text, const std::string& url) {
  const auto id = KeyId::parse(text);
  if (!id) return public_key_from(text, context.key_access());
  TRY(const auto api, context.peer(url, *id));
  TRY(const auto reply, api.get("/v1/domains"));
  if (!reply.server_key || reply.server_key->id() != *id) return fail(Code::bad_signature, url + ": does not prove the key " + text);
  return *reply.server_key;
}

Result<int> list_servers(Context& context, const std::string& directory) {
  TRY(const auto own, OwnPolicy::open_to_edit(context, directory));
  json::array shown;
  Table table({"SERVER", "KIND", "KEY", "URL", "HOLDS"});
  for (const auto& [name, server] : own.newest().servers) {
    const auto select = server.home ? "" : server.select ? server.select->text() : "everything";
    table.add({name, server.home ? "home" : "copy", short_id(server.key.id().text()), server.url, select});
    shown.push_back({{"name", name}, {"home", server.home}, {"key", server.key.id().text()}, {"url", server.url}, {"select", select}});
  }
  if (context.options.json) context.print_json(json::object{{"servers", std::move(shown)}});
  else table.print(context.console);
  return exit_yes;
}

void add_server_verbs(CLI::App& app, Context& context) {
  struct Given { std::string directory, name, key, url; std::vector<std::string> select; };
  auto given = std::make_shared<Given>();
  auto* group = add_group(app, "server", "the servers that our policy enrols");
  auto* add = add_verb(*group, context, "add", "enrol a copy (an infield ICS)", [&context, given]() -> Result<int> {
    TRY(auto own, OwnPolicy::open(context, given->directory));
    TRY(const auto key, enrolled_key(context, given->key, given->url));
    policy::Server server{given->name, key, {}, given->url, false, {}};
    TRY(auto select, context.usage(parse_select(given->select)));
    if (add_code(select)) context.console.note(code_added);
    if (!select.everything()) server.select = std::move(select);
    CHECK_OK(own.edit().add_server(server));
    return own.sign();
  });
  add->add_option("DIR", given->directory, "our directory")->required();
  add->add_option("NAME", given->name, "of the server in our policy")->required();
  add->add_option("--key", given->key, "its key: base64, a PEM file, or key:… (then fetched from URL and compared)")->required();
  add->add_option("--url", given->url, "where it is reached")->required();
  add_dry_run(*add, context);
  add->add_option("--select", given->select, "what it holds: field=glob[,glob], a table or a list of tables (any of them); by cloud: code and models too; default: everything");
  auto listed = std::make_shared<std::string>();
  add_verb(*group, context, "list", "the servers that our policy names", [&context, listed] { return list_servers(context, *listed); })
      ->add_option("DIR", *listed, "our directory")->required();
  auto gone = std::make_shared<Given>();
  auto* remove = add_verb(*group, context, "remove", "strike a server", [&context, gone]() -> Result<int> {
    TRY(auto own, OwnPolicy::open(context, gone->directory));
    CHECK_OK(own.edit().remove_server(gone->name));
    return own.sign();
  });
  remove->add_option("DIR", gone->directory, "our directory")->required();
  add_dry_run(*remove, context);
  remove->add_option("NAME", gone->name, "of the server")->required();
}

}  // namespace

void add_setup_verbs(CLI::App& app, Context& context) {
  add_init(app, context);
  add_trust(app, context);
}

void add_rule_verbs(CLI::App& app, Context& context) {
  add_server_verbs(app, context);
  add_role_verbs(app, context);
  add_permit_verbs(app, context);
}

}  // namespace cm4it::ics
