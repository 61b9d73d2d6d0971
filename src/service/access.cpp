// Who may read what (model.md "Domains and their policy", [read]).
#include "service/access.h"

#include <algorithm>

#include "base/text.h"
#include "evidence/kinds.h"

namespace cm4it::service {
namespace {

// The keys as which `who` reads: a domain's servers may read, in that domain and elsewhere, whatever its owner may.
std::vector<KeyId> read_as(const policy::Policies& policies, const KeyId& who) {
  std::vector<KeyId> keys{who};
  for (const auto& membership : policies.servers_with_key(who))
    if (const auto* descriptor = policies.newest(membership.domain)) keys.push_back(descriptor->owner);
  return keys;
}

// The domains on whose behalf `who` may read as the holder of their subjects.
std::vector<std::string> spoken_for(const policy::Policies& policies, const KeyId& who) {
  std::vector<std::string> domains;
  const auto keys = read_as(policies, who);
  for (const auto& [domain, chain] : policies.chains())
    if (std::any_of(keys.begin(), keys.end(), [&, name = std::string_view(domain)](const KeyId& key) { return policies.speaks_for(name, key).speaks; }))
      domains.push_back(domain);
  return domains;
}

bool plays(const policy::Policies& policies, const policy::Descriptor& domain, const std::string& role, const About& about,
           const KeyId& key, Time now) {
  if (role == "owner") return key == domain.owner;
  if (role == "self") return about.subject && *about.subject == SubjectId::key(key);
  if (role == "home") {
    const auto* server = domain.server_with_key(key);
    return server && server->home;
  }
  if (role == "holder") {
    if (about.holder.domain.empty()) return false;
    const auto voice = policies.speaks_for(about.holder, key);
    return voice.speaks && (!voice.until || now < *voice.until);
  }
  const auto memberships = policies.roles_of(domain.domain, key, evidence::native_format);
  return std::any_of(memberships.begin(), memberships.end(), [&](const auto& membership) {
    return membership.role == role && (!membership.until || now < *membership.until);
  });
}

bool is_among(const std::vector<std::string>& readers, const policy::Policies& policies, const policy::Descriptor& domain,
              const About& about, const Principal& who, Time at) {
  if (contains(readers, "anyone")) return true;
  if (!who) return false;
  for (const KeyId& key : read_as(policies, *who)) {
    if (key == domain.owner) return true;
    if (std::any_of(readers.begin(), readers.end(),
                    [&](const auto& role) { return plays(policies, domain, role, about, key, at); }))
      return true;
  }
  return false;
}

// The rank that this server's policies give to a key.
Rank rank_by_policies(const ledger::Published& published, const KeyId& who) {
  const auto& policies = *published.policies;
  bool listed = false;
  for (const auto& membership : policies.servers_with_key(who)) {
    listed = true;
    // A policy that is pinned only because of a sale gives no rank: any buyer could bring one along.
    const auto* chain = policies.chain(membership.domain);
    const bool sold = chain && chain->pinned_by == policy::Pin::Source::transfer;
    if (!sold || published.domains.contains(membership.domain)) return Rank::server;
  }
  return listed || policies.find_key(who) ? Rank::principal : Rank::key;
}

}  // namespace

bool Access::is_home(std::string_view domain) const {
  const auto& homes = ledger_.options().homes;
  return contains(homes, domain);
}

Result<void> Access::check_held(const ledger::Published& published, const std::string& domain) const {
  if (published.domains.contains(domain) || is_home(domain)) return {};
  const auto* descriptor = published.policies->newest(domain);
  if (const auto url = descriptor ? descriptor->home_url() : ""; !url.empty()) return fail(Code::misdirected, "domain: " + domain + " is kept elsewhere", url);
  return fail(Code::not_found, "domain: " + domain + " is not kept by this server");
}

std::vector<std::string> Access::own_domains(const ledger::Published& published) const {
  std::vector<std::string> domains{default_domain_};
  for (const auto& [domain, state] : published.domains)
    if (state.home && domain != domains[0]) domains.push_back(domain);
  return domains;
}

bool Access::may_read(const policy::Policies& policies, std::string_view domain, std::optional<Kind> kind,
                       const About& about, const Principal& who) const {
  const auto* descriptor = policies.newest(domain);
  if (kind && !evidence::row_of(*kind).read_by_roles) return true;
  if (!descriptor) return false;
  return is_among(kind ? descriptor->readers(*kind) : descriptor->verdict_readers(), policies, *descriptor, about, who, now());
}

bool Access::sees_nothing(const policy::Policies& policies, std::string_view domain, std::optional<Kind> kind,
                           const Principal& who) const {
  const auto* descriptor = policies.newest(domain);
  if (!descriptor || may_read(policies, domain, kind, {}, who)) return false;
  if (!who) return true;
  const auto& readers = kind ? descriptor->readers(*kind) : descriptor->verdict_readers();
  const auto names = [&](const char* role) { return contains(readers, role); };
  return !names("self") && !(names("holder") && !spoken_for(policies, *who).empty());
}

Result<bool> Access::could_read(const ledger::Reader& reader, std::string_view domain, std::optional<Kind> kind,
                                 const SubjectId& subject, const Principal& who) const {
  const auto& policies = reader.policies();
  if (may_read(policies, domain, kind, {{}, &subject}, who)) return true;
  if (!who || sees_nothing(policies, domain, kind, who)) return false;
  for (const auto& holder : spoken_for(policies, *who)) {
    if (!may_read(policies, domain, kind, {policy::Holder{holder}, &subject}, who)) continue;
    if (subject.kind == evidence::SubjectKind::model) return true;
    for (const char* field : {"domain", "transferred"}) {
      TRY(const bool found, reader.is_found(subject, field, holder));
      if (found) return true;
    }
  }
  return false;
}

Result<bool> Access::could_read_any(const ledger::Reader& reader, const SubjectId& subject, const Principal& who) const {
  for (const auto& domain : own_domains(reader.published()))
    for (const auto& row : evidence::kinds) {
      if (!row.read_by_roles) continue;
      TRY(const bool could, could_read(reader, domain, row.kind, subject, who));
      if (could) return true;
    }
  return false;
}

// As long as a domain has no policy its log holds only what everybody may see.
bool Access::reads_log(std::string_view domain, const Principal& who) const {
  const auto published = ledger_.published();
  const auto* descriptor = published->policies->newest(domain);
  return !descriptor || is_among(descriptor->default_readers(), *published->policies, *descriptor, {}, who, now());
}

bool Access::reads_entries(std::string_view domain, const Principal& who) const {
  const auto published = ledger_.published();
  return !published->policies->newest(domain) ||
         std::all_of(std::begin(evidence::kinds), std::end(evidence::kinds),
                     [&](const auto& row) { return may_read(*published->policies, domain, row.kind, {}, who); });
}

void Access::mark_restricted(policy::Facts& facts, const policy::Policies& policies) const {
  const Principal self = server_;
  for (auto& [domain, state] : facts.domains) {
    if (state.home || !policies.newest(domain)) continue;
    state.restricted |= std::any_of(std::begin(evidence::kinds), std::end(evidence::kinds), [&, name = std::string_view(domain)](const auto& row) {
      if (may_read(policies, name, row.kind, {}, self)) return false;
      const auto holder = policy::holder_of(facts, policies, name, now());
      return !may_read(policies, name, row.kind, {holder, &facts.subject}, self);
    });
  }
}

std::string Access::rights_of_anyone() const {
  const auto published = ledger_.published();
  std::string rights;
  for (const auto& domain : own_domains(*published)) rights += domain + "\n";
  for (const auto& [domain, chain] : published->policies->chains()) {
    rights += domain + " ";
    for (const auto& row : evidence::kinds) rights += may_read(*published->policies, domain, row.kind, {}, {}) ? '1' : '0';
  }
  return rights;
}

Rank Access::rank_of(const Caller& caller) const {
  if (caller.address.empty()) return Rank::server;
  return caller.who ? rank_of_key(*caller.who) : Rank::anyone;
}

Rank Access::rank_of_key(const KeyId& key) const { return rank_by_policies(*ledger_.published(), key); }

}  // namespace cm4it::service
