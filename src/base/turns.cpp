#include "base/turns.h"

#include <sys/resource.h>

#include <unistd.h>

#include <algorithm>
#include <exception>

#include "base/budgets.h"
#include "base/log.h"

namespace cm4it {
namespace {

// Threads for strangers stand back where there are too few cores: event loops and the others go first.
constexpr std::array<int, ranks> nice_of_rank{0, 0, 5, 5};

constexpr auto between_warnings = std::chrono::minutes(1);

std::size_t index_of(Rank rank) { return static_cast<std::size_t>(rank); }

}  // namespace

const char* to_string(Rank rank) {
  switch (rank) {
    case Rank::server: return "server";
    case Rank::principal: return "principal";
    case Rank::key: return "key";
    case Rank::anyone: return "anyone";
  }
  return "";
}

Turns::Turns(Options options) : options_(std::move(options)) {
  for (std::size_t rank = 0; rank < ranks; ++rank)
    for (unsigned i = 0; i < options_.threads[rank]; ++i) threads_.emplace_back([this, rank] { work(rank); });
}

void Turns::stop() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
    for (auto& sleepers : idle_) {
      for (Sleeper* sleeper : sleepers) {
        sleeper->woken = true;
        sleeper->wake.notify_one();
      }
      sleepers.clear();
    }
  }
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  Lock lock(mutex_);
  finished_ = true;
  for (Entry entry; take(ranks - 1, entry);) {  // parts that came after the threads of their rank had ended
    lock.unlock();
    run(entry.job);
    entry = {};
    lock.lock();
  }
}

void Turns::run(const Job& job) const {
  try {
    job();
  } catch (const std::exception& error) {
    log_error(options_.name + ": " + error.what());
  }
}

bool Turns::has_room(Queue& queue, const std::string& owner, std::size_t bytes) const {
  if (owner.empty()) return true;  // our own: whoever makes it bounds it
  const auto found = queue.loads.find(owner);
  const Load of_owner = found == queue.loads.end() ? Load{} : found->second;
  if (queue.load.requests >= options_.requests || of_owner.requests >= options_.requests_of_owner) return false;
  if (bytes == 0 || options_.bytes == 0) return true;
  return queue.load.bytes + bytes <= options_.bytes && of_owner.bytes + bytes <= options_.bytes / 2;
}

Turns::TicketPtr Turns::admit(Share share, std::size_t bytes) {
  if (bytes <= budget::small_request) bytes = 0;
  bool say = false;
  {
    const Lock lock(mutex_);
    Queue& queue = queues_[index_of(share.rank)];
    if (!stopping_ && has_room(queue, share.owner, bytes)) {
      for (Load* load : {&queue.load, &queue.loads[share.owner]}) {
        ++load->requests;
        load->bytes += bytes;
      }
      if (share.stream == 0) share.stream = next_stream_++;
      return std::make_shared<const Ticket>(this, std::move(share), bytes);
    }
    ++queue.refused;
    const auto now = std::chrono::steady_clock::now();
    say = now >= queue.quiet_until;
    if (say) queue.quiet_until = now + between_warnings;
  }
  if (say)
    log_warn(options_.name + ": more wait, of rank " + to_string(share.rank) + ", than may; " + share.owner + " is refused, and whoever else asks for too much");
  return {};
}

Turns::TicketPtr Turns::go_on(Share share) {
  const Lock lock(mutex_);
  if (share.stream == 0) share.stream = next_stream_++;
  return std::make_shared<const Ticket>(nullptr, std::move(share), 0);
}

void Turns::release(const Ticket& ticket) {
  const Lock lock(mutex_);
  Queue& queue = queues_[index_of(ticket.share_.rank)];
  const auto of_owner = queue.loads.find(ticket.share_.owner);
  for (Load* load : {&queue.load, &of_owner->second}) {
    --load->requests;
    load->bytes -= ticket.bytes_;
  }
  if (of_owner->second.requests == 0) queue.loads.erase(of_owner);
}

void Turns::add(const TicketPtr& ticket, Job job) {
  const Share& share = ticket->share();
  Lock lock(mutex_);
  if (finished_) {
    lock.unlock();
    return run(job);
  }
  Queue& queue = queues_[index_of(share.rank)];
  const auto [known, first] = queue.by_name.try_emplace(share.owner);
  if (first) known->second = queue.owners.insert(queue.owners.end(), Owner{share.owner, {}, {}});
  auto& streams = ticket->bytes_ == 0 ? known->second->small : known->second->large;
  auto stream = std::find_if(streams.rbegin(), streams.rend(), [&](const Stream& one) { return one.id == share.stream; });
  if (stream == streams.rend()) {
    streams.push_back({share.stream, {}});
    streams.back().jobs.push_back({ticket, std::move(job)});
  } else {
    stream->jobs.push_back({ticket, std::move(job)});
  }
  wake_one(index_of(share.rank));
}

// An idle thread of that rank, or of a lower one.
void Turns::wake_one(std::size_t rank) {
  for (; rank < ranks; ++rank) {
    if (idle_[rank].empty()) continue;
    Sleeper* sleeper = idle_[rank].back();
    idle_[rank].pop_back();
    sleeper->woken = true;
    sleeper->wake.notify_one();
    return;
  }
}

// The first job of the first owner's first stream; both go behind the others.
void Turns::pop(Queue& queue, Entry& entry) {
  const auto owner = queue.owners.begin();
  auto& streams = owner->small.empty() || (owner->large_next && !owner->large.empty()) ? owner->large : owner->small;
  owner->large_next = &streams == &owner->small;
  const auto stream = streams.begin();
  entry = std::move(stream->jobs.front());
  stream->jobs.pop_front();
  if (stream->jobs.empty()) streams.erase(stream);
  else streams.splice(streams.end(), streams, stream);
  if (!owner->small.empty() || !owner->large.empty()) {
    queue.owners.splice(queue.owners.end(), queue.owners, owner);
    return;
  }
  queue.by_name.erase(owner->name);
  queue.owners.erase(owner);
}

// First of its own rank, so that no rank is left out for good; then of the higher ones.
bool Turns::take(std::size_t rank, Entry& entry) {
  const auto from = [&](Queue& queue) {
    if (queue.owners.empty()) return false;
    pop(queue, entry);
    ++queue.done;
    return true;
  };
  if (from(queues_[rank])) return true;
  for (std::size_t higher = 0; higher < rank; ++higher)
    if (from(queues_[higher])) return true;
  return false;
}

void Turns::work(std::size_t rank) {
  if (nice_of_rank[rank] > 0) (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), nice_of_rank[rank]);
  Sleeper self;
  Lock lock(mutex_);
  for (;;) {
    Entry entry;
    if (!take(rank, entry)) {
      if (stopping_) return;
      self.woken = false;
      idle_[rank].push_back(&self);
      while (!self.woken) self.wake.wait(lock);
      continue;
    }
    lock.unlock();
    run(entry.job);
    entry = {};  // what the job held, and its ticket: not under the lock
    lock.lock();
  }
}

std::array<Turns::Counters, ranks> Turns::counters() const {
  const Lock lock(mutex_);
  std::array<Counters, ranks> all;
  for (std::size_t rank = 0; rank < ranks; ++rank)
    all[rank] = {queues_[rank].done, queues_[rank].refused, queues_[rank].load.requests};
  return all;
}

}  // namespace cm4it
