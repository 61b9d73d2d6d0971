// What a batch leaves behind, whatever fails.
#include "ledger/appender.h"

#include <random>

#include "base/budgets.h"
#include "ledger/test_support.h"

namespace cm4it::ledger {
namespace {

using namespace test;
using store::Fault;

TEST(Append, AnswersWithPlacesInEveryHome) {
  World world;
  const auto first = world.append(endorsement("a"), {"acme.example", "beta.example"}).value();
  EXPECT_TRUE(first.is_new);
  ASSERT_EQ(first.placements.size(), 2u);
  const auto second = world.append(endorsement("b"), {"beta.example"}).value();
  ASSERT_EQ(second.placements.size(), 1u);
  EXPECT_EQ(second.placements[0].domain, "beta.example");
  EXPECT_EQ(second.placements[0].index, 1u);
  EXPECT_EQ(second.placements[0].received, Time{1'800'000'000});
  world.expect_sound();
}

TEST(Append, SecondSubmissionIsAnsweredWithTheFirstsPlace) {
  World world;
  const auto first = world.append(endorsement("a")).value();
  const tlog::Head before = world.head("acme.example");
  *world.clock += 30;
  const auto again = world.append(endorsement("a")).value();
  EXPECT_FALSE(again.is_new);
  ASSERT_EQ(again.placements.size(), 1u);
  EXPECT_EQ(again.placements[0].index, first.placements[0].index);
  EXPECT_EQ(again.placements[0].received, first.placements[0].received);
  EXPECT_EQ(world.head("acme.example").size, before.size);
  world.expect_sound();
}

// A statement's other signature, or another spelling of its unsigned parts, is no other statement: wherever it is placed
// later, the leaf is the evidence that is stored.
TEST(Append, LeafIsTheEvidenceThatIsStored) {
  World world;
  const auto key = key_of("line1", crypto::Algorithm::es256);
  const auto variant = [&] {  // ECDSA signs with a fresh nonce each time
    return verified(Format::cose, signed_bytes("line1", code("firmware"), Endorse{"a", ""}, {"acme.example", "beta.example"},
                                               crypto::Algorithm::es256), key->public_key());
  };
  const Verified first = variant(), second = variant();
  ASSERT_EQ(first.id(), second.id());
  ASSERT_NE(to_hex(first.bytes()), to_hex(second.bytes()));
  ASSERT_TRUE(world.append(first, {"acme.example"}));
  const auto later = world.append(second, {"acme.example", "beta.example"});
  ASSERT_TRUE(later) << later.error().message;
  EXPECT_EQ(later->placements.size(), 2u);
  const auto reader = world.ledger->reader();
  EXPECT_EQ(to_hex(reader->leaf("beta.example", 0).value()), to_hex(first.bytes()));
  world.expect_sound();
}

TEST(Append, TimeNeverGoesBack) {
  World world;
  const auto first = world.append(endorsement("a")).value();
  *world.clock -= 3600;
  const auto second = world.append(endorsement("b")).value();
  EXPECT_EQ(second.placements[0].received, first.placements[0].received);
  world.open();
  const auto third = world.append(endorsement("c")).value();
  EXPECT_GE(third.placements[0].received, second.placements[0].received);
  EXPECT_GE(world.ledger->published()->newest_time, first.placements[0].received);
  world.expect_sound();
}

TEST(Append, FreshHeadsComeWithoutAnythingNew) {
  World world;
  ASSERT_TRUE(world.append(endorsement("a")));
  const tlog::Head before = world.head("acme.example");
  *world.clock += budget::head_interval_seconds - 1;
  world.ledger->drain();
  EXPECT_EQ(world.head("acme.example"), before);
  *world.clock += 1;
  world.ledger->drain();
  const tlog::Head after = world.head("acme.example");
  EXPECT_EQ(after.size, before.size);
  EXPECT_EQ(after.root, before.root);
  EXPECT_EQ(after.time, Time{world.clock->load()});
  world.expect_sound();
}

// One piece of evidence that cannot be written does not sink the others of its batch.
TEST(Append, RefusalConcernsOneMessage) {
  World world;
  const Options options = world.options();
  const auto snapshot = world.store->snapshot().value();
  BatchBuilder builder(options, load_state(options, *world.store).value(), *snapshot);
  const Verified good = endorsement("good"), bad = policy_statement("acme", "acme.example", "version = \"no descriptor\"");
  EXPECT_TRUE(builder.add(AppendEvidence{{good, {}, {"acme.example"}, {}, {}}, {}}));
  EXPECT_FALSE(builder.add(AppendEvidence{{bad, {}, {"acme.example"}, {}, {}}, {}}));
  const auto finished = builder.finish(Time{1'800'000'000}, false);
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_EQ(builder.answer(good.id()).placements.size(), 1u);
}

TEST(Append, WhileTheLogKeysTokenIsGoneNothingEnters) {
  World world;
  ASSERT_TRUE(world.append(endorsement("a")));
  *world.log_key_gone = true;
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) {
    const auto refused = world.append(endorsement("b"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::unavailable);
    EXPECT_NE(refused.error().message.find("token \"log\": it is not there"), std::string::npos) << refused.error().message;
  }
  const std::string logged = testing::internal::GetCapturedStderr();
  EXPECT_NE(logged.find("it is not there"), std::string::npos);
  EXPECT_EQ(logged.find("it is not there"), logged.rfind("it is not there")) << "once a minute: " << logged;
  EXPECT_TRUE(world.ledger->reader()->leaf("acme.example", 0)) << "look-ups go on";
  *world.log_key_gone = false;
  EXPECT_EQ(world.append(endorsement("b"))->placements.at(0).index, 1u);
  world.expect_sound();
}

TEST(Append, RefusesALogItDoesNotKeep) {
  World world;
  const auto answer = world.append(endorsement("a"), {"acme.example", "nobody.example"});
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("nobody.example"), std::string::npos);
  EXPECT_FALSE(world.ledger->reader()->record(endorsement("a").id())->has_value());
  world.expect_sound();
}

TEST(Append, OnlyTheNewestOfAnotherHomesHeadsIsStored) {
  World world;
  ASSERT_TRUE(world.ledger->append_head(foreign_head("plant.example", 5, Time{1'800'000'100})));
  ASSERT_TRUE(world.ledger->append_head(foreign_head("plant.example", 6, Time{1'800'000'200})));
  world.ledger->drain();
  const auto heads = world.ledger->reader()->foreign_heads().value();
  ASSERT_EQ(heads.size(), 1u);
  EXPECT_EQ(heads[0].domain, "plant.example");
  EXPECT_EQ(heads[0].origin, "main/plant.example");
  EXPECT_EQ(tlog::read_checkpoint_body(heads[0].note)->size, 6u);
  EXPECT_EQ(world.ledger->published()->domains.at("plant.example").newest_head, Time{1'800'000'200});
  EXPECT_EQ(world.ledger->published()->newest_time, Time{1'800'000'200});
}

// The steps of a batch, each of which the table below lets fail.
struct Step {
  const char* name;
  std::function<Result<void>(World&)> run;      // unanswered messages count as done
  std::function<bool(const World&)> is_there;
};

Result<void> no_value(Result<Appended> appended) {
  CHECK_OK(appended);
  return {};
}

bool has_record(const World& world, const Verified& evidence) { return world.ledger->reader()->record(evidence.id())->has_value(); }

const std::vector<Step>& steps() {
  static const std::vector<Step> all = {
      {"evidence", [](World& w) { return no_value(w.append(endorsement("new"), {"acme.example", "beta.example"})); },
       [](const World& w) { return has_record(w, endorsement("new")) && w.ledger->reader()->placements(endorsement("new").id())->size() == 2; }},
      {"a policy", [](World& w) { return no_value(w.append(policy_statement("acme", "acme.example", acme_policy(2)))); },
       [](const World& w) { return w.ledger->published()->policies->newest("acme.example")->version == 2; }},
      {"a second place", [](World& w) { return no_value(w.append(endorsement("old"), {"acme.example", "beta.example"})); },
       [](const World& w) { return w.ledger->reader()->placements(endorsement("old").id())->size() == 2; }},
      {"another home's receipt", [](World& w) {
         const Verified old = endorsement("old");
         return no_value(w.append(Submission{old, {}, {}, {foreign_receipt("plant.example", old, Time{1'800'000'050})}, {}}));
       }, [](const World& w) { return w.ledger->reader()->receipts(endorsement("old").id())->size() == 2; }},
      {"a manifest to forward", [](World& w) {
         return no_value(w.append(Submission{manifest_identity("0123"), "acme.example", {"acme.example"}, {}, {"plant.example"}}));
       }, [](const World& w) {
         return has_record(w, manifest_identity("0123")) &&
                w.ledger->reader()->note(forward_note(manifest_identity("0123").id(), "plant.example"))->has_value();
       }},
      {"another home's head", [](World& w) -> Result<void> {
         CHECK_OK(w.ledger->append_head(foreign_head("plant.example", 5, Time{1'800'000'100})));
         w.ledger->drain();
         return {};
       }, [](const World& w) { return w.ledger->reader()->foreign_heads()->size() == 1; }},
      {"a note", [](World& w) { return w.put_note("sync/plant", Bytes{7}); },
       [](const World& w) { return w.ledger->reader()->note("sync/plant")->has_value(); }},
      {"a home's refusal", [](World& w) -> Result<void> {
         CHECK_OK(w.ledger->refuse(endorsement("old").id(), "plant.example", to_bytes(view("not this one"))));
         w.ledger->drain();
         return {};
       }, [](const World& w) { return w.ledger->reader()->note(refusal_note(endorsement("old").id(), "plant.example"))->has_value(); }},
      {"a pin", [](World& w) -> Result<void> {
         CHECK_OK(w.ledger->add_pin(pin("plant.example", "plant", policy::Pin::Source::transfer)));
         w.ledger->drain();
         return {};
       }, [](const World& w) { return w.ledger->published()->policies->chain("plant.example") != nullptr; }},
  };
  return all;
}

void prepare(World& world) {
  ASSERT_TRUE(world.append(policy_statement("acme", "acme.example", acme_policy(1))));
  ASSERT_TRUE(world.append(endorsement("old")));
}

struct Outcome { Fault fault; const char* name; bool written; };

const Outcome outcomes[] = {{Fault::fail_before, "not persisted", false},
                            {Fault::fail_lost, "not persisted, and nobody knows", false},
                            {Fault::fail_after, "persisted anyway", true},
                            {Fault::conflict, "another wrote first", true}};

TEST(AppendFaults, EachStepFailsInEachWay) {
  for (const Step& step : steps())
    for (const Outcome& outcome : outcomes) {
      SCOPED_TRACE(std::string(step.name) + ": " + outcome.name);
      World world;
      prepare(world);
      const tlog::Head acme = world.head("acme.example"), beta = world.head("beta.example");
      const Rows before = world.rows();
      ASSERT_FALSE(step.is_there(world));

      world.store->fail_next(outcome.fault);
      const auto answer = step.run(world);
      EXPECT_EQ(step.is_there(world), outcome.written);
      if (outcome.written) {
        EXPECT_TRUE(answer) << answer.error().message;
      } else {
        EXPECT_EQ(world.rows(), before) << "something was half-written";
      }
      world.broken->with([&](const auto& errors) { EXPECT_TRUE(errors.empty()); });
      world.expect_sound();

      // The process goes on, and so does the next one.
      ASSERT_TRUE(step.run(world));
      EXPECT_TRUE(step.is_there(world));
      world.expect_sound();
      world.open();
      EXPECT_TRUE(step.is_there(world)) << "lost by a restart";
      ASSERT_TRUE(world.append(endorsement("after")));
      world.expect_sound();
      world.expect_continues("acme.example", acme);
      world.expect_continues("beta.example", beta);
    }
}

// Whatever is answered with an error was refused for good reason: nothing of it is there.
TEST(AppendFaults, AnErrorMeansNothingWasWritten) {
  for (const Outcome& outcome : outcomes) {
    World world;
    prepare(world);
    world.store->fail_next(outcome.fault);
    const auto answer = world.append(endorsement("new"));
    EXPECT_EQ(answer.has_value(), outcome.written) << outcome.name;
    EXPECT_EQ(has_record(world, endorsement("new")), outcome.written) << outcome.name;
    world.open();
    EXPECT_EQ(has_record(world, endorsement("new")), outcome.written) << outcome.name;
  }
}

// Two servers of ours on one store: who comes second reads on, and builds its batch again on what there is then.
TEST(AppendConflicts, TwoServersOnOneStoreTakeTurns) {
  World world;
  prepare(world);
  const auto other = world.try_open().value();
  const auto append_by = [](Ledger& ledger, Verified evidence) {
    std::promise<Result<Appended>> answer;
    auto future = answer.get_future();
    EXPECT_TRUE(ledger.append({std::move(evidence), {}, {"acme.example"}, {}, {}}, [&](auto appended) { answer.set_value(std::move(appended)); }));
    return future.get();
  };
  std::set<std::uint64_t> leaves;
  for (int i = 0; i < 6; ++i) {
    const auto appended = append_by(i % 2 == 0 ? *world.ledger : *other, endorsement("turn " + std::to_string(i)));
    ASSERT_TRUE(appended) << appended.error().message;
    EXPECT_TRUE(appended->is_new);
    leaves.insert(appended->placements.at(0).index);
  }
  EXPECT_EQ(leaves.size(), 6u) << "each has a leaf of its own";
  // What the other took first is known, and placed where it was.
  const auto again = append_by(*world.ledger, endorsement("turn 5"));
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->placements.at(0).index, *leaves.rbegin());
  ASSERT_TRUE(append_by(*world.ledger, endorsement("this one has the last word")));
  world.broken->with([](const auto& errors) { EXPECT_TRUE(errors.empty()); });
  world.expect_sound();
}

// Both at once, for as long as it takes: nothing is lost, and nothing is there twice.
TEST(AppendConflicts, TwoServersWriteAtOnce) {
  World world;
  prepare(world);
  const auto other = world.try_open().value();
  constexpr int each = 100;
  std::atomic<int> taken = 0, refused = 0;
  const auto write = [&](Ledger& ledger, const std::string& who) {
    for (int i = 0; i < each; ++i) {
      std::promise<bool> answer;
      auto future = answer.get_future();
      EXPECT_TRUE(ledger.append({endorsement(who + std::to_string(i)), {}, {"acme.example"}, {}, {}}, [&](auto appended) { answer.set_value(appended.has_value()); }));
      ++(future.get() ? taken : refused);
    }
  };
  std::thread second([&] { write(*other, "other "); });
  write(*world.ledger, "this ");
  second.join();
  EXPECT_EQ(taken + refused, 2 * each);
  EXPECT_GT(taken, each);
  world.open();  // reads everything
  int found = 0;
  for (const char* who : {"this ", "other "})
    for (int i = 0; i < each; ++i) found += has_record(world, endorsement(who + std::to_string(i)));
  EXPECT_EQ(found, taken);
  world.expect_sound();
}

// Nobody is left waiting in silence: what throws inside the appender takes the process down.
TEST(AppendFaults, AnExceptionStopsTheServer) {
  World world;
  world.ledger.reset();
  world.ledger = Ledger::open(world.options(), std::make_unique<SharedStore>(world.store, world.fail_read),
                              [](const Change&) { throw std::runtime_error("a watcher's fault"); }).value();
  ASSERT_TRUE(world.ledger->append({endorsement("a"), {}, {"acme.example"}, {}, {}}, [](const auto&) {}));
  world.ledger.reset();
  world.broken->with([](const auto& errors) {
    ASSERT_FALSE(errors.empty());
    EXPECT_NE(errors[0].message.find("a watcher's fault"), std::string::npos);
  });
  world.open();
  EXPECT_TRUE(has_record(world, endorsement("a")));
  world.expect_sound();
}

// The first, second, third … read fails, until a batch needs no more reads.
TEST(AppendFaults, EveryReadFailsOnce) {
  for (const Step& step : steps()) {
    bool failed = true;
    for (int nth = 1; failed; ++nth) {
      SCOPED_TRACE(std::string(step.name) + ", read " + std::to_string(nth));
      ASSERT_LT(nth, 100);
      World world;
      prepare(world);
      const Rows before = world.rows();
      const tlog::Head acme = world.head("acme.example");
      *world.fail_read = nth;
      const auto answer = step.run(world);
      failed = *world.fail_read <= 0;
      *world.fail_read = 0;
      if (!answer) {
        EXPECT_EQ(world.rows(), before) << "something was half-written";
      }
      world.expect_sound();
      ASSERT_TRUE(step.run(world));
      EXPECT_TRUE(step.is_there(world));
      world.expect_sound();
      world.open();
      world.expect_sound();
      world.expect_continues("acme.example", acme);
    }
  }
}

// Many submissions, faults and restarts in an order that the seed gives: what was acknowledged stays.
TEST(AppendFaults, RandomWorkload) {
  const unsigned seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  World world;
  prepare(world);
  std::map<StatementId, std::vector<Placement>> acknowledged;
  std::map<std::string, tlog::Head> heads;
  for (int round = 0; round < 60; ++round) {
    *world.clock += static_cast<int>(random() % 50);
    constexpr Fault faults[] = {Fault::none, Fault::none, Fault::fail_before, Fault::fail_lost, Fault::fail_after};
    world.store->fail_next(faults[random() % std::size(faults)]);
    std::vector<std::future<Result<Appended>>> answers;
    for (unsigned i = 0; i < 1 + random() % 5; ++i) {
      const bool both = random() % 2;
      auto answer = std::make_shared<std::promise<Result<Appended>>>();
      answers.push_back(answer->get_future());
      ASSERT_TRUE(world.ledger->append({endorsement("label " + std::to_string(random() % 40)), {},
                                        both ? std::vector<std::string>{"acme.example", "beta.example"} : std::vector<std::string>{"acme.example"}, {}, {}},
                                       [answer](auto appended) { answer->set_value(std::move(appended)); }));
    }
    for (auto& answer : answers)
      if (auto appended = answer.get()) {
        auto& known = acknowledged[appended->id];
        ASSERT_GE(appended->placements.size(), known.size());
        for (std::size_t i = 0; i < known.size(); ++i) EXPECT_EQ(appended->placements[i].index, known[i].index);
        known = appended->placements;
      }
    world.store->fail_next(Fault::none);
    if (random() % 6 == 0) world.open();
    for (const char* domain : {"acme.example", "beta.example"}) {
      if (heads.contains(domain)) world.expect_continues(domain, heads[domain]);
      heads[domain] = world.head(domain);
    }
  }
  world.open();
  world.expect_sound();
  for (const auto& [id, placements] : acknowledged) {
    const auto stored = world.ledger->reader()->placements(id).value();
    ASSERT_GE(stored.size(), placements.size());
    for (std::size_t i = 0; i < placements.size(); ++i) {
      EXPECT_EQ(stored[i].domain, placements[i].domain);
      EXPECT_EQ(stored[i].index, placements[i].index);
      EXPECT_EQ(stored[i].received, placements[i].received);
    }
  }
}

}  // namespace
}  // namespace cm4it::ledger
