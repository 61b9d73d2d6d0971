// Who may read what (model.md "Domains and their policy", [read]).
#include <algorithm>

#include "evidence/kinds.h"
#include "service/impl.h"
#include "service/sight.h"

namespace cm4it::service {
namespace {

// A domain's servers read, in it and elsewhere, what its owner may: the keys that `who` reads as.
std::vector<KeyId> read_as(const policy::Policies& policies, const KeyId& who) {
  std::vector<KeyId> keys{who};
  for (const auto& membership : policies.servers_with_key(who))
    if (const auto* descriptor = policies.newest(membership.domain)) keys.push_back(descriptor->owner);
  return keys;
}

// The domains for which `who` speaks: whose things it could read as their holder.
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
  if (std::find(readers.begin(), readers.end(), "anyone") != readers.end()) return true;
  if (!who) return false;
  for (const KeyId& key : read_as(policies, *who)) {
    if (key == domain.owner) return true;
    if (std::any_of(readers.begin(), readers.end(),
                    [&](const auto& role) { return plays(policies, domain, role, about, key, at); }))
      return true;
  }
  return false;
}

}  // namespace

bool Service::may_read(const policy::Policies& policies, std::string_view domain, std::optional<Kind> kind,
                       const About& about, const Principal& who) const {
  const auto* descriptor = policies.newest(domain);
  if (kind && !evidence::row_of(*kind).read_by_roles) return true;
  if (!descriptor) return false;
  return is_among(kind ? descriptor->readers(*kind) : descriptor->verdict_readers(), policies, *descriptor, about, who, now());
}

bool Service::sees_nothing(const policy::Policies& policies, std::string_view domain, std::optional<Kind> kind,
                           const Principal& who) const {
  const auto* descriptor = policies.newest(domain);
  if (!descriptor || may_read(policies, domain, kind, {}, who)) return false;
  if (!who) return true;
  const auto& readers = kind ? descriptor->readers(*kind) : descriptor->verdict_readers();
  const auto names = [&](const char* role) { return std::find(readers.begin(), readers.end(), role) != readers.end(); };
  return !names("self") && !(names("holder") && !spoken_for(policies, *who).empty());
}

Result<bool> Service::could_read(const ledger::Reader& reader, std::string_view domain, std::optional<Kind> kind,
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

Result<bool> Service::could_read_any(const ledger::Reader& reader, const SubjectId& subject, const Principal& who) const {
  for (const auto& domain : own_domains(*this, reader))
    for (const auto& row : evidence::kinds) {
      if (!row.read_by_roles) continue;
      TRY(const bool could, could_read(reader, domain, row.kind, subject, who));
      if (could) return true;
    }
  return false;
}

// Where a domain has no policy yet, its log has nothing but what everybody may see.
bool Service::reads_log(std::string_view domain, const Principal& who) const {
  const auto published = impl_->ledger->published();
  const auto* descriptor = published->policies->newest(domain);
  return !descriptor || is_among(descriptor->default_readers(), *published->policies, *descriptor, {}, who, now());
}

bool Service::reads_entries(std::string_view domain, const Principal& who) const {
  const auto published = impl_->ledger->published();
  return !published->policies->newest(domain) ||
         std::all_of(std::begin(evidence::kinds), std::end(evidence::kinds),
                     [&](const auto& row) { return may_read(*published->policies, domain, row.kind, {}, who); });
}

void Service::mark_restricted(policy::Facts& facts, const policy::Policies& policies) const {
  const Principal self = server_key();
  for (auto& [domain, state] : facts.domains) {
    if (state.home || !policies.newest(domain)) continue;
    state.restricted |= std::any_of(std::begin(evidence::kinds), std::end(evidence::kinds), [&, name = std::string_view(domain)](const auto& row) {
      if (may_read(policies, name, row.kind, {}, self)) return false;
      const auto holder = policy::holder_of(facts, policies, name, now());
      return !may_read(policies, name, row.kind, {holder, &facts.subject}, self);
    });
  }
}

}  // namespace cm4it::service
