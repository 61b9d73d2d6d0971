// What is known of each statement about one subject, and whether it counts by time: the part of judging that needs no rights.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/fold.h"

namespace cm4it::policy {

class TemporalRules {
 public:
  TemporalRules(const Policies& policies, const Descriptor& domain, Time at)
      : policies_(policies), domain_(domain), referenced_(domain.referenced()), at_(at) {}

  // The statements, each once, in the order (received, leaf index, statement id). `about` outlives this.
  std::vector<Judgement> order_by_receipt(const std::vector<Fact>& about);

  static bool earlier(const Judgement& a, const Judgement& b);
  // When the issuer made the statement: the time it claims, but not later than the receipt, so that a clock that is ahead gains nothing.
  static Time said_at(const Judgement& judgement);

  // Everything about a statement but rights and withdrawal. False: it does not count, and why_not says why.
  bool in_time(Judgement& judgement);
  // Whether it would have counted if it had not expired.
  bool expired_only(const Judgement& judgement) const;

  // Received before `until` by a home of the domain that sets it. Without a receipt of such a home it counts only while
  // `until` is still to come; an alarm as it was first seen here, for no clock unsays it.
  bool before_until(const Judgement& judgement, std::optional<Time> until, std::string_view set_by);
  // By a home of this domain. Nobody bears witness to when a provisional statement was made: it counts only while `until` is
  // still to come.
  bool received_before(const Judgement& judgement, Time until);

  void changes_at(Time time) {
    if (time > at_ && time < next_change_) next_change_ = time;
  }
  Time next_change() const { return next_change_; }

  // All that is known of one statement: its facts, however often it was given. Most are given once: then the lists are the fact's own.
  struct Known {
    const Fact* fact = nullptr;
    std::shared_ptr<const std::vector<std::string>> domains;  // sorted
    std::shared_ptr<const std::vector<ReceivedAt>> receipts;
    Time first_seen;
  };
  // When a home received a statement: the time, and the place in its log.
  using Moment = std::pair<Time, std::uint64_t>;

  const Known& known_of(const Judgement& judgement) const;
  const std::vector<std::string>& referenced() const { return referenced_; }
  Time at() const { return at_; }

 private:
  static std::vector<Known> gather(const std::vector<Fact>& about);
  static Known known_from(std::span<const Fact* const> same);
  Judgement begin(const Known& known) const;
  std::optional<Moment> received_by(const Known& known, std::string_view of) const;
  std::optional<Moment> received_in_domain(const Known& known, std::string_view& by) const;
  bool made_ahead(const Judgement& judgement) const;

  bool relevant(const Known& known) const;

  const Policies& policies_;
  const Descriptor& domain_;
  const std::vector<std::string> referenced_;
  const Time at_;
  std::vector<Known> known_;  // by statement id
  Time next_change_ = Time::never();
};

}  // namespace cm4it::policy
