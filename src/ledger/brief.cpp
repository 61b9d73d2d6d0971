#include "ledger/brief.h"

namespace cm4it::ledger {
namespace {

constexpr std::size_t octets_of_one = 4096;
thread_local Brief* current = nullptr;

}  // namespace

Brief::Brief(std::size_t records) : left_(records) { current = this; }
Brief::~Brief() { current = nullptr; }

Result<void> Brief::charge(std::size_t records, std::size_t octets) {
  if (!current) return {};
  const std::size_t cost = records + octets / octets_of_one;
  if (cost > current->left_) current->exceeded_ = true;
  else current->left_ -= cost;
  if (!current->exceeded_) return {};
  return fail(Code::unavailable, "this takes longer than others may be kept waiting for", "try again in a moment");
}

}  // namespace cm4it::ledger
