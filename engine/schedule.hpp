// When each registry deletes, and how long before that money and jobs must be ready.
// A schedule gives a list's bare day its time of day; it never dates a name that no list names.
// Sources of the built-in rows: the registries' published policies and measured lists, named row by row in `source`.
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
  // hold a funded job back until this long before the deadline; absent: at once
  std::optional<Milliseconds> submit_lead{};
  std::string source{};      // where the row is from, for people
  std::string confidence{};  // "high", "medium", "low", "operator"
};

// invalid_schedule where spans are negative, the deposit would be due after the deadline (deposit_lead < job_lead), a
// batch time is outside the day, or the time zone is unknown.
Status check(const ZoneSchedule& schedule);

// What the program knows without being told. The operator's rows, kept in the book, come before them.
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

// T for a list that names only a local day: the day's first batch at or after its midnight. Nothing where the batch
// time is unknown.
std::optional<UtcTime> batch_start(const ZoneSchedule& schedule, Day local_day);

}  // namespace engine
