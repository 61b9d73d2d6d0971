// For tests: a server of a handler, and what is awaited instead of slept for.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>

#include "base/waiting_for_test.h"
#include "net/http/server.h"

namespace cm4it::net {

inline std::unique_ptr<HttpServer> start(Handler handler, HttpOptions options = {}) {
  auto server = HttpServer::start(std::move(options), std::move(handler));
  EXPECT_TRUE(server) << (server ? "" : server.error().message);
  return std::move(*server);
}

}  // namespace cm4it::net
