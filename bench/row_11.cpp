// Row 11: a status said at the home until the infield ICS obeys it.
#include <fmt/format.h>

#include "plant.h"

namespace cm4it::bench {
namespace {

constexpr std::size_t few_devices = 200;

}  // namespace

Result<void> row_11(const Setup& setup) {
  TRY(const auto plant, make_plant(setup, "plant-11", few_devices));
  TRY(const auto home_icsd, start_icsd(setup, plant.home.directory));
  TRY(const auto field_icsd, start_icsd(setup, plant.field));
  TRY(const auto owner, crypto::load_key_file(plant.home.directory / "owner.key"));
  TRY(const auto ids, read_ids(plant.home, few_devices));
  net::HttpClient home(speaking_to(plant.home.directory)), field(speaking_to(plant.field));
  CHECK_OK(await_admitted(field, plant, ids.back(), 60));
  std::vector<double> times;
  for (const auto& id : ids) {
    CHECK_OK(await_admitted(field, plant, id, 10));
    TRY(const auto subject, evidence::SubjectId::parse("key:" + id));
    TRY(const auto stolen, evidence::sign({subject, {plant.home.domain}, evidence::StatusChange{evidence::Status::stolen, {}},
                                           system_time(), {}, {}}, *owner));
    TRY(const double passed, obeyed_after(home, field, plant, id, stolen));
    times.push_back(passed);
  }
  const std::string what = "a status said at the home is obeyed infield";
  setup.report({11, what + ": p50", "ms", quantile(times, 0.5), "", {}, {}, {}});
  setup.report(Row{11, what + ": p99", "ms", quantile(times, 0.99), "", {}, {}, {}}.at_most(100));
  return {};
}

}  // namespace cm4it::bench
