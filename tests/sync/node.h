// An ICS on the network, for tests: a service, a door with TLS, and what it follows. What its door answers can be
// tampered with, and is recorded.
#pragma once

#include <atomic>
#include <mutex>
#include <thread>

#include "base/guarded.h"
#include "base/waiting_for_test.h"
#include "frontends/http/door.h"
#include "net/http/server.h"
#include "service/feed_wire.h"
#include "service/network_fixture.h"
#include "sync/sync.h"

namespace cm4it::sync::test {

using namespace service::fixture;
using testing::HasSubstr;
using namespace std::chrono_literals;

// What a script that answers instead of the door says: true.
inline bool answer_with(net::Responder& respond, unsigned status, std::string body = {}, std::string type = "application/json") {
  net::Response response;
  response.status = status;
  response.content_type = std::move(type);
  response.body = std::move(body);
  respond(std::move(response));
  return true;
}

class Node {
 public:
  explicit Node(std::string domain, std::vector<policy::Pin> pins, bool home = true)
      : ics(std::move(domain), std::move(pins), home), key_(key_of(ics.domain_ + " server", crypto::Algorithm::es256)) {
    open();
    close();  // its address is known now, and nobody answers there yet
  }
  ~Node() {
    unfollow();
    close();
  }

  void open() {
    door_ = std::make_unique<http::Door>(*ics.service, http::DoorOptions{});
    net::HttpOptions options;
    if (!address_.empty()) options.address = address_;
    options.tls_key = key_;
    options.ask_client_certificate = true;
    options.stop_grace = 100ms;
    auto started = net::HttpServer::start(options, [this, inner = door_->handler()](const net::Request& request, net::Responder respond) {
      handle(request, std::move(respond), inner);
    });
    ASSERT_TRUE(started) << started.error().message;
    server_ = std::move(*started);
    address_ = server_->address();
  }
  void close() {
    if (server_) server_->stop();
    server_.reset();
    door_.reset();
  }
  void follow(std::vector<Follow> what = {}, std::chrono::milliseconds timeout = 20s, std::chrono::milliseconds retry = 200ms) {
    sync = std::make_unique<Sync>(Options{key_, "node", std::move(what), timeout, 2s, retry}, *ics.service);
    ics.service->intake().set_forwarder(sync.get());
  }
  void unfollow() {
    if (sync) sync->stop();  // the object stays: the service forwards to it
  }

  std::string url() const { return "https://" + address_; }
  // To another port, one that is free.
  void move() { open_at({}); }
  void open_at(std::string address) {
    close();
    address_ = std::move(address);
    open();
  }
  // A descriptor that names the usual URLs, with the real ones of these nodes.
  static std::string located(std::string text, const std::vector<const Node*>& nodes) {
    for (const Node* node : nodes) {
      const std::string usual = "https://" + node->ics.domain_ + ":8443";
      for (auto at = text.find(usual); at != text.npos; at = text.find(usual)) text.replace(at, usual.size(), node->url());
    }
    return text;
  }

  // The link that copies `domain` (or, with state "forwarding", the outbox to its home).
  std::optional<LinkState> link(const std::string& domain, bool forwarding = false) const {
    for (auto& state : sync->links())
      if (state.domain == domain && state.state != "idle" && (state.state == "forwarding") == forwarding) return state;
    return {};
  }
  // Of statements that named this domain and did not get there: how many, and why the last one.
  std::pair<std::size_t, std::string> ended(const std::string& domain) const {
    for (const auto& state : sync->links())
      if (state.domain == domain && state.refused > 0) return {state.refused, state.last_refusal};
    return {};
  }
  // Its verdict, without what that was made of; unknown while the domain is not kept here yet.
  policy::Verdict told(const SubjectId& subject, const std::string& domain) const {
    auto looked = ics.service->verdicts().look_up(subject, domain, {});
    if (!looked) return {};
    looked->verdict.judgements.clear();
    return std::move(looked->verdict);
  }
  bool follows(const std::string& domain) const {
    const auto state = link(domain);
    return state && state->state == "following";
  }

  // Answers instead of the door; false: the door answers. Called on the server's thread.
  using Script = std::function<bool(const net::Request& request, net::Responder& respond)>;
  void script(Script script) {
    std::lock_guard lock(mutex_);
    script_ = std::move(script);
  }
  // What the door sends as a feed from now on is changed on its way: also what was asked for before.
  using Tamper = std::function<void(service::FeedPage&)>;
  void tamper(Tamper with) {
    tamper_->with([&](Tamper& current) { current = std::move(with); });
  }
  // Targets that were asked for, of those that begin so.
  std::vector<std::string> asked(const std::string& beginning) const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> list;
    for (const auto& target : targets_)
      if (target.starts_with(beginning)) list.push_back(target);
    return list;
  }
  void forget_asked() {
    std::lock_guard lock(mutex_);
    targets_.clear();
  }

