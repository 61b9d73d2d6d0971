// How far an import has come: kept beside its file, so that an interrupted one goes on.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <string>
#include <vector>

#include "apps/ics/api.h"

namespace cm4it::ics {

struct ImportState {
  struct Reason {
    std::uint64_t count = 0, first = 0;  // first: the octet at which the first one begins
    std::string hint, file;              // file: which one that is in; empty: the one that the state is of
  };
  using Reasons = std::map<std::string, Reason>;

  std::string url, domain, mark;  // of which file, and where to; another one begins anew
  std::uint64_t offset = 0;       // everything before it has been answered for
  std::uint64_t pieces = 0, received = 0, provisional = 0, known = 0;
  Reasons refused;
  Reasons waiting;                     // could count once others have come
  std::vector<std::uint64_t> put_off;  // where these begin
  Reasons left_out;                    // parts of certificates that were not sent: nobody could take them
  bool done = false;                   // all of it has been answered for, and others of its directory have not

  void count(const Submitted& item, std::uint64_t begin);
  void leave_out(const std::string& why, std::uint64_t begin);
  std::uint64_t refusals() const;
  // What became of that file, to what became of those before it.
  void add(const ImportState& of_file, const std::string& file);
};

// "pieces", "received", … for people's machines and for the state's file.
boost::json::object counts_json(const ImportState& state);

// Where it is kept.
std::string state_file_of(const std::string& file);
bool is_state_file(const std::string& name);
// Tells a file from others: its size and how it begins.
std::string mark_of(const std::string& file);
// What is kept in `file` of an import like `fresh`; else `fresh`.
ImportState read_state(const std::string& file, ImportState fresh);
Result<void> write_state(const std::string& file, const ImportState& state);

}  // namespace cm4it::ics
