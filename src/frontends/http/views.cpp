#include "frontends/http/views.h"

#include <boost/json.hpp>

namespace cm4it::http {
namespace {

namespace json = boost::json;
using evidence::Statement;
using policy::Verdict;

void add_text(json::object& to, const char* name, const std::string& text) {
  if (!text.empty()) to[name] = text;
}

json::array texts(const std::vector<std::string>& list) { return json::array(list.begin(), list.end()); }

json::object identity_body(const evidence::Identity& identity) {
  json::object body{{"type", evidence::to_string(identity.type)}, {"name", identity.name},     {"maker", identity.maker},
                    {"model", identity.model},                    {"serial", identity.serial}, {"version", identity.version},
                    {"uris", texts(identity.uris)}};
  json::object attributes;
  for (const auto& [name, value] : identity.attributes) attributes[name] = value;
  body["attributes"] = std::move(attributes);
  return body;
}

struct BodyJson {
  json::object operator()(const evidence::Identity& body) const { return identity_body(body); }
  json::object operator()(const evidence::Endorse& body) const { return {{"label", body.label}, {"note", body.note}}; }
  json::object operator()(const evidence::StatusChange& body) const {
    return {{"status", evidence::to_string(body.status)}, {"reason", body.reason}};
  }
  json::object operator()(const evidence::Transfer& body) const {
    return {{"domain", body.domain}, {"owner", body.owner.text()}};
  }
  json::object operator()(const evidence::Assign& body) const { return {{"cloud", body.cloud}}; }
  json::object operator()(const evidence::Withdraw& body) const {
    return {{"statement", body.statement.text()}, {"reason", body.reason}};
  }
  json::object operator()(const evidence::PolicyText& body) const {
    json::object shown;
    if (const auto descriptor = policy::parse_descriptor(body.descriptor, policy::Homes::several)) shown["version"] = descriptor->version;
    return shown;
  }
};

const char* outcome_text(policy::Reason::Outcome outcome) {
  switch (outcome) {
    case policy::Reason::Outcome::met: return "met";
    case policy::Reason::Outcome::failed: return "failed";
    case policy::Reason::Outcome::unknown: return "unknown";
  }
  return "unknown";
}

json::array reasons_json(const std::vector<policy::Reason>& reasons) {
  json::array list;
  for (const auto& reason : reasons) {
    json::object one{{"outcome", outcome_text(reason.outcome)}, {"rule", reason.rule}, {"text", reason.text}};
    if (reason.statement) one["statement"] = reason.statement->text();
    add_text(one, "domain", reason.domain);
    list.push_back(std::move(one));
  }
  return list;
}

std::string holder_text(const Verdict& verdict) { return verdict.contradiction ? "contradiction" : verdict.holder; }

const policy::Judgement* judgement_of(const Verdict& verdict, const evidence::StatementId& id) {
  for (const auto& judgement : verdict.judgements)
    if (judgement.fact->statement.id == id) return &judgement;
  return nullptr;
}

void add_issuer(json::object& to, const KeyId& issuer, const service::SubjectView& looked) {
  to["issuer"] = issuer.text();
  to["issuer_name"] = looked.published->policies->name_of(issuer);
}

json::object status_json(const service::SubjectView& looked) {
  const Verdict& verdict = looked.verdict;
  json::object status{{"status", evidence::to_string(*verdict.status)}, {"statement", verdict.status_statement->text()}};
  if (const auto* judgement = judgement_of(verdict, *verdict.status_statement)) {
    const Statement& statement = judgement->fact->statement;
    add_issuer(status, statement.issuer, looked);
    status["time"] = to_rfc3339(statement.issued_at);
    if (const auto* change = std::get_if<evidence::StatusChange>(&statement.body)) add_text(status, "reason", change->reason);
    else if (const auto* withdraw = std::get_if<evidence::Withdraw>(&statement.body)) add_text(status, "reason", withdraw->reason);  // a CRL
  } else {
    status["of_model"] = true;
  }
  return status;
}

// What a client sent may be part of a message, and need not be text.
std::string clean(std::string message) {
  if (!is_utf8(message))
    for (char& octet : message)
      if (static_cast<unsigned char>(octet) >= 0x80) octet = '?';
  return message;
}

json::object error_json(const Error& error) {
  json::object shown{{"title", to_string(error.code)}, {"detail", clean(error.message)}};
  add_text(shown, "hint", clean(error.detail));
  return shown;
}

const char* result_text(service::ItemResult::Outcome outcome) {
  switch (outcome) {
    case service::ItemResult::Outcome::received: return "received";
    case service::ItemResult::Outcome::provisional: return "provisional";
    case service::ItemResult::Outcome::not_yet: return "not-yet";
    case service::ItemResult::Outcome::refused: return "refused";
  }
  return "refused";
}

json::object item_json(const service::ItemResult& item) {
  json::object shown{{"result", result_text(item.outcome)}};
  if (item.statement) shown["statement"] = item.statement->text();
  if (item.error) {
    shown["error"] = error_json(*item.error);
    return shown;
  }
  shown["new"] = item.is_new;
  json::array received;
  for (const auto& placement : item.received)
    received.push_back({{"domain", placement.domain}, {"index", placement.index}, {"time", to_rfc3339(placement.received)}});
  shown["received"] = std::move(received);
  if (!item.forwarded_to.empty()) shown["forwarded_to"] = texts(item.forwarded_to);
  if (!item.not_taken.empty()) {
    json::array not_taken;
    for (const auto& [domain, error] : item.not_taken) not_taken.push_back({{"domain", domain}, {"error", error_json(error)}});
    shown["not_taken"] = std::move(not_taken);
  }
  if (!item.warnings.empty()) shown["warnings"] = texts(item.warnings);
  return shown;
}

}  // namespace

json::object verdict_json(const Verdict& verdict) {
  json::object shown{{"subject", verdict.subject.text()},        {"domain", verdict.domain},
                     {"admitted", to_string(verdict.admitted)}, {"at", to_rfc3339(verdict.at)},
                     {"valid_until", to_rfc3339(verdict.valid_until)}};
  if (verdict.type) shown["type"] = evidence::to_string(*verdict.type);
  if (verdict.status) shown["status"] = evidence::to_string(*verdict.status);
  add_text(shown, "holder", holder_text(verdict));
  add_text(shown, "cloud", verdict.cloud);
  if (verdict.newest_head) shown["newest_head"] = to_rfc3339(*verdict.newest_head);
  shown["reasons"] = reasons_json(verdict.reasons);
  return shown;
}

json::object summary_json(const service::SubjectView& looked) {
  const Verdict& verdict = looked.verdict;
  json::object shown{{"subject", verdict.subject.text()}, {"domain", verdict.domain}};
  if (verdict.identity) {
    auto identity = identity_body(*verdict.identity);
    identity["statement"] = verdict.identity_statement->text();
    shown["identity"] = std::move(identity);
  }
  if (verdict.status) shown["status"] = status_json(looked);
  add_text(shown, "holder", holder_text(verdict));
  add_text(shown, "cloud", verdict.cloud);
  json::array endorsements;
  for (const auto& endorsement : verdict.endorsements) {
    json::object one{{"label", endorsement.label}, {"roles", texts(endorsement.roles)},
                     {"statement", endorsement.statement.text()}, {"of_model", endorsement.of_model}};
    add_issuer(one, endorsement.issuer, looked);
    endorsements.push_back(std::move(one));
  }
  shown["endorsements"] = std::move(endorsements);
  shown["verdict"] = {{"admitted", to_string(verdict.admitted)},
                      {"valid_until", to_rfc3339(verdict.valid_until)},
                      {"reasons", reasons_json(verdict.reasons)}};
  return shown;
}

json::object history_json(const service::SubjectView& looked) {
  json::array statements;
  for (const auto& judgement : looked.verdict.judgements) {
    const Statement& statement = judgement.fact->statement;
    json::object one{{"statement", statement.id.text()}, {"format", evidence::to_string(statement.format)},
                     {"kind", evidence::to_string(statement.kind())}, {"body", std::visit(BodyJson{}, statement.body)}};
    add_issuer(one, statement.issuer, looked);
    one["issued_at"] = to_rfc3339(statement.issued_at);
    one["received"] = to_rfc3339(judgement.received);
    one["provisional"] = judgement.provisional;
    if (statement.not_before) one["not_before"] = to_rfc3339(*statement.not_before);
    if (statement.expires) one["expires"] = to_rfc3339(*statement.expires);
    one["domains"] = texts(*judgement.domains);
    one["counts"] = judgement.counts;
    one["roles"] = texts(judgement.roles);
    add_text(one, "why_not", judgement.why_not);
    if (is_self_compromise(statement, statement.issuer)) one["silences_issuer"] = true;
    if (judgement.decided_by) one["decided_by"] = judgement.decided_by->text();
    statements.push_back(std::move(one));
  }
  return {{"subject", looked.verdict.subject.text()}, {"domain", looked.verdict.domain}, {"statements", std::move(statements)}};
}

json::object may_json(const evidence::SubjectId& from, const evidence::SubjectId& to,
                      const service::Verdicts::MayAnswer& answer) {
  return {{"from", from.text()}, {"to", to.text()}, {"domain", answer.domain},
          {"allowed", to_string(answer.may.allowed)}, {"valid_until", to_rfc3339(answer.may.valid_until)},
          {"reasons", reasons_json(answer.may.reasons)}};
}

json::object submission_json(const std::vector<service::ItemResult>& results) {
  using Outcome = service::ItemResult::Outcome;
  std::size_t counts[4] = {};
  json::array items;
  for (const auto& item : results) {
    ++counts[static_cast<std::size_t>(item.outcome)];
    items.push_back(item_json(item));
  }
  const auto count = [&](Outcome outcome) { return counts[static_cast<std::size_t>(outcome)]; };
  return {{"items", std::move(items)}, {"received", count(Outcome::received)}, {"provisional", count(Outcome::provisional)},
          {"refused", count(Outcome::refused)}, {"not_yet", count(Outcome::not_yet)}};
}

json::object domain_json(const service::DomainView& view) {
  json::object shown{{"domain", view.domain}, {"home", view.home}, {"version", view.version}, {"forked", view.forked}};
  if (view.owner) shown["owner"] = view.owner->text();
  add_text(shown, "pinned", view.pinned);
  if (view.newest_head) shown["newest_head"] = to_rfc3339(*view.newest_head);
  if (view.size) shown["size"] = *view.size;
  add_text(shown, "origin", view.origin);
  add_text(shown, "not_signing", view.not_signing);
  return shown;
}

json::object peer_json(const PeerState& peer) {
  json::object shown{{"domain", peer.domain}, {"url", peer.url}, {"state", peer.state}, {"position", peer.position},
                     {"pending", peer.pending}, {"missed", peer.missed}};
  if (peer.newest_head) shown["newest_head"] = to_rfc3339(*peer.newest_head);
  if (peer.behind) shown["behind"] = *peer.behind;
  if (peer.since) shown["since"] = to_rfc3339(*peer.since);
  add_text(shown, "last_error", peer.last_error);
  if (peer.refused > 0) shown["refused"] = peer.refused;
  add_text(shown, "last_refusal", peer.last_refusal);
  add_text(shown, "clock", peer.clock);
  return shown;
}

unsigned status_of(Code code) {
  switch (code) {
    case Code::malformed: return 400;
    case Code::too_large: return 413;
    case Code::unsupported: return 415;
    case Code::bad_signature: return 422;
    case Code::not_permitted: return 403;
    case Code::not_found: return 404;
    case Code::ambiguous: return 409;
    case Code::conflict: return 409;
    case Code::not_yet: return 409;
    case Code::misdirected: return 421;
    case Code::unavailable: return 503;
    case Code::internal: return 500;
  }
  return 500;
}

json::object problem_json(const Error& error, unsigned status) {
  json::object shown{{"type", "about:blank"}, {"title", to_string(error.code)}, {"status", status}, {"detail", clean(error.message)}};
  if (error.code == Code::misdirected) add_text(shown, "home", error.detail);
  else if (error.code != Code::ambiguous) add_text(shown, "hint", clean(error.detail));
  return shown;
}

}  // namespace cm4it::http
