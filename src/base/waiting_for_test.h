// For tests that wait for what others do: a condition that must come true, a file that must be written.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace cm4it {

// Waits for what must come: false when it has not. The limit is generous, for sanitizers and busy machines.
template <class F>
bool eventually(F&& condition, std::chrono::seconds most = std::chrono::seconds(120)) {
  const auto end = std::chrono::steady_clock::now() + most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

// All of a file; empty where it cannot be read.
inline std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream content;
  content << in.rdbuf();
  return content.str();
}

}  // namespace cm4it
