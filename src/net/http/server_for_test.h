// For tests: a server of a handler, and what is awaited instead of slept for.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>

#include "net/http/server.h"

namespace cm4it::net {

inline std::unique_ptr<HttpServer> start(Handler handler, HttpOptions options = {}) {
  auto server = HttpServer::start(std::move(options), std::move(handler));
  EXPECT_TRUE(server) << (server ? "" : server.error().message);
  return std::move(*server);
}

// False when it has not come true within ten seconds.
template <class F>
bool eventually(F&& condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace cm4it::net
