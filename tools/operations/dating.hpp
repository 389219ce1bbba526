// Open backorders get the date that binds now, after a list was merged or a schedule set. Facts are loaded here; the
// rule is engine/dating.hpp.
#pragma once

#include <unordered_map>

#include "engine/dating.hpp"
#include "tools/operations/context.hpp"

namespace operations {

struct DatedCounts {
  std::int64_t dated = 0, moved = 0, rescheduled = 0, conflicts = 0, unlisted = 0;
};

// Dates backorders one after the other; the balances of their customers are carried on from one to the next.
// REQUIRES: inside a unit of work; the backorders come from it.
class Dater {
 public:
  Dater(engine::LedgerStore& store, engine::UtcTime now, engine::Changes& changes)
      : store_(store), now_(now), changes_(changes) {}
  engine::Result<engine::Dating> date(engine::Backorder& backorder, engine::DatingCause cause,
                                      std::span<const engine::Listing> before,
                                      std::span<const engine::Listing> listings,
                                      const engine::ZoneSchedule& schedule_before,
                                      const engine::ZoneSchedule& schedule);
  const DatedCounts& counts() const { return counts_; }

 private:
  engine::LedgerStore& store_;
  engine::UtcTime now_;
  engine::Changes& changes_;
  DatedCounts counts_{};
  std::unordered_map<std::int64_t, engine::Customer> customers_{};
};

// Applies a new row of the schedule: resolves listed days and instants of eligibility again, and dates the open
// backorders of its zone. REQUIRES: inside a unit of work; `row` is not written yet.
engine::Result<DatedCounts> date_by_schedule(engine::LedgerStore& store, engine::UtcTime now,
                                             const engine::ZoneSchedule& row, engine::Changes& changes);

}  // namespace operations
