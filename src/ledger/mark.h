// The mark beside a log key: how far that key has signed each log. A store can be lost or come back from a backup, and the key
// is still there: a log that began again, or went back, under a key that was used would be a second history to every peer.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/uptime.h"
#include "ledger/home_log.h"

namespace cm4it::ledger {

// A text file, replaced whole and synced (docs/formats/log.md). It may be behind the store, so that a crash between a commit and
// the mark raises no alarm, and is never ahead of it.
class Mark {
 public:
  // The clock at the newest signature, and how long the machine had been up: so a later start of the same boot can tell how
  // much time has really passed.
  struct Anchor { Uptime machine; Time clock; };

  // `file` empty: nothing is remembered, and nothing written. malformed: it is damaged.
  static Result<Mark> open(std::filesystem::path file, const KeyId& log);

  // conflict: the log that the store has does not go on from what this key has signed.
  Result<void> check(const HomeLog& log, const store::Snapshot& snapshot) const;

  bool has_file() const { return !file_.empty(); }
  bool knows(const std::string& domain) const { return heads_.contains({log_, domain}); }
  bool says(const std::string& domain, const tlog::Head& head) const;  // whether the mark has exactly this head
  const std::optional<Anchor>& anchor() const { return anchor_; }

  void set(const std::string& domain, const tlog::Head& head);
  void set(Anchor anchor) { anchor_ = std::move(anchor); }
  Result<void> write() const;  // unavailable: it may not be durable

 private:
  Result<void> read_line(std::string_view line);
  std::string text_of() const;

  std::filesystem::path file_;
  KeyId log_;
  std::map<std::pair<KeyId, std::string>, tlog::Head> heads_;  // also of keys that were in use before; origins are not written
  std::optional<Anchor> anchor_;
};

}  // namespace cm4it::ledger
