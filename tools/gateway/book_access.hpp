// How the gateway's threads share the book: many read at once, each on a connection of its own; one writes. What waits to be written is written together and
// committed once, so that a crowd of placements costs one flush of the disk; nobody is answered before that commit.
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
#include "storage/sqlite_store.hpp"

namespace gateway {

// Read-only stores, lent to one thread at a time.
class Readers {
 public:
  explicit Readers(std::string path) : path_(std::move(path)) {}

  class Lent {
   public:
    Lent(Readers& owner, std::unique_ptr<engine::LedgerStore> store) : owner_(&owner), store_(std::move(store)) {}
    ~Lent();  // goes back
    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;
    engine::LedgerStore& operator*() const { return *store_; }
    engine::LedgerStore* operator->() const { return store_.get(); }

   private:
    Readers* owner_;
    std::unique_ptr<engine::LedgerStore> store_;
  };
  Lent lend();  // throws storage::StorageError

 private:
  std::string path_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<engine::LedgerStore>> idle_;
};

// A snapshot: what is read through `store` until the end is of one instant.
class Snapshot {
 public:
  explicit Snapshot(engine::LedgerStore& store) : store_(store) { store_.begin(); }
  ~Snapshot() { store_.rollback(); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  engine::LedgerStore& store_;
};

class Writer {
 public:
  explicit Writer(const std::string& path);  // throws storage::StorageError
  ~Writer();                                 // writes what waits, then ends
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Runs `task` inside a unit of work that it shares with others, and returns once that is committed. Where one of them fails, every task of the unit is run again,
  // alone: so a task leaves no traces but in the store and in what it returns. Rethrows what the task or the store throws; database_busy where too many wait.
  void together(const std::function<void(engine::LedgerStore&)>& task);
  // Runs `task` with the store to itself; it makes its own units of work.
  void alone(const std::function<void(engine::LedgerStore&)>& task);

  // For those who write through another connection, chunk by chunk: returns when nothing waits here, or after `longest`.
  void let_pass(engine::Milliseconds longest);

 private:
  struct Job {
    const std::function<void(engine::LedgerStore&)>* task;
    bool shares;
    bool done = false;
    std::exception_ptr failure{};
  };
  void run(const std::function<void(engine::LedgerStore&)>& task, bool shares);
  void work();
  void write_together(std::vector<Job*>& jobs);

  std::unique_ptr<engine::LedgerStore> store_;
  std::mutex mutex_;
  std::condition_variable arrived_, finished_;
  std::deque<Job*> waiting_;
  bool busy_ = false, ending_ = false;
  std::thread thread_;
};

}  // namespace gateway
