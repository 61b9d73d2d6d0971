#include "apps/ics/passphrase.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "apps/ics/console.h"
#include "base/budgets.h"

namespace cm4it::ics {
namespace {

// The terminal, without echo; as it was when this goes. Ctrl-C comes as a character, so that it cannot leave us in between.
class Silent {
 public:
  Silent() : descriptor_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (descriptor_ < 0 || ::tcgetattr(descriptor_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
    silent.c_cc[VMIN] = 1;
    silent.c_cc[VTIME] = 0;
    silenced_ = ::tcsetattr(descriptor_, TCSAFLUSH, &silent) == 0;
  }
  ~Silent() {
    if (silenced_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Silent(const Silent&) = delete;
  Silent& operator=(const Silent&) = delete;

  bool ready() const { return silenced_; }
  void show(const std::string& text) const { (void)!::write(descriptor_, text.data(), text.size()); }
  // False at its end.
  bool read(unsigned char& octet) const { return ::read(descriptor_, &octet, 1) == 1; }

 private:
  const int descriptor_;
  termios before_{};
  bool silenced_ = false;
};

Result<crypto::Secret> ask(const std::string& what) {
  const Silent terminal;
  if (!terminal.ready()) return fail(Code::not_permitted, what + ": nobody can be asked (no terminal)", "--key-pass FILE");
  terminal.show(clean(what) + ": ");
  constexpr unsigned char interrupt = 3, end = 4, backspace = 8, erase = 21, rubout = 127;
  Bytes typed;
  typed.reserve(budget::secret_bytes);  // never moved, so that no copy is left behind
  unsigned char octet = 0;
  bool cancelled = false;
  while (terminal.read(octet) && octet != '\n' && octet != '\r' && octet != end) {
    if (octet == interrupt || typed.size() == budget::secret_bytes) {
      cancelled = true;
      break;
    }
    if (octet == erase) typed.clear();
    else if (octet != backspace && octet != rubout) typed.push_back(octet);
    else if (!typed.empty()) typed.pop_back();
  }
  terminal.show("\n");
  crypto::Secret secret(std::move(typed));
  if (cancelled) return fail(Code::not_permitted, what + ": not given");
  return secret;
}

}  // namespace

crypto::AskSecret terminal() {
  const int descriptor = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) return {};
  ::close(descriptor);
  return ask;
}

}  // namespace cm4it::ics
