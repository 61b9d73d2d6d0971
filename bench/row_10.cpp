// Row 10: a verdict without a network, cached and folded anew.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <map>

#include "door_in_process.h"
#include "policy/fold.h"
#include "population.h"
#include "service/ledger_for_test.h"
#include "service/verdicts.h"

namespace cm4it::bench {
namespace {

using evidence::SubjectId;

constexpr std::size_t rich = 1'000;  // subjects with eight statements

class Times : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      nanoseconds[run.run_name.function_name] = run.GetAdjustedCPUTime();
      if (run.error_occurred) error = run.error_message;
    }
  }
  std::map<std::string, double> nanoseconds;
  std::string error;
};

// The same statements in every run: a store that has them already takes nothing new.
Result<std::vector<SubjectId>> rich_subjects(const Home& home, service::Service& service) {
  TRY(const auto owner, crypto::load_key_file(home.directory / "owner.key"));
  const Time time{1'780'000'000};
  std::vector<SubjectId> subjects(rich);
  std::vector<evidence::Piece> pieces;
  for (std::size_t i = 0; i < rich; ++i) {
    TRY(auto identity, device_identity(2'000'000'000 + i, home.domain, *owner, time, subjects[i]));
    pieces.push_back({evidence::Format::cose, std::move(identity)});
    using evidence::Endorse, evidence::StatusChange, evidence::Status;
    const evidence::Body bodies[] = {StatusChange{Status::in_stock, {}}, Endorse{"approved", {}}, StatusChange{Status::in_use, {}},
                                     Endorse{"certified", {}}, StatusChange{Status::suspended, "service"},
                                     StatusChange{Status::in_use, {}}, Endorse{"trust:high", {}}};
    int order = 0;
    for (const auto& body : bodies) {
      TRY(auto statement, evidence::sign({subjects[i], {home.domain}, body, time + Seconds{++order}, {}, {}}, *owner));
      pieces.push_back({evidence::Format::cose, std::move(statement)});
    }
  }
  CHECK_OK(submit(service, std::move(pieces)));
  return subjects;
}

class Verdicts {
 public:
  Verdicts(service::Service& service, const Home& home, std::vector<SubjectId> subjects, const std::vector<std::string>& ids)
      : service_(service), domain_(home.domain), subjects_(std::move(subjects)),
        door_(service, 1, std::size_t{4} << 30), loop_(door_, 0) {
    for (const auto& id : ids) paths_.push_back("/v1/subjects/key:" + id + "/verdict");
  }

  // What the door does for an answer that it has ready. The first round makes the answers.
  void cached(benchmark::State& state, std::size_t among) {
    for (std::size_t i = 0; i < among; ++i) (void)loop_.get(paths_[i]);
    auto answer = DoorInProcess::Loop::Answer::none;
    std::size_t turn = 0;
    for (auto _ : state) answer = loop_.get(paths_[turn = (turn + 7919) % among]);
    if (answer != DoorInProcess::Loop::Answer::ready) state.SkipWithError("no ready answer");
  }

  void looked_up(benchmark::State& state) {
    std::size_t turn = 0;
    for (auto _ : state) {
      const auto looked = service_.verdicts().look_up(subjects_[turn++ % subjects_.size()], {}, {});
      if (!looked || looked->facts->about.size() != 8) return state.SkipWithError("not eight statements");
    }
  }

  void folded(benchmark::State& state) {
    const auto reader = service::LedgerForTest::ledger_of(service_).reader();
    const auto facts = reader ? reader->facts(subjects_[0]) : tl::unexpected(reader.error());
    if (!facts) return state.SkipWithError("no facts");
    const Time at = service_.now();
    for (auto _ : state) benchmark::DoNotOptimize(policy::fold(*facts, reader->policies(), domain_, at));
  }

  void facts_read(benchmark::State& state) {
    std::size_t turn = 0;
    for (auto _ : state) {
      const auto reader = service::LedgerForTest::ledger_of(service_).reader();
      benchmark::DoNotOptimize(reader->facts(subjects_[turn++ % subjects_.size()]));
    }
  }

 private:
  service::Service& service_;
  const std::string domain_;
  const std::vector<SubjectId> subjects_;
  const DoorInProcess door_;
  DoorInProcess::Loop loop_;
  std::vector<std::string> paths_;
};

}  // namespace

Result<void> row_10(const Setup& setup) {
  TRY(const auto home, populated_home(setup));
  TRY(const auto service, open_service(home));
  TRY(auto subjects, rich_subjects(home, *service));
  const std::size_t all = std::min<std::size_t>(setup.size, 100'000);
  TRY(const auto ids, read_ids(home, all));
  Verdicts verdicts(*service, home, std::move(subjects), ids);
  const double seconds = setup.seconds;
  const auto add = [&](const char* name, auto&& call) { benchmark::RegisterBenchmark(name, call)->MinTime(seconds); };
  add("cached", [&](benchmark::State& state) { verdicts.cached(state, 1'000); });
  add("cached-many", [&](benchmark::State& state) { verdicts.cached(state, all); });
  add("looked-up", [&](benchmark::State& state) { verdicts.looked_up(state); });
  add("facts", [&](benchmark::State& state) { verdicts.facts_read(state); });
  add("folded", [&](benchmark::State& state) { verdicts.folded(state); });
  Times times;
  benchmark::RunSpecifiedBenchmarks(&times);
  benchmark::ClearRegisteredBenchmarks();
  if (!times.error.empty()) return fail(Code::internal, times.error);
  const auto us = [&](const char* name) { return times.nanoseconds[name] / 1000; };
  setup.report(Row{10, "verdict in process, cached, of 1,000 subjects in turn", "ns", times.nanoseconds["cached"], "", {}, {}, {}}.at_most(300));
  setup.report({10, fmt::format("verdict in process, cached, of {}", figure(static_cast<double>(all))), "ns",
                times.nanoseconds["cached-many"], "", {}, {}, {}});
  setup.report(Row{10, "verdict in process, folded anew from 8 statements", "us", us("looked-up"), "", {}, {}, {}}.at_most(20));
  setup.report({10, "of it: reading and decoding the 8 statements", "us", us("facts"), "", {}, {}, {}});
  setup.report({10, "of it: policy::fold", "us", us("folded"), "", {}, {}, {}});
  return {};
}

}  // namespace cm4it::bench
