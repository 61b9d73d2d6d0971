// The HTTP API (docs/http-api.md): HTTP ⇄ service calls, and nothing else.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/http/http.h"
#include "service/ready_answers.h"
#include "service/service.h"

namespace cm4it::http {

// One link to a peer, as /v1/peers and /metrics show it.
struct PeerState {
  std::string domain, url;
  std::string state;  // "following", "backing-off", "broken"; of forwarding: "forwarding", "idle"
  std::uint64_t position = 0;
  std::optional<Time> newest_head;
  std::string last_error;
  std::size_t pending = 0;  // statements still to be forwarded there
  std::size_t refused = 0;  // that will not be received there, and the last one's reason
  std::string last_refusal{};
  std::size_t missed = 0;   // records of its feed that could not be taken; they are asked for again
  std::optional<Time> since{};  // of backing-off and broken: since when, as far as it is known
  std::optional<std::uint64_t> behind{};  // entries of its home's log that have not come yet, as far as a head told
  std::string clock{};      // whose clock is wrong, as far as its heads tell; empty: none
};

struct DoorOptions {
  std::string server_name, version{};
  service::ReadyAnswersPtr ready{};  // null: none are cached
  std::function<std::vector<PeerState>()> peers;
  // Lines in Prometheus' text format from other rooms (connections, …).
  std::function<std::vector<std::pair<std::string, double>>()> extra_metrics;
  std::function<std::vector<std::pair<std::string, Time>>()> delegates_until;  // of OCSP, by their CA's name
};

class Door {
 public:
  Door(service::Service& service, DoorOptions options);
  ~Door();  // answers all waiting requests; afterwards the handler holds none
  net::Handler handler();

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace cm4it::http
