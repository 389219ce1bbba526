// Dates open backorders. Domain rule: an open backorder always has the date that binds now. So it is dated again
// whenever a listing comes, changes or goes missing, and when a schedule is set. Pure: takes listings, returns changes.
#pragma once

#include <span>
#include <string>

#include "engine/lifecycle.hpp"

namespace engine {

// The reason for dating it again.
enum class DatingCause : std::uint8_t {
  listed,    // a listing came or changed, or is there again
  unlisted,  // a listing went missing; what binds then never releases a deposit that is held
  schedule,  // the zone's times or leads were set
};

// The listings of the name and the schedule of its zone, before and after the cause. Missing listings
// are left out of both.
struct DatingFacts {
  std::span<const Listing> listings_before, listings;
  const ZoneSchedule& schedule_before;
  const ZoneSchedule& schedule;
  DatingCause cause;
  Milliseconds keep;  // a deposit stays held while the new T is within it
};

struct Dating {
  bool dated = false, moved = false;  // it had no date before; it had another
  bool rescheduled = false;           // and gave its deposit back
  bool conflict = false;              // its listings began to disagree: an event
  bool unlisted = false;              // no list names it any more; the last date stays
};

// Dates the backorder: its instants, the events, and the refund where a date moved too far away. The caller has not put
// the row into `changes`; this does, where anything changed. REQUIRES: the customer is the backorder's.
Result<Dating> date_backorder(Changes& changes, Backorder& backorder, Customer& customer, const DatingFacts& facts,
                              UtcTime now);

struct MoveRule {
  Milliseconds keep;
  bool may_release = true;
  std::string why{};  // added to the event
};
// This drop has another date, or an undated backorder gets one. Instants move with it; a deposit held without a job
// stays held while T does not move away or the new T is within `keep` of now, else it is refunded and the backorder
// waits again. Where a job may exist no money moves.
Status move_drop(Changes& changes, Backorder& backorder, Customer& customer, const Drop& drop, const MoveRule& rule,
                 UtcTime now);

// True where an open, dated backorder is named by no current listing: its date is the last one known.
bool is_unlisted(const Backorder& backorder, std::span<const Listing> listings, const ZoneSchedule& schedule,
                 UtcTime now);

}  // namespace engine
