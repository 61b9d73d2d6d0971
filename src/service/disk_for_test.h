// A disk of which a test says when it is full; a store on a real one.
#pragma once

#include <memory>
#include <utility>

#include "base/temporary_directory_for_test.h"
#include "store/faulty.h"
#include "store/lmdb.h"
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

// As servers have: to take a snapshot costs no lock there, and one in the store in memory. Outlives the store.
class OnDisk {
 public:
  std::unique_ptr<store::Store> store() const {
    auto opened = store::open_lmdb({.directory = directory_.path()});
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    return opened ? std::move(*opened) : nullptr;
  }

 private:
  const TemporaryDirectory directory_{"service"};
};

}  // namespace cm4it::service::fixture
