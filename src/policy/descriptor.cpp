#include "policy/descriptor.h"

#include <algorithm>

namespace cm4it::policy {

const crypto::PublicKey* Descriptor::find_key(const KeyId& id) const {
  for (const auto& [name, key] : keys)
    if (key.id() == id) return &key;
  for (const auto& [name, server] : servers) {
    if (server.key.id() == id) return &server.key;
    if (server.log && server.log->id() == id) return &*server.log;
  }
  return nullptr;
}

std::string Descriptor::name_of(const KeyId& id) const {
  for (const auto& [name, key] : keys)
    if (key.id() == id) return name;
  for (const auto& [name, server] : servers)
    if (server.key.id() == id || (server.log && server.log->id() == id)) return name;
  return {};
}

const Server* Descriptor::server_with_key(const KeyId& id) const {
  for (const auto& [name, server] : servers)
    if (server.key.id() == id) return &server;
  return nullptr;
}

const Server* Descriptor::home_with_log(const KeyId& id) const {
  for (const auto& [name, server] : servers)
    if (server.home && server.log && server.log->id() == id) return &server;
  return nullptr;
}

std::string Descriptor::home_url() const {
  for (const auto& [name, server] : servers)
    if (server.home) return server.url;
  return {};
}

namespace {
const std::vector<std::string> open_to_all = {"anyone"};
}

const std::vector<std::string>& Descriptor::readers(Kind kind) const {
  const auto own = read.find(evidence::to_string(kind));
  return own != read.end() ? own->second : default_readers();
}

const std::vector<std::string>& Descriptor::verdict_readers() const {
  const auto own = read.find("verdict");
  return own != read.end() ? own->second : default_readers();
}

const std::vector<std::string>& Descriptor::default_readers() const {
  const auto rest = read.find("default");
  return rest != read.end() ? rest->second : open_to_all;
}

std::vector<std::string> Descriptor::referenced() const {
  std::vector<std::string> domains;
  for (const auto& [role, entries] : roles)
    for (const auto& entry : entries)
      if (const auto* reference = std::get_if<RoleReference>(&entry.who)) domains.push_back(reference->domain);
  for (const auto& copy : copies) domains.push_back(copy.domain);
  std::sort(domains.begin(), domains.end());
  domains.erase(std::unique(domains.begin(), domains.end()), domains.end());
  return domains;
}

}  // namespace cm4it::policy
