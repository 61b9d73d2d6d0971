// Standard input, output and error, where the process was started without them.
#pragma once

namespace cm4it {

// Descriptors 0, 1 and 2 that are closed become /dev/null, so that no socket and no file of the store gets one of these numbers
// and is then written into as if it were the terminal. Standard output is opened for reading only: what is written to it still
// fails, as it does where it is closed. Call it first thing in main.
void hold_standard_files();

}  // namespace cm4it
