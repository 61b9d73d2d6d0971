// A subject and what is said about it, with receipts, for tests of the fold.
#pragma once

#include "policy/policy_fixture.h"

namespace cm4it::policy::fixture {

inline constexpr Time start{1'798'761'600};  // 2027-01-01T00:00:00Z
constexpr Time hour(std::int64_t hours) { return start + hours * 3600; }

inline const std::string acme = "acme.example", plant = "plant.example";
inline const std::string thermo = "model:acme.example/thermo-2000";

// How something is said, where that is not the usual way: in plant.example, received when it was issued, by its home.
struct How {
  std::vector<std::string> domains{};
  std::optional<Time> issued{}, not_before{}, expires{};
  std::optional<std::vector<std::string>> received_by{};  // homes of these domains; without: those of `domains`
  std::uint64_t index = 0;
  Format format = Format::cose;
};
inline How in(const std::vector<std::string>& domains) { return {.domains = domains}; }
inline const How acme_only = in({acme});

inline Identity identity_of(const std::string& name, Type type = Type::device, const std::string& model = "thermo-2000") {
  Identity identity;
  identity.type = type;
  identity.spki = to_bytes(key_of(name)->public_key().spki());
  identity.name = name;
  identity.maker = "Acme";
  identity.model = model;
  return identity;
}

inline Fact fact_of(const SubjectId& subject, const std::string& issuer, const Body& body, Time received, const How& how) {
  Fact fact;
  fact.domains = how.domains.empty() ? std::vector{plant} : how.domains;
  fact.first_seen = received;
  auto evidence = evidence::sign({subject, fact.domains, body, how.issued.value_or(received), how.not_before, how.expires}, *key_of(issuer));
  EXPECT_TRUE(evidence) << (evidence ? "" : evidence.error().message);
  if (!evidence) return fact;
  auto decoded = evidence::decode(Format::cose, *evidence);
  EXPECT_TRUE(decoded) << (decoded ? "" : decoded.error().message);
  const Bytes signed_bytes = to_bytes(decoded->signed_bytes());
  auto verified = evidence::verify(std::move(*decoded), key_of(issuer)->public_key());
  EXPECT_TRUE(verified) << (verified ? "" : verified.error().message);
  fact.statement = verified->statements().at(0);
  if (how.format != Format::cose) {  // as if another standard's signature had said it
    fact.statement.format = how.format;
    fact.statement.domains.clear();
    fact.statement.id = evidence::statement_id(how.format, fact.statement.issuer, signed_bytes);
  }
  for (const auto& home : how.received_by.value_or(fact.domains)) fact.receipts.push_back({home, log_of(home), received, how.index});
  return fact;
}

// One subject as a server knows it, with whole and fresh copies of plant.example and acme.example.
struct World {
  explicit World(const std::string& name = "sensor") : World(SubjectId::key(id_of(name))) {}
  explicit World(const SubjectId& subject) {
    facts.subject = subject;
    heads(hour(10));
  }

  void heads(Time time) { facts.domains[plant].newest_head = facts.domains[acme].newest_head = time; }

  StatementId say(const std::string& issuer, const Body& body, Time received, const How& how = {}) {
    facts.about.push_back(fact_of(facts.subject, issuer, body, received, how));
    return facts.about.back().statement.id;
  }
  StatementId say_of_model(const std::string& issuer, const Body& body, Time received, const How& how = {}, const std::string& model = thermo) {
    auto& about = facts.models[model];
    about.push_back(fact_of(*SubjectId::parse(model), issuer, body, received, how));
    return about.back().statement.id;
  }

  Verdict fold(const Policies& policies, Time at = hour(10), const std::string& domain = plant) const {
    return policy::fold(facts, policies, domain, at);
  }

  Facts facts;
};

// Made by acme's line, sold to the plant, approved, put into hall 3 and in use: admitted from hour 5 on.
inline World deployed(const std::string& name = "sensor") {
  World world(name);
  world.say("line1", identity_of(name), hour(1), {.domains = {acme}});
  world.say("acme", Transfer{plant, id_of("plant")}, hour(2), {.domains = {acme}});
  world.say("volta", Endorse{"approved", ""}, hour(3));
  world.say("volta", Assign{"hall-3"}, hour(4));
  world.say("volta", StatusChange{Status::in_use, ""}, hour(5));
  return world;
}

// The judgement of one statement; null, and the test fails, where there is none.
inline const Judgement* judgement_of(const Verdict& verdict, const StatementId& id) {
  for (const Judgement& judgement : verdict.judgements)
    if (judgement.fact->statement.id == id) return &judgement;
  ADD_FAILURE() << "not among the judgements";
  return nullptr;
}

// Why one statement does not count, "" when it does.
inline std::string why_not(const Verdict& verdict, const StatementId& id) {
  for (const Judgement& judgement : verdict.judgements)
    if (judgement.fact->statement.id == id) return judgement.counts ? "" : judgement.why_not.empty() ? "no reason given" : judgement.why_not;
  return "not among the judgements";
}

// "failed status: status is lost, not in-use"; empty: no such rule.
inline std::string reason_text(const Verdict& verdict, const std::string& rule) {
  for (const Reason& reason : verdict.reasons)
    if (reason.rule == rule)
      return std::string(reason.outcome == Reason::Outcome::met ? "met" : reason.outcome == Reason::Outcome::failed ? "failed" : "unknown") +
             " " + rule + ": " + reason.text;
  return {};
}
inline std::optional<StatementId> behind(const Verdict& verdict, const std::string& rule) {
  for (const Reason& reason : verdict.reasons)
    if (reason.rule == rule) return reason.statement;
  return {};
}

inline std::string failures(const Verdict& verdict) {
  std::string text;
  for (const Reason& reason : verdict.reasons)
    if (reason.outcome != Reason::Outcome::met) text += (text.empty() ? "" : "; ") + reason_text(verdict, reason.rule);
  return text;
}

inline std::string status_text(const Verdict& verdict) { return verdict.status ? evidence::to_string(*verdict.status) : "unset"; }

}  // namespace cm4it::policy::fixture
