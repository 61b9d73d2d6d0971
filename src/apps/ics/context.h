// What every verb stands on: the options that all have, the directory, the key, the server. Made once by main.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/ics/api.h"
#include "apps/ics/console.h"
#include "apps/ics/directory.h"
#include "base/time.h"
#include "crypto/load_key.h"

namespace cm4it::ics {

// exit_cut_short: the reader of standard output closed it before all was written, as a shell shows a SIGPIPE (128 + 13).
enum Exit : int { exit_yes = 0, exit_no = 1, exit_usage = 2, exit_failed = 3, exit_cut_short = 141 };

// Makes the sender of requests to a server. `key` may be null; no `server_key`: any is spoken to.
using Connect = std::function<Api::Send(crypto::SignerPtr key, std::optional<KeyId> server_key)>;
Api::Send connect_https(crypto::SignerPtr key, std::optional<KeyId> server_key);

class Context {
 public:
  struct Options {
    std::string dir, key, key_pass, server, server_key;
    std::vector<std::string> domains;
    bool json = false, yes = false, dry_run = false;
  };

  Context(Console console_, Clock clock_, Connect connect_)
      : console(console_), clock(std::move(clock_)), connect(std::move(connect_)) {}

  Options options;
  Console console;
  Clock clock;
  Connect connect;
  crypto::AskSecret ask_secret;  // empty: nobody can be asked
  // Set by the verb that was typed.
  std::string verb;
  mutable bool misused = false;  // what was typed is at fault, not what was found: exit 2
  std::function<Result<int>()> action;

  // An error of who typed, for the action to return.
  tl::unexpected<Error> misuse(std::string message, std::string next = {}) const;
  // The same of a value that was typed: its error is one of usage.
  template <class T>
  Result<T> usage(Result<T> parsed) const {
    misused = misused || !parsed;
    return parsed;
  }
  // --dir. malformed: none given.
  Result<Directory> directory() const;
  // The domain asked: --domain's first, DIR's; empty: the server's default.
  Result<std::string> asked_domain() const;
  // Where statements are made: --domain's first, else DIR's, else the server's default. malformed: none is known.
  Result<std::string> own_domain();
  // The key that signs statements, loaded once. malformed: none given.
  Result<crypto::SignerPtr> signer() const;
  // How passphrases and PINs of keys on the command line are come by.
  crypto::KeyAccess key_access() const;
  Result<crypto::PublicKey> server_key_of(const Directory& directory) const;
  // The server of --server or of DIR, connected to once.
  Result<const Api*> api();
  // Further connections to that server: each for one thread at a time.
  Result<std::vector<Api>> connections(std::size_t count);
  // Another server: --server-key's, or any key, which is warned of unless its reply is checked otherwise.
  Result<Api> peer(const std::string& url, const std::optional<KeyId>& server_key) const;
  // The server of a directory, if it answers.
  std::optional<Api> running_server(const Directory& directory) const;

  // Standard output: `document` with --json (and nothing else then).
  void print_json(const boost::json::value& document) const;

 private:
  Result<crypto::SignerPtr> client_key() const;
  Result<KeyId> key_on_first_use(const std::string& url) const;
  Result<std::optional<KeyId>> expected_server_key(const std::string& url) const;

  mutable crypto::SignerPtr signer_;
  std::optional<Api> api_;
  std::function<Api()> connect_again_;  // to the server of api_
};

}  // namespace cm4it::ics
