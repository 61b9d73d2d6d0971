// Histories of one thing by chance: statements of every kind and party, of any date and received by whichever homes, and policies of
// five domains that change meanwhile. For settled_property_test.cpp.
#pragma once

#include <random>

#include "base/text.h"
#include "policy/fold_fixture.h"

namespace cm4it::policy::settled {

using namespace fixture;

inline const std::string x = "x.example", rival = "rival.example", shop = "shop.example", buyer = "buyer.example";
constexpr Time moment(int event) { return start + event * 1000; }
inline const Time far = moment(10'000);

// The rules of the domain that is asked: each history begins with one of these, and may come to another.
inline const std::string references = "{ domain = \"acme.example\", role = \"manufacturer\" }, { domain = \"rival.example\", role = \"manufacturer\" }";
inline const std::string maintainers = "maintainer = [\"ohm\", { key = \"mia\", until = " + to_rfc3339(moment(7)) + " }]\n";
inline const std::vector<std::string> x_rules = {
    "[roles]\nmanufacturer = [\"maker\", " + references + "]\n" + maintainers +
    "[write]\nidentity = [\"manufacturer\", \"self\"]\nstatus = [\"maintainer\", \"holder\", \"manufacturer\", \"self\"]\n"
    "endorse = [\"maintainer\", \"holder\"]\ntransfer = [\"holder\", \"manufacturer\"]\nassign = [\"holder\", \"maintainer\"]\n"
    "[admit.device]\nidentified_by = [\"manufacturer\"]\nstatus = [\"in-use\"]\n",
    // What lies nearest: only holders sell, nobody speaks of itself.
    "[roles]\nmanufacturer = [" + references + "]\n" + maintainers +
    "[write]\nidentity = [\"manufacturer\"]\nstatus = [\"maintainer\", \"holder\", \"manufacturer\"]\nendorse = [\"maintainer\"]\n"
    "transfer = [\"holder\"]\nassign = [\"maintainer\"]\n"
    "[admit.device]\nidentified_by = [\"manufacturer\"]\n",
    // Whoever identifies may sell, and there is no [admit].
    "[roles]\nmanufacturer = [\"maker\", " + references + "]\n" + maintainers +
    "[write]\nidentity = [\"manufacturer\"]\nstatus = [\"maintainer\", \"holder\", \"manufacturer\"]\n"
    "endorse = [\"maintainer\", \"holder\"]\ntransfer = [\"holder\", \"manufacturer\"]\nassign = [\"holder\"]\n"};

inline const std::vector<std::string> everybody = {"maker", "ohm", "mia", "xo", "ao", "ao2", "ro", "so", "so2", "bo", "bo2", "ag", "line1", "line2", "rline", "evil", "thing"};
inline const std::map<std::string, std::string> first_owners = {{acme, "ao"}, {rival, "ro"}, {shop, "so"}, {buyer, "bo"}};

inline std::string name_of(const KeyId& id) {
  for (const auto& name : everybody)
    if (id_of(name) == id) return name;
  return "?";
}

inline SignedDescriptor descriptor(const std::string& signer, const std::string& domain, std::uint64_t version, const std::string& owner,
                            const std::string& rules, Time received, bool seen_by_x) {
  static std::map<std::string, std::shared_ptr<const Descriptor>> parsed;
  const std::string text = head(domain, version, owner, everybody) + rules;
  auto& known = parsed[text];
  if (!known) {
    auto result = parse_descriptor(text);
    EXPECT_TRUE(result) << (result ? "" : result.error().message) << text;
    known = std::make_shared<const Descriptor>(std::move(*result));
  }
  SignedDescriptor made{known, evidence::statement_id(Format::cose, id_of(signer), view(text + to_rfc3339(received))), id_of(signer), start, received, {}};
  if (seen_by_x) made.receipts.push_back({x, log_of(x), received, 0});
  else if (domain == acme || domain == rival) made.receipts.push_back({domain, log_of(domain), received, 0});
  return made;
}

class RandomHistory {
 public:
  explicit RandomHistory(std::uint64_t seed) : engine_(seed), seed_(seed) {
    world_.facts.about.reserve(most_events);  // verdicts point into it
    world_.facts.domains = {{x, {}}, {acme, {}}, {rival, {}}};
    for (const char* model : {"model:acme.example/m1", "model:acme.example/m2"}) world_.facts.models[model].reserve(most_events);
    publish_x(1);
    policies_.push_back(descriptor("ao", acme, 1, "ao", makers("\"line1\""), start, true));
    policies_.push_back(descriptor("ro", rival, 1, "ro", makers("\"rline\""), start, true));
    policies_.push_back(descriptor("so", shop, 1, "so", "[roles]\nagent = [\"ag\"]\n", start, true));
    policies_.push_back(descriptor("bo", buyer, 1, "bo", "", start, true));
  }

 protected:
  Time now() const { return moment(event_); }
  std::string told() const { return "CM4IT_SEED=" + std::to_string(seed_) + "\n" + story_; }
  // The next event. Returns what was known of policies before it.
  Policies go_on() {
    ++event_;
    author_.reset();
    last_ = {};
    word_ = nullptr;
    own_policy_ = compromise_ = false;
    if (const auto what = below(30); what == 0) publish_x(known_.newest(x)->version + 1);
    else if (what == 1) call_compromised(of(everybody));
    else if (what < 10) change_policy();
    else say();
    story_ += std::to_string(event_) + ". " + last_ + "\n";
    Policies earlier = std::move(known_);
    assemble();
    return earlier;
  }
  void assemble() {
    std::vector<Pin> pins = {pin(x, "xo")};
    for (const auto& [domain, owner] : first_owners)
      if (domain == shop || domain == buyer) pins.push_back(pin(domain, owner, Pin::Source::transfer));
    for (const Fact& fact : world_.facts.about)
      if (const auto* transfer = std::get_if<Transfer>(&fact.statement.body)) pins.push_back({transfer->domain, transfer->owner, Pin::Source::transfer});
    auto descriptors = policies_;
    std::shuffle(descriptors.begin(), descriptors.end(), engine_);
    known_ = Policies::assemble(descriptors, pins);
  }
  // What x.example makes of it.
  Verdict fold(Time at) {
    Verdict verdict = world_.fold(known_, at, x);
    if (at == now()) holder_ = {verdict.holder, verdict.contradiction, verdict.holder_owner};
    return verdict;
  }
  static bool is_alarm(const Body& body) {
    const auto* change = std::get_if<StatusChange>(&body);
    return change && evidence::is_alarm(change->status);
  }

  World world_{"thing"};
  Policies known_;
  // Of the event: who signed it, and what it said of the thing or its model; none: a policy.
  std::optional<KeyId> author_;
  const Statement* word_ = nullptr;
  bool own_policy_ = false, compromise_ = false;  // x.example's policy changed; a key called itself compromised
  std::mt19937_64 engine_;

 private:
  static constexpr int most_events = 64;

  static std::string makers(const std::string& list, const std::string& more = {}) {
    return "[roles]\nmanufacturer = [" + list + "]\n" + more + "[write]\nidentity = [\"manufacturer\"]\ntransfer = [\"holder\"]\nstatus = [\"manufacturer\", \"holder\"]\n";
  }

  std::size_t below(std::size_t n) { return engine_() % n; }
  template <class T> T of(const std::vector<T>& list) { return list[below(list.size())]; }

  void publish_x(std::uint64_t version) {
    own_policy_ = true;
    const auto& rules = of(x_rules);
    last_ = "x.example v" + std::to_string(version) + ": " + rules;
    policies_.push_back(descriptor("xo", x, version, "xo", rules + copy_of(acme, "ao") + copy_of(rival, "ro"), now(), true));
  }

  // May say such things of the thing in x.example now, in a role or for the holder.
  bool may_say(const KeyId& issuer, Kind kind) const {
    const auto& write = known_.newest(x)->write;
    const auto allowed = write.find(kind);
    if (allowed == write.end()) return false;
    const auto has = [&](const std::string& role) { return contains(allowed->second, role); };
    for (const auto& membership : known_.roles_of(x, issuer, Format::cose))
      if (has(membership.role) && (!membership.until || now() < *membership.until)) return true;
    const auto voice = known_.speaks_for(holder_, issuer);
    return has("holder") && !holder_.domain.empty() && voice.speaks && (!voice.until || now() < *voice.until);
  }
  // Most of what is said is said by one who may, or little would be settled.
  std::string speaker(Kind kind) {
    std::vector<std::string> may;
    for (const auto& name : everybody)
      if (may_say(id_of(name), kind)) may.push_back(name);
    return may.empty() || below(5) == 0 ? of(everybody) : of(may);
  }

  // Statements of any party about the thing, dated back, dated ahead, received by whichever homes.
  void say() {
    static const std::vector<Status> statuses = {Status::in_stock, Status::in_use, Status::in_use, Status::deprecated, Status::lost, Status::stolen, Status::compromised};
    static const std::vector<std::pair<std::string, std::string>> targets = {{shop, "so"}, {shop, "so"}, {buyer, "bo"}, {buyer, "bo"}, {buyer, "evil"}, {x, "xo"}, {acme, "ao"}, {shop, "so2"}};
    Body body = Endorse{"approved", ""};
    std::string issuer = of(everybody);
    if (below(8) == 0) return add(speaker(Kind::status), StatusChange{of(statuses), ""}, below(2) ? "model:acme.example/m1" : "model:acme.example/m2");
    switch (event_ == 1 && below(5) ? 0 : below(9)) {
      case 0: case 1: body = identity_of("thing", Type::device, below(2) ? "m1" : "m2"); issuer = below(4) ? speaker(Kind::identity) : of(std::vector<std::string>{"maker", "line1", "line2", "rline", "thing"}); break;
      case 2: case 3: { const auto& [domain, owner] = of(targets); body = Transfer{domain, id_of(owner)}; issuer = speaker(Kind::transfer); break; }
      case 4: case 5: case 6: body = StatusChange{of(statuses), ""}; issuer = speaker(Kind::status); break;
      case 7: body = world_.facts.about.empty() ? Body(Assign{"hall"}) : Body(Withdraw{of(world_.facts.about).statement.id, ""}); break;
      default: break;
    }
    if (const auto* withdraw = std::get_if<Withdraw>(&body))
      for (const Fact& fact : world_.facts.about)
        if (fact.statement.id == withdraw->statement && below(4)) issuer = name_of(fact.statement.issuer);
    add(issuer, body);
  }

  void add(const std::string& issuer, const Body& body, const std::string& model = {}) {
    Fact fact;
    Statement& statement = fact.statement;
    statement.issuer = id_of(issuer);
    statement.subject = model.empty() ? world_.facts.subject : *SubjectId::parse(model);
    statement.body = body;
    statement.issued_at = now() + of(std::vector<Seconds>{0, 0, 0, -3500, -1, 250, 290});
    const bool alarm = is_alarm(body);
    if (alarm && below(8) == 0) statement.issued_at = now() + 900;
    const bool for_good = std::holds_alternative<Transfer>(body) || std::holds_alternative<Withdraw>(body);
    if (!alarm && below(8) == 0) statement.expires = now() + of(std::vector<Seconds>{500, 2500});
    const bool status = std::holds_alternative<StatusChange>(body);  // one that sleeps may lift what it would lift awake
    if (!status && below(8) == 0) statement.not_before = now() + of(std::vector<Seconds>{-10, 400});
    if (for_good && below(4)) statement.expires = statement.not_before = std::nullopt;
    statement.domains = of(std::vector<std::vector<std::string>>{{x}, {x}, {x}, {acme}, {acme, x}, {rival}, {acme, rival}});
    fact.domains = statement.domains;
    statement.id = evidence::statement_id(Format::cose, statement.issuer, view(std::to_string(event_) + issuer));
    fact.first_seen = now();
    if (below(8))
      for (const auto& domain : statement.domains) fact.receipts.push_back({domain, log_of(domain), now(), 0});
    last_ = issuer + " in " + statement.domains.back() + ": " + to_string(statement.kind());
    if (const auto* change = std::get_if<StatusChange>(&body)) last_ += std::string(" ") + evidence::to_string(change->status);
    if (const auto* transfer = std::get_if<Transfer>(&body)) last_ += " to " + transfer->domain + " of " + name_of(transfer->owner);
    if (const auto* withdraw = std::get_if<Withdraw>(&body)) last_ += " of " + withdraw->statement.text().substr(0, 6);
    last_ += " (" + statement.id.text().substr(0, 6) + ", iat " + std::to_string(statement.issued_at.seconds - now().seconds) +
             (fact.receipts.empty() ? ", no receipt)" : ")");
    if (!model.empty()) last_ += " of " + model;
    author_ = statement.issuer;
    if (is_self_compromise(statement, statement.issuer)) world_.facts.compromises[statement.issuer].push_back(fact);
    auto& about = model.empty() ? world_.facts.about : world_.facts.models[model];
    about.push_back(std::move(fact));
    word_ = &about.back().statement;
  }

  // A key's own word, wherever it was received.
  void call_compromised(const std::string& key) {
    compromise_ = true;
    Fact fact;
    fact.statement.issuer = id_of(key);
    fact.statement.subject = SubjectId::key(id_of(key));
    fact.statement.body = StatusChange{Status::compromised, ""};
    fact.statement.issued_at = now();
    fact.statement.domains = fact.domains = {below(2) ? x : acme};
    fact.statement.id = evidence::statement_id(Format::cose, fact.statement.issuer, view(std::to_string(event_) + key));
    fact.first_seen = now();
    if (below(2)) fact.receipts.push_back({fact.domains[0], log_of(fact.domains[0]), now(), 0});
    last_ = key + " says of itself that it is compromised";
    author_ = fact.statement.issuer;
    world_.facts.compromises[fact.statement.issuer].push_back(fact);
    if (key == "thing") world_.facts.about.push_back(std::move(fact));
  }

  // Hand-overs, rivals of any version, agents and makers that come, end and go; a home's log key that is struck.
  void change_policy() {
    const auto& domain = of(std::vector<std::string>{acme, acme, rival, shop, shop, buyer});
    const std::string first = first_owners.at(domain), second = domain == shop ? "so2" : domain == buyer ? "bo2" : "ao2";
    const std::string owner = below(2) ? first : second, signer = below(3) ? first : second;
    const Chain* chain = known_.chain(domain);
    const std::uint64_t newest = chain ? chain->versions.size() : 0;
    const std::uint64_t version = below(4) ? newest + 1 : 1 + below(newest + 1);
    const std::string agents = of(std::vector<std::string>{"", "", "agent = [\"ag\"]\n", "agent = [{ key = \"ag\", until = " + to_rfc3339(now() + of(std::vector<Seconds>{-2500, 2500})) + " }]\n", "agent = [\"evil\"]\n"});
    std::string rules = agents.empty() ? "" : "[roles]\n" + agents;
    if (domain == acme || domain == rival) {
      const std::string own = domain == acme ? "line1" : "rline";
      rules = makers(of(std::vector<std::string>{"\"" + own + "\"", "\"line2\"", "\"" + own + "\", \"line2\"", "{ key = \"" + own + "\", until = " + to_rfc3339(now() + -2500) + " }"}), agents);
    }
    last_ = signer + " signs " + domain + " v" + std::to_string(version) + " of " + owner + ": " + rules;
    policies_.push_back(descriptor(signer, domain, version, owner, rules, now(), below(4) != 0));
  }

  const std::uint64_t seed_;
  std::vector<SignedDescriptor> policies_;
  int event_ = 0;
  std::string story_, last_;
  Holder holder_;
};

}  // namespace cm4it::policy::settled
