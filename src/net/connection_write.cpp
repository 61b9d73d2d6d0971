// Writing and ending of a connection: what its session gave it is written, and buffered while the client does not read.
#include "net/connection.h"

namespace cm4it::net {
namespace {

constexpr std::size_t write_progress = 64 * 1024;  // what write_timeout is for
constexpr std::chrono::milliseconds linger_time{2000}, linger_at_stop{100};

}  // namespace

// Writes what there is. True: all of it was written. What was not is moved out of the loop's shared outbox.
bool Connection::flush() {
  if (phase_ == Phase::closed) return false;
  Outbox& out = outbox();
  if (!out.empty()) {
    auto io = transport_.write(out);
    if (io == Transport::Io::want_write) {
      if (!unsent_) {
        auto fresh = std::make_unique<Outbox>();
        unsent_ = std::exchange(loop_->outbox, std::move(fresh));
      } else if (unsent_size_ < unsent_->size() + write_progress) {
        account();
        return false;  // too little to have earned more time
      }
      unsent_size_ = unsent_->size();
      account();
      wait_for(options().write_timeout);
      return false;
    }
    if (io != Transport::Io::done) {
      out.clear();
      close();
      return false;
    }
  }
  if (unsent_) {
    unsent_.reset();
    account();
    wait_for(is_working() ? options().answer_timeout : options().idle_timeout);
    message_begun_ = false;
  }
  if (phase_ == Phase::open) session_->written();
  if (phase_ == Phase::last) end();
  return true;
}

void Connection::account() {
  const std::size_t now = unsent_ ? unsent_->size() : 0;
  options().unsent->change(owner_, std::exchange(accounted_, now), now);
}

void Connection::finish() {
  if (phase_ == Phase::open) phase_ = Phase::last;
}

void Connection::end() {
  transport_.end();
  if (half_closed()) return close();  // nothing can come any more that would make the kernel drop what was written
  drop(buffer_.size());
  phase_ = Phase::lingering;
  message_begun_ = false;
  wait_for(std::min(loop_->stopping() ? linger_at_stop : linger_time, options().request_timeout));
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  if (in_handshake()) loop_->end_handshake(source_);
  phase_ = Phase::closed;
  gone_.store(true, std::memory_order_relaxed);
  drop(buffer_.size());
  if (session_) session_->closed();
  unsent_.reset();
  account();
  loop_->unwatch(socket_.get());
  if (shaking_) {
    ::shutdown(socket_.get(), SHUT_RDWR);  // a handshake's thread has it: it is closed with this object
  } else {
    transport_ = Transport(-1, nullptr);
    socket_ = FileDescriptor();
  }
  loop_->forget(*this);
}

}  // namespace cm4it::net
