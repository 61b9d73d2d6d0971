#include "base/read_budget.h"

namespace cm4it {
namespace {

constexpr std::size_t octets_of_one = 4096;
thread_local ReadBudget* current = nullptr;

}  // namespace

ReadBudget::ReadBudget(std::size_t records) : left_(records) { current = this; }
ReadBudget::~ReadBudget() { current = nullptr; }

Result<void> ReadBudget::charge(std::size_t records, std::size_t octets) {
  if (!current) return {};
  const std::size_t cost = records + octets / octets_of_one;
  if (cost > current->left_) current->exceeded_ = true;
  else current->left_ -= cost;
  if (!current->exceeded_) return {};
  return fail(Code::unavailable, "this takes longer than others may be kept waiting for", "try again in a moment");
}

}  // namespace cm4it
