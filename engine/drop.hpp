// One drop of one name: when the registry deletes it (T), the provider's own deadline (F), and the instants that follow
// from them. Several sources may list a name; the earliest deadline binds. If a name drops again later, that is another
// drop.
#pragma once

#include <optional>
#include <span>
#include <variant>

#include "engine/domain_name.hpp"
#include "engine/id.hpp"
#include "engine/schedule.hpp"
#include "engine/time.hpp"

namespace engine {

// The meaning of the dates in a source's lists.
enum class DateIs : std::uint8_t { finalization, drop };
std::string_view to_word(DateIs date_is);
Result<DateIs> parse_date_is(std::string_view text);

// From when a registry may purge a name: it drops at the zone's next batch (auDA's lists).
struct EligibleFrom {
  UtcTime at;
  friend auto operator<=>(const EligibleFrom&, const EligibleFrom&) = default;
};

// A row of a deletion list.
using ListDate = std::variant<UtcTime, Day, EligibleFrom>;  // a bare day takes the zone's batch time from the schedule
struct ListRow {
  DomainName name;
  ListDate date;
  std::uint32_t line = 0;  // of the file, for people
  bool tentative = false;  // the registry says that it may drop, not that it will
};

// The latest listing of a name by one source. At least one of the two dates is given.
struct Listing {
  SourceId source;
  std::optional<UtcTime> drop_at{};          // T as listed
  std::optional<UtcTime> finalization_at{};  // F as listed
};

// The dates of a row, as its source means them. Empty if it has only a day or an instant of eligibility, and the zone's
// batch time is unknown.
std::optional<Listing> listing_of(SourceId source, const ListDate& date, DateIs date_is, const ZoneSchedule& schedule);

struct Drop {
  UtcTime drop_at;                           // T: earliest instant at which the name may be released
  std::optional<UtcTime> finalization_at{};  // F
  UtcTime deadline;     // last moment to create the job and to cancel (now <= deadline): min(T − job_lead, F)
  UtcTime deposit_due;  // min(T − deposit_lead, deadline − deposit_gap)
  SourceId source;
  friend bool operator==(const Drop&, const Drop&) = default;
};

// T defaults to F + finalization_lead. REQUIRES: listing has a date; check(schedule).
Drop drop_of(const Listing& listing, const ZoneSchedule& schedule);

// A drop is over two days after T: a date that is seen earlier moves this drop, a later one is another drop (domain
// rule: instants).
inline constexpr Milliseconds kDropCycle = std::chrono::hours(48);

// The drop that binds at `now`. Among the listings whose drop is not over (now < T + 2 d) it is the one with the
// earliest deadline, then the earliest T, then the lowest source id. `conflict` is set if sources disagree on the
// deadline.
struct BindingDrop {
  std::optional<Drop> drop{};
  bool conflict = false;
};
BindingDrop binding_drop(std::span<const Listing> listings, const ZoneSchedule& schedule, UtcTime now);

}  // namespace engine
