// `ics import` of a dump into a running icsd, watched: how fast, how it goes on, and what both processes need.
#pragma once

#include "openpgp_dump.h"

namespace cm4it::bench {

// What the kernel says of a process, in MiB, each at its highest so far.
struct Memory {
  double anonymous = 0;  // its own
  double resident = 0;   // with pages of files, such as a store's map, which the kernel takes back when it needs them
  void watch(pid_t process);
};

// Seconds of processor time that a process has had so far; 0: there is no such process.
double processor_seconds(pid_t process);

struct Imported {
  double seconds = 0, rate = 0;              // certificates/s
  double first_rate = 0, last_rate = 0;      // in the first tenth and in the last
  double per_core = 0;                       // certificates a second of both processes' processor time
  Memory client, server;
};

// icsd runs; the maker's certificate goes first. A refusal is an error.
Result<Imported> import_dump(const Setup& setup, const Home& home, const demo::Process& icsd, const Dump& dump);

// The home of a keyserver that has that dump, shared by the rows that need one.
Result<Home> populated_keyserver(const Setup& setup, const Dump& dump);

}  // namespace cm4it::bench
