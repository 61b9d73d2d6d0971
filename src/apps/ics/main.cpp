// ics: the command line of CM4IT.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "apps/ics/descriptor_buffer.h"
#include "apps/ics/passphrase.h"
#include "apps/ics/verbs.h"
#include "base/log.h"
#include "base/standard_files.h"

int main(int argc, char** argv) {
  cm4it::hold_standard_files();
  ::signal(SIGPIPE, SIG_IGN);
  ::setenv("TSS2_LOG", "all+none", 0);  // the TPM's library would write to standard error what we say ourselves
  (void)cm4it::set_log_level("warn");
  using cm4it::ics::Console;
  const bool plain = std::getenv("NO_COLOR") != nullptr;
  cm4it::ics::DescriptorBuffer output(STDOUT_FILENO);
  std::ostream out(&output);
  const Console console{std::cin,
                        out,
                        std::cerr,
                        !plain && ::isatty(STDOUT_FILENO) != 0,
                        ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0,
                        ::isatty(STDERR_FILENO) != 0,
                        &output};
  cm4it::ics::Context context(console, cm4it::system_time, cm4it::ics::connect_https);
  context.ask_secret = cm4it::ics::terminal();
  return cm4it::ics::run(argc, argv, context);
}
