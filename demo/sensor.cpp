#include "sensor.h"

namespace cm4it::demo {

void Sensor::act() {
  const bool meeting = !stream_;
  if (auto done = meeting ? meet() : measure(); !done) {
    report(meeting ? "refused" : "closed", id(), done.error().message);
    stream_.reset();
    next_act_ = Clock::now() + options_.retry;
    return;
  }
  if (meeting) report("connected", id());
  next_act_ = Clock::now() + options_.interval;
}

Result<void> Sensor::meet() {
  TRY(stream_, net::TlsStream::connect(options_.gateway_host, options_.gateway_port, key_, patience));
  CHECK_OK(say_hello(*stream_, own_token()));
  TRY(const std::string shown, hear(*stream_, "hello"));
  if (auto trusted = trust_gateway(shown); !trusted) {
    report("mistrusts", id(), trusted.error().message);
    (void)say(*stream_, "refused", trusted.error().message);
    return trusted;
  }
  TRY(const std::string welcome, hear(*stream_, "welcome"));
  return {};
}

Result<void> Sensor::trust_gateway(const std::string& token) {
  TRY(const auto gateway, stream_->peer_key());
  if (token == "-") return fail(Code::not_permitted, "the gateway shows no token");
  TRY(const Bytes bytes, from_base64url(token));
  CHECK_OK(ics_.check(bytes, gateway));
  return {};
}

Result<void> Sensor::measure() {
  const std::string number = std::to_string(++readings_);
  const unsigned tenths = 200 + (id().digest[0] + 7 * readings_) % 50;
  CHECK_OK(say(*stream_, "reading", number + " " + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10)));
  TRY(const std::string noted, hear(*stream_, "noted"));
  if (noted != number) return fail(Code::malformed, "the gateway noted " + noted + " instead of " + number);
  return {};
}

Bytes Sensor::own_token() {
  if (!options_.shown_token.empty()) return options_.shown_token;
  // None, when the ICS does not know this key or cannot be reached: the gateway will judge.
  return ics_.token(id()).value_or(Bytes());
}

}  // namespace cm4it::demo
