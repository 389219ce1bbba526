// Instants and time zones. All instants are UTC; a local time exists only between reading a registry's schedule and
// resolving it for a date with the IANA zone database. The engine never reads the clock: `now` is an argument.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "engine/result.hpp"

namespace engine {

using Milliseconds = std::chrono::milliseconds;
using UtcTime = std::chrono::sys_time<Milliseconds>;
using Day = std::chrono::sys_days;  // a calendar day; the place of use says of which zone

// RFC 3339 with `T` or a blank, `Z` or nothing (both UTC) or an offset, fractions to milliseconds. A date alone is
// midnight UTC. A leap second (`23:59:60`) is the next second. "0000-00-00..." and empty text are refused with
// invalid_time, as is anything outside the years 1970 to 9999.
Result<UtcTime> parse_time(std::string_view text);
// "YYYY-MM-DD", nothing else.
Result<Day> parse_day(std::string_view text);

// "2026-08-01T06:10:00Z"; milliseconds only where they are not zero
std::string to_string(UtcTime time);
std::string to_wire_string(UtcTime time);  // "2026-08-01 06:10:00", the provider's form
std::string to_string(Day day);            // "2026-08-01"
std::string to_string(Milliseconds span);  // "2d 3h", "59m 3s": the two largest units, for people

// "72h", "3d", "90m", "45s", "1d12h"; non-negative.
Result<Milliseconds> parse_span(std::string_view text);

Day day_of(UtcTime time);  // UTC day

bool is_time_zone(std::string_view zone);
// The instant of a local clock reading on a day of that zone, daylight saving resolved for that date.
// An hour that happens twice: its first instant. An hour that is skipped: the first instant after the gap.
// REQUIRES: is_time_zone(zone).
UtcTime resolve_local(std::string_view zone, Day local_day, std::chrono::seconds since_midnight);

// The local time in that zone: "2026-08-05 20:00 CEST". REQUIRES: is_time_zone(zone).
std::string to_local_string(std::string_view zone, UtcTime time);

}  // namespace engine
