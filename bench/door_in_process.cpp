#include "door_in_process.h"

namespace cm4it::bench {

// Takes an answer as a connection does, and forgets it.
class DoorInProcess::Loop::Sink : public net::Exchange {
 public:
  explicit Sink(unsigned number) : loop(number) {}

  void answer(std::shared_ptr<net::Exchange>, net::Response&& response) override {
    // Only a ready answer comes without a word on what to keep of it.
    answered = response.status != 200 ? Answer::none : response.ready && !response.on_loop ? Answer::ready : Answer::made;
    if (response.on_loop) response.on_loop(loop);
  }
  bool gone() const override { return false; }

  const unsigned loop;
  Answer answered = Answer::none;
};

DoorInProcess::DoorInProcess(service::Service& service, unsigned loops, std::size_t cache_octets)
    : door_(service, {.server_name = "bench", .ready = std::make_shared<service::ReadyAnswers>(service.verdicts(), cache_octets, loops), .peers = {}, .extra_metrics = {}, .delegates_until = {}}),
      handler_(door_.handler()) {}

DoorInProcess::Loop::Loop(const DoorInProcess& door, unsigned number) : handler_(door.handler_), sink_(std::make_shared<Sink>(number)) {}

DoorInProcess::Loop::Answer DoorInProcess::Loop::get(const std::string& path) {
  net::Request request;
  request.method = "GET";
  request.target = request.path = path;
  request.loop = sink_->loop;
  sink_->answered = Answer::none;
  handler_(request, net::Responder(sink_));
  return sink_->answered;
}

}  // namespace cm4it::bench
