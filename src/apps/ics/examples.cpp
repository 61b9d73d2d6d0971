#include "apps/ics/examples.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "apps/ics/command_tree.h"

namespace cm4it::ics {
namespace {

std::string footer_of(const CLI::App& verb) {
  const auto* known = examples_of(name_of(verb));
  if (!known) return {};
  std::string text = known->lines.empty() ? "" : "EXAMPLES\n";
  for (const auto line : known->lines) text += "  " + std::string(line) + "\n";
  if (!known->topic.empty()) text += "SEE ALSO\n  ics help " + std::string(known->topic) + "\n";
  text.pop_back();
  return text;
}

const std::vector<VerbExamples> examples_of_verbs{
    {"init",
     {"ics init plant --role maintenance --domain plant7.example --listen 0.0.0.0:8443 --url https://ics.plant7.example:8443",
      "ics init acme --role manufacturer --domain acme.example --ca ca.pem   # whatever this CA certifies is a device of acme",
      "ics init field --role infield --domain plant7.example --listen 10.0.3.1:8443",
      "ics init plant --role maintenance --domain plant7.example --listen 10.0.0.7:8443 --san ics.plant7.example,10.0.0.7"},
     "roles"},
    {"trust",
     {"ics trust plant https://ics.acme.example:8443 --as manufacturer",
      "ics trust field https://ics.plant7.example:8443 --as copy --select cloud=hall-3",
      "ics trust plant https://ics.tuev.example:8443 --as certifier --owner key:968f… --yes   # in a script: the id as its owner told it"},
     "roles"},
    {"key", {}, "keys"},
    {"key new",
     {"ics key new volta.key                                      # Ed25519, in a file of mode 0600",
      "ics key new server.key --alg p256 --encrypt",
      "ics key new 'pkcs11:token=plant;object=owner'"},
     "keys"},
    {"key id", {"ics key id plant/owner.key", "ics key id *.pem                                            # each with its file"}, "keys"},
    {"key pub", {"ics key pub volta.key --out volta.pem                      # for whoever is to give it a role"}, "keys"},
    {"key show", {"ics key show volta.key                                     # id, algorithm, base64 for policy.toml, PEM"}, "keys"},
    {"identify",
     {"ics identify thermo.key --type device --maker Acme --model thermo-2000 --serial 42",
      "ics identify --code fw-1.4.2.bin --maker Acme --version 1.4.2",
      "ics identify model:acme.example/thermo-2000 --type model"},
     "subjects"},
    {"endorse",
     {"ics endorse 42 approved",
      "ics endorse 42 --label approved --note 'seen on 3 March' --key volta.key",
      "ics find --holder plant7.example | ics endorse - approved",
      "ics endorse model:acme.example/thermo-2000 --label ce --expires 2028-01-01"},
     "integrator"},
    {"status",
     {"ics status 42 in-use", "ics status 42 43 stolen --reason 'van broken into'",
      "ics status 42 --lift --reason 'found, and looked at'       # what it was before",
      "ics status                                                 # of this ICS: ready? how fresh? peers, certificate, disk; exit 1: look at it",
      "ics find --model thermo-1000 | ics status - deprecated"},
     "statuses"},
    {"assign", {"ics assign 42 --cloud hall-3", "ics assign 42 --cloud ''                                   # in none"}, "glossary"},
    {"transfer",
     {"ics transfer 42 --to plant7.example                        # asks at a terminal: only the new holder can give it back",
      "ics transfer 42 --to plant7.example --dry-run"},
     "glossary"},
    {"withdraw", {"ics history 42                                             # which statement", "ics withdraw 42 91ab34cd --reason 'another device'"}, "verdict"},
    {"find",
     {"ics find acme thermo-2000", "ics find --cloud hall-3 --verdict not-admitted", "ics find --type device --limit 0 --json",
      "ics find --expires-before 30d                              # certificates and approvals that end within a month"},
     "subjects"},
    {"show", {"ics show 42", "ics show thermo.key", "ics show fw-1.4.2.bin                                      # a file that is no key: as code, by its SHA-256"}, "subjects"},
    {"history", {"ics history 42", "ics history 42 --json"}, "verdict"},
    {"why", {"ics why 42 && echo admitted", "ics why 42 --at -1h                                        # an hour ago", "ics why 42 --at 2028-01-01"}, "verdict"},
    {"may", {"ics may 42 gateway.key"}, "verdict"},
    {"token", {"ics token 42                                               # writes 42.cwt", "ics token 42 --out - | base64 -w0"}, "tokens"},
    {"token show", {"ics token show 42.cwt"}, "tokens"},
    {"token verify", {"ics token verify 42.cwt", "ics token verify 42.cwt --signer field.pem --domain plant7.example --subject thermo.key"}, "tokens"},
    {"watch", {"ics watch", "ics watch 42 --once && ics why 42", "ics watch --json"}, "http-api"},
    {"domains", {"ics domains"}, "glossary"},
    {"peers", {"ics peers"}, "monitoring"},
    {"role", {}, "roles"},
    {"role add",
     {"ics role add plant integrator volta --key volta.key", "ics role add acme manufacturer pki --key ca.pem --formats x509",
      "ics role add dev developer gpg --key dev.pgp --formats openpgp,sums"},
     "roles"},
    {"role end", {"ics role end plant integrator volta --until now            # what it said before counts on"}, "integrator"},
    {"role remove", {"ics role remove plant integrator volta                     # nothing that it ever said there counts any more"}, "integrator"},
    {"role replace", {"ics role replace plant volta ohm --key ohm.pem             # in every role, in one version"}, "integrator"},
    {"role list", {"ics role list plant"}, "roles"},
    {"permit", {}, "selectors"},
    {"permit add", {"ics permit add plant --from type=device --to type=gateway", "ics permit add plant --from 'model=thermo-*' --to '{ type = [\"gateway\"], cloud = [\"hall-3\"] }'"}, "selectors"},
    {"permit list", {"ics permit list plant"}, "selectors"},
    {"permit remove", {"ics permit remove plant 2"}, "selectors"},
    {"server", {}, "glossary"},
    {"server add", {"ics server add plant field --key MFkw… --url https://10.0.3.1:8443 --select cloud=hall-3   # as `ics trust field …` prints it; code and models come along",
                     "ics server add plant field --key MFkw… --url https://10.0.3.1:8443 --select '[{ cloud = [\"hall-3\"] }, { type = [\"gateway\"] }]'"}, "moving"},
    {"server list", {"ics server list plant"}, "moving"},
    {"server remove", {"ics server remove plant field"}, "moving"},
    {"policy", {}, "descriptor"},
    {"policy check", {"ics policy check plant/policy.toml"}, "descriptor"},
    {"policy diff", {"ics policy diff old.toml plant/policy.toml"}, "descriptor"},
    {"policy show", {"ics policy show", "ics policy show --version 3 --text > old.toml"}, "descriptor"},
    {"policy edit", {"ics policy edit                                            # in $EDITOR; shows what changes, asks, signs", "EDITOR=nano ics policy edit --dir plant"}, "descriptor"},
    {"policy sign", {"ics policy sign plant/policy.toml --dir plant", "ics policy sign plant/policy.toml --key owner.key"}, "descriptor"},
    {"push", {"ics push device.pem", "ics push ca.crl", "gpg --export keys@acme.example | ics push -"}, "x509"},
    {"import", {"ics import dump/", "ics import SHA256SUMS SHA256SUMS.asc", "ics import SHA256SUMS SHA256SUMS.asc --cert dev.pgp"}, "sums"},
    {"export", {"ics export 42 > 42.cose", "ics export 42 --pem | openssl x509 -text", "ics export --out all.cose"}, "cli"},
    {"gpg-notations", {"ics gpg-notations 36A1A614 --maker Acme --model thermo-2000 --serial 42 --local-user keys@acme.example"}, "openpgp"},
    {"log", {}, "log"},
    {"log verify", {"ics log verify", "ics log verify --domain acme.example"}, "log"},
    {"log audit", {"ics log audit", "ics log audit --since old.note"}, "log"},
    {"rebuild", {"ics rebuild plant                                          # icsd must not be running"}, "store"},
    {"forgive", {"ics forgive plant7.example --dir field                     # icsd must not be running; shows what is known, and asks"}, "broken"},
    {"ocsp-cert", {"ics ocsp-cert --dir acme --out ocsp.csr"}, "x509"},
    {"help", {"ics help", "ics help key new", "ics help statuses"}, ""},
    {"version", {"ics version"}, ""},
    {"man", {"ics man | man -l -", "ics man icsd | man -l -"}, ""},
    {"completion bash", {"ics completion bash > ~/.local/share/bash-completion/completions/ics"}, ""},
    {"completion zsh", {"ics completion zsh > ~/.zfunc/_ics                         # a directory of $fpath"}, ""},
    {"completion fish", {"ics completion fish > ~/.config/fish/completions/ics.fish"}, ""}};

}  // namespace

const std::vector<VerbExamples>& examples() { return examples_of_verbs; }

const VerbExamples* examples_of(std::string_view verb) {
  const auto& all = examples();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.verb == verb; });
  return found == all.end() ? nullptr : &*found;
}

void add_examples(CLI::App& app) {
  for (auto* verb : app.get_subcommands(nullptr)) {
    verb->footer(footer_of(*verb));
    add_examples(*verb);
  }
}

}  // namespace cm4it::ics
