// Keys out of seeds, policies written out, and a subject's statements with receipts, for the tests of this room.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "crypto/signer.h"
#include "evidence/evidence.h"
#include "policy/fold.h"

namespace cm4it::policy::fixture {

using evidence::Assign;
using evidence::Body;
using evidence::Endorse;
using evidence::Identity;
using evidence::PolicyText;
using evidence::Statement;
using evidence::StatusChange;
using evidence::SubjectId;
using evidence::Transfer;
using evidence::Withdraw;
using testing::HasSubstr;

inline crypto::SignerPtr key_of(const std::string& name, crypto::Algorithm algorithm = crypto::Algorithm::eddsa) {
  static std::map<std::pair<std::string, crypto::Algorithm>, crypto::SignerPtr> made;
  auto& key = made[{name, algorithm}];
  if (!key) {
    auto signer = crypto::from_seed(algorithm, crypto::sha256(view("cm4it test key " + name)));
    EXPECT_TRUE(signer) << (signer ? "" : signer.error().message);
    key = *signer;
  }
  return key;
}
inline KeyId id_of(const std::string& name) { return key_of(name)->public_key().id(); }
inline std::string base64_of(const std::string& name, crypto::Algorithm algorithm = crypto::Algorithm::eddsa) {
  return key_of(name, algorithm)->public_key().base64();
}
inline KeyId log_of(const std::string& domain) { return id_of(domain + " log"); }

// `text` with the first `from` replaced; a test whose edit does not apply fails.
inline std::string edited(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, text.npos) << "nothing to edit: " << from;
  return at == text.npos ? text : text.replace(at, from.size(), to);
}

// domain, version, owner, [keys] with each of `keys` under its own name, and one home.
inline std::string head(const std::string& domain, std::uint64_t version, const std::string& owner,
                        const std::vector<std::string>& keys) {
  std::string text = "domain = \"" + domain + "\"\nversion = " + std::to_string(version) + "\nowner = \"" + owner + "\"\n[keys]\n";
  for (const auto& name : keys) text += name + " = \"" + base64_of(name) + "\"\n";
  return text + "[servers]\nmain = { key = \"" + base64_of(domain + " server", crypto::Algorithm::es256) + "\", log = \"" +
         base64_of(domain + " log") + "\", url = \"https://" + domain + ":8443\", home = true }\n";
}

inline std::string copy_of(const std::string& domain, const std::string& owner) {
  return "[[copy]]\ndomain = \"" + domain + "\"\nowner = \"" + id_of(owner).text() + "\"\nfrom = \"https://" + domain + ":8443\"\n";
}

// A manufacturer's domain, and the plant that buys from it.
inline const std::string acme_rules =
    "[roles]\nmanufacturer = [\"line1\"]\n[write]\nidentity = [\"manufacturer\"]\nendorse = [\"manufacturer\", \"holder\"]\n"
    "status = [\"manufacturer\", \"holder\"]\ntransfer = [\"holder\"]\n";
inline std::string acme_policy(std::uint64_t version = 1, const std::string& rules = acme_rules) {
  return head("acme.example", version, "acme", {"acme", "line1", "line2"}) + rules;
}

inline const std::string plant_rules =
    "[roles]\n"
    "integrator = [\"volta\"]\n"
    "maintainer = [\"volta\", \"sparks\"]\n"
    "certifier = [{ key = \"tuev\", until = 2027-06-01T00:00:00Z }]\n"
    "agent = [\"sparks\"]\n"
    "manufacturer = [{ domain = \"acme.example\", role = \"manufacturer\" }]\n"
    "[write]\n"
    "identity = [\"manufacturer\", \"integrator\"]\n"
    "endorse = [\"integrator\", \"certifier\", \"holder\", \"manufacturer\"]\n"
    "status = [\"maintainer\", \"holder\", \"manufacturer\", \"certifier\"]\n"
    "transfer = [\"holder\"]\n"
    "assign = [\"maintainer\"]\n"
    "[admit.device]\n"
    "identified_by = [\"manufacturer\"]\n"
    "endorsed_by = { integrator = [\"approved\"] }\n"
    "status = [\"in-use\"]\n"
    "max_staleness = \"24h\"\n"
    "[admit.gateway]\n"
    "identified_by = [\"integrator\"]\n"
    "[[permit]]\n"
    "from = { model = [\"thermo-*\"] }\n"
    "to = { type = [\"gateway\"], cloud = [\"hall-3\"] }\n";
inline std::string plant_policy(std::uint64_t version = 1, const std::string& rules = plant_rules) {
  return head("plant.example", version, "plant", {"plant", "volta", "sparks", "tuev", "nobody"}) + rules +
         copy_of("acme.example", "acme");
}

inline SignedDescriptor signed_by(const std::string& signer, const std::string& text, Time issued = {}) {
  auto parsed = parse_descriptor(text);
  EXPECT_TRUE(parsed) << parsed.error().message << "\n" << text;
  auto descriptor = std::make_shared<const Descriptor>(parsed ? std::move(*parsed) : Descriptor{});
  const std::string bytes = text + (issued == Time{} ? "" : to_rfc3339(issued));
  return {descriptor, evidence::statement_id(Format::cose, id_of(signer), view(bytes)), id_of(signer), issued, issued};
}

inline Pin pin(const std::string& domain, const std::string& owner, Pin::Source source = Pin::Source::configuration) {
  return {domain, id_of(owner), source};
}

inline Policies assemble(const std::vector<SignedDescriptor>& descriptors, const std::vector<Pin>& pins) {
  return Policies::assemble(descriptors, pins);
}

// acme.example and plant.example; plant's owner is pinned, acme's by plant's [[copy]].
inline Policies both(const std::string& plant = plant_policy(), const std::string& acme = acme_policy()) {
  return assemble({signed_by("plant", plant), signed_by("acme", acme)}, {pin("plant.example", "plant")});
}

}  // namespace cm4it::policy::fixture
