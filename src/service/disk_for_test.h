// A disk of which a test says when it is full.
#pragma once

#include <memory>
#include <utility>

#include "store/faulty.h"
#include "store/memory.h"

namespace cm4it::service::fixture {

class Disk {
 public:
  // For the server; lives as long as that.
  std::unique_ptr<store::Store> store() { return std::move(store_); }
  // For the next commit alone.
  void is_full_once() { disk_.fail_next(store::Fault::fail_before); }

 private:
  std::unique_ptr<store::Faulty> store_ = std::make_unique<store::Faulty>(store::open_memory());
  store::Faulty& disk_ = *store_;
};

}  // namespace cm4it::service::fixture
