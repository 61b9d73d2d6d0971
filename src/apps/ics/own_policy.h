// The policy of the domain that a directory is home of: opened at its newest version, edited, signed as the next.
#pragma once

#include <string>
#include <vector>

#include "apps/ics/context.h"
#include "policy/descriptor_edit.h"

namespace cm4it::ics {

class OwnPolicy {
 public:
  // The newest version that DIR or its running server has. malformed: DIR is home of no domain; conflict: policy.toml was
  // edited and not signed.
  static Result<OwnPolicy> open(Context& context, const std::string& directory);
  // The same, and `text` is what shall be signed: its version must be the next one. Rivals of the newest version are healed by
  // it, unless they name different owners.
  static Result<OwnPolicy> open_to_sign(Context& context, const std::string& directory, const std::string& text);

  // The same for a person to edit: also of rivals, and whatever policy.toml says.
  static Result<OwnPolicy> open_to_edit(Context& context, const std::string& directory) { return load(context, directory, true); }

  const policy::Descriptor& newest() const { return *chain_.newest(); }
  // Is this the text of some signed version.
  bool is_a_version(const std::string& text) const;
  const policy::Chain& chain() const { return chain_; }
  policy::DescriptorEdit& edit() { return edit_; }
  const Directory& directory() const { return directory_; }

  // Did `edit` change anything.
  bool changed() const;
  // Shows what changes, asks, signs the next version, keeps it in DIR and submits it where the server runs. `first`: evidence
  // that the server must have before (peers' policies). Reports; the exit code.
  Result<int> sign(const std::vector<Bytes>& first = {});
  // Every signed version, oldest first.
  const std::vector<Bytes>& versions() const { return versions_; }

 private:
  OwnPolicy(Context& context, Directory directory, policy::Chain chain, std::vector<Bytes> versions, policy::DescriptorEdit edit)
      : context_(&context), directory_(std::move(directory)), chain_(std::move(chain)), versions_(std::move(versions)), edit_(std::move(edit)) {}
  static Result<OwnPolicy> load(Context& context, const std::string& directory, bool heals);
  Result<void> confirm() const;
  Result<Bytes> sign_text() const;
  Result<int> submit(const std::vector<Bytes>& first);

  Context* context_;
  Directory directory_;
  policy::Chain chain_;
  std::vector<Bytes> versions_;
  policy::DescriptorEdit edit_;
};

}  // namespace cm4it::ics
