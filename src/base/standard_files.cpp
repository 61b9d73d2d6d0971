#include "base/standard_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

namespace cm4it {

void hold_standard_files() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    // open() takes the lowest number that is free: this one.
    if (::fcntl(number, F_GETFD) < 0) (void)!::open("/dev/null", number == STDOUT_FILENO ? O_RDONLY : O_RDWR);
}

}  // namespace cm4it
