// A sensor: asks the infield ICS for its own token once in a while, and nobody about the gateway: the token that the gateway
// shows must be the ICS's, for this domain, and for the key that the gateway has proven.
#pragma once

#include <chrono>
#include <memory>

#include "field_ics.h"
#include "wire.h"

namespace cm4it::demo {

struct SensorOptions {
  std::string gateway_host;
  std::uint16_t gateway_port = 0;
  std::chrono::milliseconds interval{1000};  // between readings
  std::chrono::milliseconds retry{1000};     // after a refusal
  Bytes shown_token;                         // for the impostor of the story: shown instead of its own
};

class Sensor {
 public:
  using Clock = std::chrono::steady_clock;

  Sensor(crypto::SignerPtr key, const SensorOptions& options, FieldIcs& ics)
      : key_(std::move(key)), options_(options), ics_(ics) {}

  // One act: a connection, or a reading.
  void act();
  Clock::time_point next_act() const { return next_act_; }

 private:
  const KeyId& id() const { return key_->public_key().id(); }
  Result<void> meet();
  Result<void> measure();
  Result<void> trust_gateway(const std::string& token);
  Bytes own_token();

  const crypto::SignerPtr key_;
  const SensorOptions& options_;
  FieldIcs& ics_;
  std::unique_ptr<net::TlsStream> stream_;
  unsigned readings_ = 0;
  Clock::time_point next_act_ = Clock::now();
};

}  // namespace cm4it::demo
