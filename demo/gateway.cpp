#include "gateway.h"

#include <set>
#include <thread>

#include "base/log.h"

namespace cm4it::demo {
namespace {

constexpr Seconds token_margin = 60;
constexpr int poll_seconds = 30;
constexpr std::chrono::milliseconds before_asking_again{200};

}  // namespace

Result<void> Gateway::serve() {
  TRY(listener_, net::TlsListener::listen(options_.listen, options_.key));
  report("listening", options_.key->public_key().id(), std::to_string(listener_->port()));
  // These threads end with the process.
  std::thread([this] { watch(); }).detach();
  for (;;) {
    TRY(Stream stream, listener_->accept());
    std::thread([this, stream] { converse(stream); }).detach();
  }
}

void Gateway::converse(const Stream& stream) {
  if (!stream->handshake(patience)) return;
  const auto proven = stream->peer_key();
  if (!proven) return;
  const KeyId sensor = proven->id();
  // Noted as open before anything is asked: a change after the answer finds it.
  const auto place = open_.with([&](auto& open) { return open.emplace(sensor, Open{stream}); });
  const auto talk = [&]() -> Result<void> {
    TRY(const Bytes token, own_token());
    CHECK_OK(say_hello(*stream, token));
    TRY(const std::string shown, hear(*stream, "hello"));
    const auto until = let_in(*proven, shown);
    if (!until) {
      report("refused", sensor, until.error().message);
      return say(*stream, "refused", until.error().message);
    }
    open_.with([&](auto&) { place->second.until = *until; });
    report("admitted", sensor);
    CHECK_OK(say(*stream, "welcome"));
    return take_readings(*stream, sensor);
  };
  if (auto done = talk(); !done) report("left", sensor, done.error().message);
  open_.with([&](auto& open) { open.erase(place); });
  stream->close();
}

Result<void> Gateway::take_readings(net::TlsStream& stream, const KeyId& sensor) {
  for (;;) {
    TRY(const Line line, hear(stream, std::chrono::minutes(10)));
    if (line.verb == "refused") return fail(Code::not_permitted, "it does not trust this gateway: " + line.rest);
    if (line.verb != "reading") return fail(Code::malformed, "heard '" + line.verb + "'");
    report("reading", sensor, line.rest);
    CHECK_OK(say(stream, "noted", split_line(line.rest).verb));
  }
}

Result<Time> Gateway::let_in(const crypto::PublicKey& sensor, const std::string& token) {
  TRY(const Time until, ask(sensor.id()));
  // The gateway need not ask for a token, since it asks the ICS itself; but one that is shown must be its bearer's.
  if (token == "-") return until;
  TRY(const Bytes bytes, from_base64url(token));
  CHECK_OK(ics_.check(bytes, sensor));
  return until;
}

Result<Time> Gateway::ask(const KeyId& sensor) {
  TRY(const MayAnswer answer, ics_.may(sensor, options_.key->public_key().id()));
  if (!answer.allowed) return fail(Code::not_permitted, answer.why);
  return answer.valid_until;
}

Result<Bytes> Gateway::own_token() {
  if (!options_.shown_token.empty()) return options_.shown_token;
  const auto kept = token_.with([](const OwnToken& own) { return own; });
  if (kept.expires > system_time() + token_margin) return kept.bytes;
  TRY(Bytes fresh, ics_.token(options_.key->public_key().id()));
  const auto checked = ics_.check(fresh, options_.key->public_key());
  // A token that says no is shown all the same: its reader decides.
  if (checked) token_.with([&](OwnToken& own) { own = {fresh, checked->expires}; });
  return fresh;
}

void Gateway::watch() {
  std::string position;
  for (;;) {
    auto changes = ics_.changes(position, seconds_to_wait());
    if (!changes) {
      log_warn("following changes: " + changes.error().message);
      std::this_thread::sleep_for(before_asking_again);
      continue;
    }
    // Without a position nothing is known of what was before: everybody is looked at.
    if (position.empty()) changes->all = true;
    position = changes->next;
    check_again(*changes);
  }
}

int Gateway::seconds_to_wait() const {
  Time soonest = system_time() + poll_seconds;
  open_.with([&](const auto& open) {
    for (const auto& [sensor, connection] : open) soonest = std::min(soonest, connection.until);
  });
  return static_cast<int>(std::max<Seconds>(soonest - system_time(), 1));
}

void Gateway::check_again(const Changes& changes) {
  const std::set<std::string> named(changes.subjects.begin(), changes.subjects.end());
  const bool everybody = changes.all || named.contains(options_.key->public_key().id().text());
  const auto open = open_.with([](const auto& now) { return now; });
  for (const auto& [sensor, connection] : open) {
    if (!everybody && !named.contains(sensor.text()) && connection.until > system_time()) continue;
    const auto until = ask(sensor);
    if (until) {
      open_.with([&, about = sensor](auto& now) {
        for (auto [at, end] = now.equal_range(about); at != end; ++at) at->second.until = *until;
      });
    } else if (until.error().code == Code::not_permitted || connection.until <= system_time()) {
      report("closed", sensor, until.error().message);
      (void)say(*connection.stream, "bye", until.error().message);
      connection.stream->close();
    }
  }
}

}  // namespace cm4it::demo
