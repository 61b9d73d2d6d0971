// Counts how many things are admitted. It starts when somebody asks, and runs in parts on the threads that make long answers.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "evidence/statement.h"
#include "service/service.h"

namespace cm4it::http {

// Counts the things of the default domain by what it admits. Counting folds all of them: it is done once a minute at most, and never
// takes more than a twentieth of the time of one thread.
class Census : public std::enable_shared_from_this<Census> {
 public:
  using Clock = std::chrono::steady_clock;
  struct Verdicts { std::uint64_t yes = 0, no = 0, unknown = 0; };
  struct Count {
    Time at;  // when it was complete
    std::map<evidence::Type, Verdicts> types;  // of those that the policy's [admit] names
  };

  explicit Census(service::Service& service, std::function<Clock::time_point()> clock = Clock::now);
  // The last complete count; null: there is none yet. Starts the next count if it is due.
  std::shared_ptr<const Count> newest();

 private:
  static constexpr auto least_pause = std::chrono::seconds(60);
  static constexpr int most_share = 20;  // one part in so many is spent on counting
  struct Cache {
    std::shared_ptr<const Count> newest;
    bool counting = false;
    Clock::time_point next{};  // not before
  };

  void begin();
  bool part();
  Result<bool> count_page();
  void end(std::shared_ptr<const Count> counted);

  service::Service& service_;
  const std::function<Clock::time_point()> clock_;
  Guarded<Cache> cache_;

  // Of whoever counts, one at a time.
  Count counted_;
  std::vector<evidence::Type> left_;  // the last one is being counted
  std::string cursor_;
  Clock::duration spent_{};
};

}  // namespace cm4it::http
