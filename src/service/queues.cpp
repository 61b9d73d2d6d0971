// The queues of long reads, submissions and signatures, by rank and in fair shares (base/turns.h).
#include "service/queues.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include "base/budgets.h"


namespace cm4it::service {
namespace {

std::uint64_t stream_of(const KeyId& key) {
  std::uint64_t stream;
  std::memcpy(&stream, key.digest.data(), sizeof stream);
  return stream | 1;  // 0 stands for none
}

Error too_many(const char* what) {
  return {Code::unavailable, std::string("too many ") + what + " wait for their turn", "try again in a moment"};
}

Turns::Options turns_options(const char* name, unsigned workers) {
  const bool submissions = std::string_view(name) == "submissions";
  Turns::Options made;
  made.name = name;
  made.threads = {std::min(workers, 2u), 1, 1, workers};
  made.requests = submissions ? budget::waiting_submissions : budget::waiting_readings;
  made.requests_of_owner = submissions ? budget::submissions_of_one : budget::readings_of_one;
  made.bytes = submissions ? budget::waiting_submission_bytes : 0;
  return made;
}

unsigned threads_of(unsigned workers) { return workers ? workers : std::max(1u, std::thread::hardware_concurrency()); }

}  // namespace

Queues::Queues(const Access& access, unsigned workers)
    : access_(access), submissions_(turns_options("submissions", threads_of(workers))), readings_(turns_options("readings", threads_of(workers))),
      signings_(turns_options("signings", threads_of(workers))) {}

void Queues::stop() {
  readings_.stop();
  signings_.stop();
  submissions_.stop();
}

Share Queues::share_of(const Caller& caller) const {
  if (caller.address.empty()) return {};
  if (!caller.who) return {Rank::anyone, caller.address, 0};
  const Rank rank = access_.rank_of_key(*caller.who);
  if (rank == Rank::key) return {rank, caller.address, stream_of(*caller.who)};
  return {rank, caller.who->text(), 0};
}

Result<void> Queues::read_in_parts(const Caller& caller, std::function<bool()> part) {
  const auto ticket = readings_.admit(share_of(caller));
  if (!ticket) return tl::unexpected(too_many("searches, feeds and long answers"));
  add_part(ticket, std::make_shared<std::function<bool()>>(std::move(part)));
  return {};
}

Result<void> Queues::sign_in_turn(const Caller& caller, std::function<void()> job) {
  const auto ticket = signings_.admit(share_of(caller));
  if (!ticket) return tl::unexpected(too_many("signatures"));
  signings_.add(ticket, [ticket, job = std::move(job)] { job(); });
  return {};
}

Result<void> Queues::read_in_turn(const Caller& caller, std::function<void()> job) {
  return read_in_parts(caller, [job = std::move(job)] {
    job();
    return false;
  });
}

void Queues::read_on(const Caller& caller, std::function<void()> job) {
  readings_.add(readings_.go_on(share_of(caller)), std::move(job));
}

void Queues::add_part(const Turns::TicketPtr& ticket, const std::shared_ptr<std::function<bool()>>& part) {
  readings_.add(ticket, [this, ticket, part] {
    if ((*part)()) add_part(ticket, part);
  });
}

Result<Turns::TicketPtr> Queues::admit_submission(const Caller& caller, std::size_t octets) {
  auto ticket = submissions_.admit(share_of(caller), octets);
  if (!ticket) return tl::unexpected(too_many("submissions"));
  return ticket;
}

std::vector<Queues::Load> Queues::loads() const {
  std::vector<Load> loads;
  for (const auto& [name, turns] : {std::pair{"submissions", &submissions_}, {"readings", &readings_}, {"signings", &signings_}}) {
    const auto counters = turns->counters();
    for (std::size_t rank = 0; rank < ranks; ++rank)
      loads.push_back({name, to_string(static_cast<Rank>(rank)), counters[rank]});
  }
  return loads;
}

}  // namespace cm4it::service
