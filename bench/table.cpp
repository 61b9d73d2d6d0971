#include "table.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <fstream>

namespace cm4it::bench {
namespace {

constexpr const char* line = "{:>3}  {:<68} {:>14}  {:<42} {:>6}  {:<10} {}\n";

std::string with_unit(double value, const std::string& unit) { return figure(value) + (unit.empty() ? "" : " " + unit); }

}  // namespace

Row& Row::at_least(double times) {
  to_reach = fmt::format("≥ {:g} ×", times);
  met = ratio() && *ratio() >= times;
  return *this;
}

Row& Row::at_most(double limit) {
  to_reach = fmt::format("≤ {}", with_unit(limit, unit));
  met = ours <= limit;
  return *this;
}

std::string figure(double value) {
  if (value != 0 && std::abs(value) < 1000) return fmt::format("{:.3g}", value);
  std::string apart = fmt::format("{:.0f}", value);
  for (std::size_t at = apart.size(); at > 3; at -= 3) apart = apart.substr(0, at - 3) + "," + apart.substr(at - 3);
  return apart;
}

void print_head() { fmt::print(line, "row", "what", "ours", "peer or limit", "ratio", "to reach", "met"); }

void print(const Row& row) {
  const std::string peer = row.peer_value ? row.peer + " " + with_unit(*row.peer_value, row.unit) : row.peer;
  fmt::print(line, row.number, row.what, with_unit(row.ours, row.unit), peer, row.ratio() ? fmt::format("{:.2f}", *row.ratio()) : "",
             row.to_reach, row.met ? *row.met ? "yes" : "no" : "");
  std::fflush(stdout);
}

Result<void> write_json(const std::vector<Row>& rows, const std::filesystem::path& file) {
  boost::json::array all;
  for (const Row& row : rows) {
    boost::json::object one{{"row", row.number}, {"what", row.what}, {"unit", row.unit}, {"ours", row.ours}};
    if (!row.peer.empty()) one["peer"] = row.peer;
    if (row.peer_value) one["peer_value"] = *row.peer_value;
    if (row.ratio()) one["ratio"] = *row.ratio();
    if (!row.to_reach.empty()) one["to_reach"] = row.to_reach;
    if (row.met) one["met"] = *row.met;
    all.push_back(std::move(one));
  }
  std::ofstream out(file, std::ios::trunc);
  out << boost::json::serialize(boost::json::object{{"rows", std::move(all)}}) << "\n";
  if (!out.flush()) return fail(Code::unavailable, file.string() + ": cannot be written");
  return {};
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  const auto at = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(at, 1, values.size()) - 1];
}

double median(std::vector<double> values) { return quantile(std::move(values), 0.5); }

}  // namespace cm4it::bench
