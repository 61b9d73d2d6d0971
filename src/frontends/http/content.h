// Answers that consist of records, made in parts as the client reads them.
#pragma once

#include <functional>
#include <vector>

#include "frontends/http/impl.h"

namespace cm4it::http {

// Records, one behind the other: their sizes, and how each is read. What is small becomes the answer's body at once; the rest is
// read again, record by record, when the client has taken what came before. The rights of the asker are not asked for again.
struct Records {
  std::vector<std::uint64_t> sizes;
  std::function<Result<Bytes>(service::Service&, std::size_t index)> read;
};
Result<net::Response> records_answer(Door::Impl& door, const Call& call, Records records, std::string content_type);

}  // namespace cm4it::http
