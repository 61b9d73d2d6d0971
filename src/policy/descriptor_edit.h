// Changes to a descriptor's text that leave all the rest as its author wrote it, comments included. What comes out is
// checked as parse_descriptor would: an edit either succeeds, or changes nothing.
#pragma once

#include <string>
#include <vector>

#include "policy/descriptor.h"

namespace cm4it::policy {

class DescriptorEdit {
 public:
  static Result<DescriptorEdit> start(std::string text);

  const Descriptor& descriptor() const { return descriptor_; }
  const std::string& text() const { return text_; }

  Result<void> set_version(std::uint64_t version);
  // The name in [keys]: that which the key has, else `wanted`, else `wanted` and a number. Some name of [keys] that is not
  // an owner's alone: role entries refer to it.
  Result<std::string> add_key(const std::string& wanted, const crypto::PublicKey& key);
  // Who plays a role, from now on; every key is in [keys]. An empty list leaves the role defined, and nobody in it.
  Result<void> set_role(const std::string& role, const std::vector<RoleEntry>& entries);
  Result<void> set_owner(const std::string& name);
  // conflict: the name is taken. not_found: it is not.
  Result<void> add_server(const Server& server);
  Result<void> remove_server(const std::string& name);
  // Of a domain that is copied already: in its place.
  Result<void> set_copy(const CopyRule& rule);
  Result<void> add_permit(const Permit& permit);
  // The number-th of descriptor().permits, from 0. not_found: there are fewer.
  Result<void> remove_permit(std::size_t number);

 private:
  DescriptorEdit(std::string text, Descriptor descriptor) : text_(std::move(text)), descriptor_(std::move(descriptor)) {}
  Result<void> become(std::string text);

  std::string text_;
  Descriptor descriptor_;
};

}  // namespace cm4it::policy