  Ics ics;
  std::unique_ptr<Sync> sync;

 private:
  void handle(const net::Request& request, net::Responder respond, const net::Handler& inner) {
    Script script;
    {
      std::lock_guard lock(mutex_);
      targets_.emplace_back(request.target);
      script = script_;
    }
    if (request.client_key && sync) sync->heard_from(request.client_key->id());  // as icsd does
    if (script && script(request, respond)) return;
    if (request.path != "/v1/feed") return inner(request, std::move(respond));
    auto shared = std::make_shared<net::Responder>(std::move(respond));
    inner(request, net::Responder::to([shared, current = tamper_](net::Response response) {
      const auto tamper = current->with([](const Tamper& with) { return with; });
      if (!tamper) return (*shared)(std::move(response));
      if (auto feed = service::decode_feed(view(response.body))) {
        service::FeedPage page{feed->domain, feed->next, {}, feed->heads, feed->more};
        for (auto& record : feed->records)
          page.records.push_back({record.piece.format, record.piece.bytes, record.issuer, record.receipts, false});
        tamper(page);
        response.body = std::string(text(service::encode_feed(page)));
      }
      (*shared)(std::move(response));
    }));
  }

  const crypto::SignerPtr key_;
  std::string address_;
  std::unique_ptr<http::Door> door_;
  std::unique_ptr<net::HttpServer> server_;
  mutable std::mutex mutex_;
  Script script_;                     // guarded by mutex_
  std::vector<std::string> targets_;  // guarded by mutex_
  // An answer may be made after this node is gone.
  const std::shared_ptr<Guarded<Tamper>> tamper_ = std::make_shared<Guarded<Tamper>>();
};

// acme makes devices, the plant copies those that it holds.
struct TwoNodes : testing::Test {
  TwoNodes() {
    acme.open();
    plant.open();
    acme.ics.submit_one(policy_evidence("acme", "acme.example", acme_text(), *acme.ics.clock));
  }
  ~TwoNodes() override {
    plant.unfollow();
    acme.unfollow();
  }

  std::string acme_text(std::uint64_t version = 1, const std::string& more = {}) const {
    return Node::located(acme_policy(version, more), {&acme, &plant});
  }
  std::string plant_text(std::uint64_t version = 1, const std::string& more = {}) const {
    return Node::located(plant_policy(version, {}, more), {&acme, &plant});
  }
  void found_plant(const std::string& text) {
    const auto item = plant.ics.submit_one(policy_evidence("plant", "plant.example", text, *plant.ics.clock));
    ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  }
  void received(const std::vector<service::ItemResult>& items) {
    for (const auto& item : items) ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  }
  void make(const std::string& name) {
    received({acme.ics.submit_one(acme.ics.say("acme", subject_of(name), device_identity(name)))});
  }
  void sell(const std::string& name) {
    received({acme.ics.submit_one(acme.ics.say("acme", subject_of(name), Transfer{"plant.example", id_of("plant")}))});
  }
  // The plant has bought acme's sensor, and follows it.
  void follow_a_sale() {
    make("sensor");
    sell("sensor");
    found_plant(plant_text());
    plant.follow();
    ASSERT_TRUE(eventually([&] { return stored_of(plant, "sensor") == 2 && plant.follows("acme.example"); }));
    ASSERT_TRUE(caught_up());
  }
  // By the plant, in both domains: received here, to be forwarded there.
  service::ItemResult say(Status status) {
    return plant.ics.submit_one(plant.ics.say("volta", subject_of("sensor"), StatusChange{status, ""}, {"acme.example", "plant.example"}));
  }
  std::size_t stored_of(Node& node, const std::string& name) const {
    auto reader = node.ics.ledger().reader();
    return reader ? reader->facts(subject_of(name))->about.size() : 0;
  }
  // What the plant still has to forward. What a commit wrote is in the store a moment before it is published: when this returns, both.
  std::size_t notes() const {
    const std::size_t count = plant.ics.ledger().reader()->notes("forward/")->size();
    plant.ics.ledger().drain();
    return count;
  }
  // The plant has everything that acme's log had when this was called.
  bool caught_up() {
    acme.ics.ledger().drain();
    const auto size = acme.ics.ledger().published()->own_heads.at("acme.example").size;
    const bool came = eventually([&] {
      const auto heads = plant.ics.ledger().reader()->foreign_heads();
      for (const auto& head : *heads)
        if (head.domain == "acme.example" && tlog::read_checkpoint_body(head.note)->size >= size) return true;
      return false;
    });
    plant.ics.ledger().drain();
    return came;
  }

  // Ends a test's network before what its scripts refer to.
  struct Silence {
    TwoNodes& nodes;
    ~Silence() {
      nodes.plant.unfollow();
      nodes.acme.close();
    }
  };

  Node acme{"acme.example", pin("acme.example", "acme")};
  Node plant{"plant.example", pin("plant.example", "plant")};
};

}  // namespace cm4it::sync::test
