// Shares the book between the gateway's threads. Many read in parallel, each on its own connection; one writes. Waiting
// writes share one commit, so many placements cost one flush of the disk. No request is answered before its commit.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/ports.hpp"
#include "storage/store.hpp"

namespace gateway {

// Read-only stores, lent to one thread at a time, and so many at once: each has a page cache of its own, of up to 64
// MiB, and there are more threads than that is good for. Who comes later waits until one is back.
class Readers {
 public:
  explicit Readers(std::string path, std::size_t most = 16) : path_(std::move(path)), free_(most) {}

  class Lent {
   public:
    Lent(Readers& owner, std::unique_ptr<engine::LedgerReader> store) : owner_(&owner), store_(std::move(store)) {}
    ~Lent();  // goes back
    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;
    engine::LedgerReader& operator*() const { return *store_; }
    engine::LedgerReader* operator->() const { return store_.get(); }

   private:
    Readers* owner_;
    std::unique_ptr<engine::LedgerReader> store_;
  };
  Lent lend();  // throws storage::StorageError

 private:
  void take_back(std::unique_ptr<engine::LedgerReader> store);

  std::string path_;
  std::mutex mutex_;
  std::condition_variable back_;
  std::size_t free_;  // how many more may be lent
  std::vector<std::unique_ptr<engine::LedgerReader>> idle_;
};

// A lent store; between begin() and end() what is read through it is of one instant. Who has read enough to write gives
// it back by end(): while a snapshot is held the log cannot be begun anew, and each store that is held costs a
// connection with a page cache of its own.
class Reading {
 public:
  explicit Reading(Readers& readers) : lent_(new Readers::Lent(readers.lend())) {}
  ~Reading() { end(); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  engine::LedgerReader& store() const { return **lent_; }  // REQUIRES: not ended
  void begin();
  void end();  // may be called twice

 private:
  std::unique_ptr<Readers::Lent> lent_;
  bool begun_ = false;
};

class Writer {
 public:
  explicit Writer(const std::string& path);  // throws storage::StorageError
  ~Writer();                                 // writes what waits, then ends
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Runs `task` in a unit of work that it may share with other tasks, and returns after the commit. If one of them
  // fails, each task runs again alone; so a task must not have effects outside the store and its result. Rethrows what
  // the task or the store throws; database_busy if too many wait.
  void in_batch(const std::function<void(engine::LedgerStore&)>& task);
  // Runs `task` with the store to itself; it makes its own units of work.
  void alone(const std::function<void(engine::LedgerStore&)>& task);

 private:
  // One caller's. Each is woken by itself, when its own is done.
  struct Job {
    const std::function<void(engine::LedgerStore&)>* task;
    bool shares;
    std::exception_ptr failure{};
    std::mutex mutex{};
    std::condition_variable finished{};
    bool done = false;
  };
  void run(const std::function<void(engine::LedgerStore&)>& task, bool shares);
  void work();
  void write_batch(std::vector<Job*>& jobs);

  std::unique_ptr<engine::LedgerStore> store_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Job*> waiting_;
  bool busy_ = false, ending_ = false;
  std::thread thread_;
};

}  // namespace gateway
