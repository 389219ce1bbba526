// The gateway's own work at the provider: sweeping, and deleting one job while a customer waits. It has a connection of
// its own to the book, and it alone speaks with the provider, one thing after the other.
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

  // Everything that is due at `now`. Failures are troubles of the report, never exceptions: the next sweep does what
  // this one could not.
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
