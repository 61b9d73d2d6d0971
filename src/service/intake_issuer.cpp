// The domains that a piece of evidence is for, and the candidate keys of its issuer.
#include "service/intake_facts.h"
#include "service/intake_steps.h"
#include "service/key_index.h"

namespace cm4it::service {
namespace {

using evidence::Decoded;
using evidence::Statement;

Result<std::vector<std::string>> domains_of(const Decoded& decoded, std::string_view submission_domain) {
  std::vector<std::string> domains;
  for (const Statement& statement : decoded.statements())
    for (const auto& domain : statement.domains)
      if (!contains(domains, domain)) domains.push_back(domain);
  if (domains.empty()) {
    if (submission_domain.empty())
      return fail(Code::malformed, std::string("domain: required for evidence of format ") +
                  to_string(decoded.format()) + ", which names none", "add ?domain=NAME to the request");
    domains.emplace_back(submission_domain);
  }
  return domains;
}

std::string home_url(const policy::Policies& policies, std::string_view domain) {
  const auto* descriptor = policies.newest(domain);
  if (descriptor)
    for (const auto& [name, server] : descriptor->servers)
      if (server.home) return server.url;
  return {};
}

Result<void> held_somewhere(const std::vector<std::string>& domains, const IntakeContext& context) {
  const auto& held = context.reader.published().domains;
  for (const auto& domain : domains)
    if (is_home(domain, context) || held.contains(domain)) return {};
  return fail(Code::misdirected, "domain: " + domains[0] + " is not kept by this server", home_url(context.reader.policies(), domains[0]));
}

}  // namespace

Result<AddressedEvidence> address(Decoded decoded, const IntakeContext& context) {
  TRY(auto domains, domains_of(decoded, context.submission_domain));
  if (is_policy(decoded)) return AddressedEvidence(AddressedPolicy(std::move(decoded), std::move(domains)));
  add_listening_homes(decoded, context.reader.policies(), context.server.homes, domains);
  CHECK_OK(held_somewhere(domains, context));
  return AddressedEvidence(Addressed(std::move(decoded), std::move(domains)));
}

Result<AddressedEvidence> address_copy(Decoded decoded, const std::vector<ledger::ForeignReceipt>& receipts, const IntakeContext& context) {
  TRY(auto domains, domains_of(decoded, receipts.empty() ? std::string_view{} : std::string_view(receipts[0].domain)));
  if (is_policy(decoded)) return AddressedEvidence(AddressedPolicy(std::move(decoded), std::move(domains)));
  add_listening_homes(decoded, context.reader.policies(), context.server.homes, domains);
  return AddressedEvidence(Addressed(std::move(decoded), std::move(domains)));
}

Result<WithIssuer> find_issuer(Addressed evidence, const IntakeContext& context) {
  TRY(auto issuer, policy::candidate_keys(evidence.decoded, evidence.domains, context.reader.policies(), LedgerKeyIndex(context.reader)));
  return WithIssuer(std::move(evidence), std::move(issuer));
}

}  // namespace cm4it::service
