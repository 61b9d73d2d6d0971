// The HTTP door in this process, asked as event loops ask it: what answering costs, without a network and without a request to parse.
#pragma once

#include <memory>
#include <string>

#include "frontends/http/door.h"

namespace cm4it::bench {

class DoorInProcess {
 public:
  // So many event loops keep ready-made answers within `cache_octets` together; 0: each answer is made anew. `service` outlives it.
  DoorInProcess(service::Service& service, unsigned loops, std::size_t cache_octets);

  // One of the event loops; used by one thread.
  class Loop {
   public:
    Loop(const DoorInProcess& door, unsigned number);
    enum class Answer { none, made, ready };
    // GET of this path: how it was answered, before the call returned.
    Answer get(const std::string& path);

   private:
    class Sink;
    const net::Handler handler_;
    const std::shared_ptr<Sink> sink_;
  };

 private:
  http::Door door_;
  const net::Handler handler_;
};

}  // namespace cm4it::bench
