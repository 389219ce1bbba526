// The gateway's work at the provider: sweeps, and deletes one job while a customer waits. It has its own connection to
// the book. Only it talks to the provider, one command after the other.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/submission.hpp"
#include "tools/operations/sweep.hpp"

namespace gateway {

class BackOffice {
 public:
  using Clock = std::function<engine::UtcTime(engine::LedgerReader&)>;
  // `provider` may be null: then submit and sync are left out. `clock` tells the time as a sweep goes on. Throws
  // storage::StorageError.
  BackOffice(const std::string& path, engine::BackorderProvider* provider, Clock clock);

  // Does everything that is due at `now`. Failures are errors in the report, never exceptions; the next sweep
  // continues.
  operations::SweepReport sweep(engine::UtcTime now);
  // Sweeps where the clock was last swept for an earlier instant; the report where it did.
  std::optional<operations::SweepReport> follow(engine::UtcTime now);

  // From now on a sweep stops where nothing is half done.
  void end() { ending_ = true; }

  // Deletes the job of a backorder that is marked as being cancelled. Nothing where its outcome is not known yet (the
  // next sweep finds out).
  std::optional<engine::Deletion> delete_job(engine::BackorderId id, engine::UtcTime now, const std::string& actor);

 private:
  operations::SweepReport sweep_locked(engine::UtcTime now);
  operations::SweepOptions options();

  std::string path_;  // of the book
  engine::BackorderProvider* provider_;
  Clock clock_;
  std::atomic<bool> ending_ = false;
  std::timed_mutex mutex_;  // over everything below, and over the provider
  std::unique_ptr<engine::LedgerStore> store_;
  std::atomic<engine::UtcTime::rep> swept_until_{std::numeric_limits<engine::UtcTime::rep>::min()};
};

}  // namespace gateway
