// Whose turn it is: readings, submissions and signatures in ranks and fair shares (base/turns.h).
#include <cstring>

#include "service/impl.h"

namespace cm4it::service {
namespace {

// The rank that this server's policies give to a key.
Rank rank_by_policies(const ledger::Published& published, const KeyId& who) {
  const auto& policies = *published.policies;
  bool listed = false;
  for (const auto& membership : policies.servers_with_key(who)) {
    listed = true;
    // Whoever buys a thing brings a policy along: what a sale alone has pinned names no servers of ours.
    const auto* chain = policies.chain(membership.domain);
    const bool sold = chain && chain->pinned_by == policy::Pin::Source::transfer;
    if (!sold || published.domains.contains(membership.domain)) return Rank::server;
  }
  return listed || policies.find_key(who) ? Rank::principal : Rank::key;
}

std::uint64_t stream_of(const KeyId& key) {
  std::uint64_t stream;
  std::memcpy(&stream, key.digest.data(), sizeof stream);
  return stream | 1;  // 0 stands for none
}

Error too_many(const char* what) {
  return {Code::unavailable, std::string("too many ") + what + " wait for their turn", "try again in a moment"};
}

}  // namespace

Turns::Options Service::Impl::turns_options(const char* name, unsigned workers) {
  const bool submissions = std::string_view(name) == "submissions";
  Turns::Options made;
  made.name = name;
  made.threads = {std::min(workers, 2u), 1, 1, workers};
  made.requests = submissions ? budget::waiting_submissions : budget::waiting_readings;
  made.requests_of_owner = submissions ? budget::submissions_of_one : budget::readings_of_one;
  made.bytes = submissions ? budget::waiting_submission_bytes : 0;
  return made;
}

Share Service::Impl::share_of(const Caller& caller) const {
  if (caller.address.empty()) return {};
  if (!caller.who) return {Rank::anyone, caller.address, 0};
  const Rank rank = rank_by_policies(*ledger->published(), *caller.who);
  if (rank == Rank::key) return {rank, caller.address, stream_of(*caller.who)};
  return {rank, caller.who->text(), 0};
}

Rank Service::rank_of(const Caller& caller) const { return impl_->share_of(caller).rank; }
Rank Service::rank_of_key(const KeyId& key) const { return rank_by_policies(*impl_->ledger->published(), key); }

Result<void> Service::read_in_parts(const Caller& caller, std::function<bool()> part) {
  const auto ticket = impl_->readings.admit(impl_->share_of(caller));
  if (!ticket) return tl::unexpected(too_many("searches, feeds and long answers"));
  impl_->add_part(ticket, std::make_shared<std::function<bool()>>(std::move(part)));
  return {};
}

Result<void> Service::sign_in_turn(const Caller& caller, std::function<void()> job) {
  const auto ticket = impl_->signings.admit(impl_->share_of(caller));
  if (!ticket) return tl::unexpected(too_many("signatures"));
  impl_->signings.add(ticket, [ticket, job = std::move(job)] { job(); });
  return {};
}

Result<void> Service::read_in_turn(const Caller& caller, std::function<void()> job) {
  return read_in_parts(caller, [job = std::move(job)] {
    job();
    return false;
  });
}

void Service::read_on(const Caller& caller, std::function<void()> job) {
  impl_->readings.add(impl_->readings.go_on(impl_->share_of(caller)), std::move(job));
}

void Service::Impl::add_part(const Turns::TicketPtr& ticket, const std::shared_ptr<std::function<bool()>>& part) {
  readings.add(ticket, [this, ticket, part] {
    if ((*part)()) add_part(ticket, part);
  });
}

Result<Turns::TicketPtr> Service::Impl::admit_submission(const Caller& caller, std::size_t octets) {
  auto ticket = submissions.admit(share_of(caller), octets);
  if (!ticket) return tl::unexpected(too_many("submissions"));
  return ticket;
}

std::vector<Service::Load> Service::loads() const {
  std::vector<Load> loads;
  for (const auto& [name, turns] : {std::pair{"submissions", &impl_->submissions}, {"readings", &impl_->readings}, {"signings", &impl_->signings}}) {
    const auto counters = turns->counters();
    for (std::size_t rank = 0; rank < ranks; ++rank)
      loads.push_back({name, to_string(static_cast<Rank>(rank)), counters[rank]});
  }
  return loads;
}

}  // namespace cm4it::service
