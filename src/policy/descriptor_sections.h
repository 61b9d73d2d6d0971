// The entries of a descriptor's sections. For descriptor_parse.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/descriptor.h"
#include "policy/staleness.h"
#include "policy/toml_reader.h"

namespace cm4it::policy {

bool is_built_in(std::string_view role);
// Names of keys, servers and roles.
bool is_name(std::string_view text);

// `known`: what was read of the descriptor so far, its keys and roles. Errors name the entry and the rule.
// A key by its name in [keys], or by its id when it is listed there.
Result<KeyId> key_named(const TomlReader& at, std::string_view field, const std::string& name, const Descriptor& known);
Result<Server> read_server(const TomlReader& entry, std::string name);
Result<RoleEntry> read_role_entry(const TomlReader& entry, const std::string& role, const Descriptor& known);
// These may be named where somebody may read, or write.
Result<void> check_roles(const TomlReader& at, std::string_view key, const std::vector<std::string>& roles, bool reading, const Descriptor& known);
Result<Admit> read_admit(const TomlReader& entry, const Descriptor& known);
Result<void> read_permits(const TomlReader& document, Descriptor& to);
Result<void> read_copies(const TomlReader& document, Descriptor& to);

}  // namespace cm4it::policy
