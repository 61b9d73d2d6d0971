// What the measurements are told as: one table for people, the same as JSON for machines.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace cm4it::bench {

// A measured figure beside what it is measured against.
struct Row {
  int number = 0;  // of the yardstick
  std::string what, unit;
  double ours = 0;
  std::string peer;                // the peer's or the limit's name; empty: none
  std::optional<double> peer_value;
  std::string to_reach;            // "≥ 1.4 ×", "≤ 300 ns"; empty: for information
  std::optional<bool> met;         // none: for information

  std::optional<double> ratio() const { return peer_value && *peer_value > 0 ? std::optional(ours / *peer_value) : std::nullopt; }

  // "what" reaches at least that many times its peer.
  Row& at_least(double times);
  // What is measured is at most that much, in the row's unit.
  Row& at_most(double limit);
};

// Four significant digits, thousands apart: "68,210", "0.412".
std::string figure(double value);

void print(const Row& row);        // as soon as it is known
void print_head();
Result<void> write_json(const std::vector<Row>& rows, const std::filesystem::path& file);

double median(std::vector<double> values);
// The value that `share` of all values do not exceed.
double quantile(std::vector<double> values, double share);

}  // namespace cm4it::bench
