#include "apps/ics/first_policy.h"

#include <fmt/format.h>


namespace cm4it::ics {
namespace {

constexpr const char* head = R"(# Who may say and read what in {domain}. Version 1 was made by `ics init`.
# To change it: ics policy edit. Or edit this file, raise the version by one, and run  ics policy sign FILE.
# Every key is explained by  ics help descriptor.
domain  = "{domain}"
version = 1
owner   = "{owner_name}"

[keys]      # public keys (base64 of a SubjectPublicKeyInfo), by the names used below
{owner_name} = "{owner}"
{ca_line}
[servers]   # the homes of this domain, and the copies that it enrols (ics server add)
{server_name} = {{ key = "{server}", log = "{log}", url = "{url}", home = true }}

)";

constexpr const char* maker = R"([roles]     # who plays which role here; ics role add, ics role end
{role} = ["{owner_name}"{ca_entry}]
agent = []  # keys that speak for {domain} where it is a holder, beside its owner

[read]      # who may read what; as it stands, whoever reaches the server: ics help public
default = ["anyone"]

[write]     # who may make which kind of statement; withdraw: always the issuer of what is withdrawn
identity = ["{role}", "owner"]
endorse  = ["{role}", "holder"]
status   = ["{role}", "holder"]
transfer = ["holder"]
)";

constexpr const char* maker_admits = R"(
[admit.{type}]   # what it takes to be admitted here; alarms always refuse
identified_by = ["{role}"]
)";

constexpr const char* plant = R"([roles]     # who plays which role here; ics role add, ics role end, ics trust
integrator   = ["{owner_name}"]
maintainer   = ["{owner_name}"]
manufacturer = []   # ics trust DIR URL --as manufacturer
developer    = []
certifier    = []
agent        = []   # keys that speak for {domain} where it is a holder, beside its owner

[read]      # who may read what; as it stands, whoever reaches the server: ics help public
default = ["anyone"]

[write]     # who may make which kind of statement; withdraw: always the issuer of what is withdrawn
identity = ["manufacturer", "integrator", "developer", "owner"]
endorse  = ["integrator", "certifier", "holder"]
status   = ["maintainer", "holder", "manufacturer", "developer", "certifier"]
transfer = ["holder"]
assign   = ["maintainer"]

[admit.device]      # what it takes to cooperate: all of it; alarms always refuse
identified_by = ["manufacturer"]
endorsed_by   = {{ integrator = ["approved"] }}
status        = ["in-use"]
max_staleness = {{ own = "24h", default = "7d" }}   # for how long nothing new may have been heard of a domain. own: an infield ICS
                    # that is cut off from {domain} admits for 24 h more, also what was stolen meanwhile; default: a
                    # supplier's server may be off for a week. By role or domain too: manufacturer = "30d", "tuev.example" = "7d"

[admit.gateway]
identified_by = ["integrator", "manufacturer"]
endorsed_by   = {{ integrator = ["approved"] }}
status        = ["in-use"]
max_staleness = {{ own = "24h", default = "7d" }}

[admit.code]        # may this firmware run: asked before it is installed (ics help code)
identified_by = ["developer"]
max_staleness = {{ own = "24h", default = "7d" }}

[[permit]]          # directed: who may open a conversation with whom
from = {{ type = ["device"] }}
to   = {{ type = ["gateway"] }}

[tokens]
ttl = "15m"
)";

constexpr const char* keyserver = R"([roles]     # who plays which role here, beside whoever a certificate is of; ics role add, ics role end
agent = []  # keys that speak for {domain} where it is a holder, beside its owner

[read]      # who may read what; as it stands, whoever reaches the server: ics help public
default = ["anyone"]

[write]     # self: everybody about their own key. For others' certifications give a role to their keys:
            #   ics role add DIR certifier NAME --key FILE --formats openpgp,   and name that role below
identity = ["self", "owner"]
status   = ["self"]
endorse  = ["self", "owner"]
)";

const char* admitted_type(const std::string& role) {
  return role == "manufacturer" ? "device" : role == "developer" ? "code" : nullptr;
}

}  // namespace

bool makes_domain(const std::string& role) {
  return role == "manufacturer" || role == "developer" || role == "maintenance" || role == "certifier" || role == "keyserver";
}

std::string owner_name_for(const std::string& domain) { return domain.substr(0, domain.find('.')); }

std::string first_policy(const NewDomain& domain) {
  const auto filled = [&](const char* text) {
    using fmt::arg;
    const char* type = admitted_type(domain.role);
    const std::string ca_name = domain.owner_name == "ca" ? "ca-key" : "ca";
    const std::string ca_line = domain.ca ? ca_name + " = \"" + domain.ca->base64() + "\"\n" : "";
    const std::string ca_entry = domain.ca ? ", { key = \"" + ca_name + "\", formats = [\"x509\"] }" : "";
    return fmt::format(fmt::runtime(text), arg("domain", domain.domain), arg("role", domain.role), arg("owner_name", domain.owner_name),
                       arg("owner", domain.owner.base64()), arg("server_name", domain.server_name),
                       arg("server", domain.server.base64()), arg("log", domain.log.base64()), arg("url", domain.url),
                       arg("type", type ? type : ""), arg("ca_line", ca_line), arg("ca_entry", ca_entry));
  };
  std::string text = filled(head) + filled(domain.role == "maintenance" ? plant : domain.role == "keyserver" ? keyserver : maker);
  if (admitted_type(domain.role)) text += filled(maker_admits);
  return text;
}

}  // namespace cm4it::ics
