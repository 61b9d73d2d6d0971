// The first version of a domain's policy, as commented text: a beginning that works, to be edited.
#pragma once

#include <optional>
#include <string>

#include "crypto/key.h"

namespace cm4it::ics {

struct NewDomain {
  std::string role, domain, owner_name, server_name, url;
  crypto::PublicKey owner, server, log;
  std::optional<crypto::PublicKey> ca;  // manufacturer too, by the certificates it issues
};

// Roles of `ics init` that make a domain (docs/cli.md); infield is home of none.
bool makes_domain(const std::string& role);
// The owner plays every local role; the holder may endorse, transfer and say a status.
std::string first_policy(const NewDomain& domain);
// "acme" of "acme.example".
std::string owner_name_for(const std::string& domain);

}  // namespace cm4it::ics
