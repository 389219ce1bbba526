// When each registry deletes names, and how long before that the deposit and the job must be ready. A schedule adds the
// time of day to a list that gives only a day; it never dates a name that no list names. The field `source` of each
// built-in row names the registry's policy or the measured list that it comes from.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/time.hpp"

namespace engine {

enum class DropKind : std::uint8_t {
  instant,  // the registry publishes an instant per name
  batch,    // one or more fixed batches a day (or a week)
  window,   // names drop within a window: T is its start
  random,   // randomised by the registry: T is the earliest instant
  unknown,
};
std::string_view to_word(DropKind kind);
Result<DropKind> parse_drop_kind(std::string_view text);

// The registry's rule for `ß`: a letter of its own (RFC 5892), or `ss`.
enum class SharpS : std::uint8_t { keeps, becomes_ss };
std::string_view to_word(SharpS rule);  // "keep", "ss"
Result<SharpS> parse_sharp_s(std::string_view text);

struct ZoneSchedule {
  // ACE suffix, "" is the row for every zone without one of its own
  std::string zone{};
  DropKind kind = DropKind::unknown;
  std::string time_zone = "UTC";  // IANA name, for batch_times
  // local time of day of each batch start, ascending; empty: unknown
  std::vector<std::chrono::seconds> batch_times{};
  // the job must exist this long before T (rule of the 2011 quick start)
  Milliseconds job_lead = std::chrono::hours(3);
  // the deposit is attempted this long before T, elapsed hours
  Milliseconds deposit_lead = std::chrono::hours(72);
  Milliseconds deposit_gap = std::chrono::hours(24);  // and at least this long before the deadline
  Milliseconds finalization_lead{0};                  // where a list gives only F: T = F + this
  // holds a funded job back until this long before the deadline; absent: submits at once
  std::optional<Milliseconds> submit_lead{};
  std::string source{};      // where the row is from, for people
  std::string confidence{};  // "high", "medium", "low", "operator"
  SharpS sharp_s = SharpS::keeps;
  friend bool operator==(const ZoneSchedule&, const ZoneSchedule&) = default;
};

// Refuses with invalid_schedule: a negative span, a deposit due after the deadline (deposit_lead < job_lead), a batch
// time outside the day, or an unknown time zone.
Status check(const ZoneSchedule& schedule);

// The rows that are built in. The operator's rows in the book replace them.
std::span<const ZoneSchedule> builtin_schedules();

class Schedules {
 public:
  // `own` rows replace built-in rows of the same zone. REQUIRES: each passes check().
  explicit Schedules(std::span<const ZoneSchedule> own);
  // The longest suffix of the name with a row, else the row "" (3 h, 72 h, 24 h, no batch time).
  const ZoneSchedule& of(std::string_view ace_name) const;
  const std::vector<ZoneSchedule>& rows() const { return rows_; }  // by zone

 private:
  std::vector<ZoneSchedule> rows_{};
};

// T for a list that gives only a local day: the first batch of that day. Empty if the batch time is unknown.
std::optional<UtcTime> batch_start(const ZoneSchedule& schedule, Day local_day);

// T for a list that says from when a name may be purged: the first start of a day's batch at or after it.
std::optional<UtcTime> next_batch(const ZoneSchedule& schedule, UtcTime eligible_at);

}  // namespace engine
