#include "net/unsent.h"

#include "base/log.h"

namespace cm4it::net {
namespace {

constexpr auto between_warnings = std::chrono::minutes(1);

}  // namespace

void Unsent::change(const std::string& owner, std::size_t before, std::size_t now) {
  if (before == now) return;
  used_.fetch_add(now - before, std::memory_order_relaxed);  // wraps where it shrinks
  of_owner_.with([&](auto& of_owner) {
    std::size_t& octets = of_owner[owner];
    octets += now - before;
    if (octets == 0) of_owner.erase(owner);
  });
}

bool Unsent::has_room(const std::string& owner, bool proven, std::size_t octets) {
  const std::size_t used = used_.load(std::memory_order_relaxed), most = proven ? most_ : most_ - most_ / 4;
  const std::size_t own = of_owner_.with([&](const auto& of_owner) {
    const auto found = of_owner.find(owner);
    return found == of_owner.end() ? std::size_t{0} : found->second;
  });
  if (used == 0 || (used + octets <= most && (own == 0 || own + octets <= most_ / 4))) return true;
  refused_.fetch_add(1, std::memory_order_relaxed);
  say("an answer to " + owner + " is refused");
  return false;
}

void Unsent::cut() {
  cut_.fetch_add(1, std::memory_order_relaxed);
  say("those who take nothing are cut off");
}

void Unsent::say(const std::string& what) {
  const auto now = std::chrono::steady_clock::now();
  const bool quiet = quiet_until_.with([&](auto& until) {
    if (now < until) return true;
    until = now + between_warnings;
    return false;
  });
  if (!quiet) log_warn("answers: clients have not taken " + std::to_string(octets()) + " octets of theirs, of " + std::to_string(most_) + " that may wait; " + what);
}

}  // namespace cm4it::net
