// A gateway: lets sensors in on the infield ICS's word for the key they prove, and puts them out when that word changes.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "field_ics.h"
#include "wire.h"

namespace cm4it::demo {

class Gateway {
 public:
  struct Options {
    crypto::SignerPtr key;
    std::string listen;
    Bytes shown_token;  // for the impostor of the story: shown instead of its own
  };

  Gateway(Options options, FieldIcs& ics) : options_(std::move(options)), ics_(ics) {}
  // Serves until the process ends; returns only with an error.
  Result<void> serve();

 private:
  using Stream = std::shared_ptr<net::TlsStream>;
  struct Open {
    Stream stream;
    Time until = Time::never();  // then the ICS is asked again
  };

  void converse(const Stream& stream);
  Result<void> take_readings(net::TlsStream& stream, const KeyId& sensor);
  // Until when this sensor is let in. not_permitted: and why not.
  Result<Time> let_in(const crypto::PublicKey& sensor, const std::string& token);
  Result<Time> ask(const KeyId& sensor);
  Result<Bytes> own_token();
  // Follows the ICS's changes; whoever is no longer let in is put out.
  void watch();
  int seconds_to_wait() const;
  void check_again(const Changes& changes);

  const Options options_;
  FieldIcs& ics_;
  std::unique_ptr<net::TlsListener> listener_;
  Guarded<std::multimap<KeyId, Open>> open_;
  struct OwnToken {
    Bytes bytes;
    Time expires;
  };
  Guarded<OwnToken> token_;
};

}  // namespace cm4it::demo
