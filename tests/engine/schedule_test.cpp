#include "engine/schedule.hpp"

#include <doctest/doctest.h>

#include "engine/drop.hpp"
#include "tests/support/books.hpp"

using namespace engine;
using support::at;

TEST_CASE("schedules: local batch times by date, across daylight saving; elapsed hours before them") {
  CHECK(resolve_local("Europe/Warsaw", parse_day("2026-07-01").value(), std::chrono::minutes(490)) ==
        at("2026-07-01T06:10:00Z"));
  CHECK(resolve_local("Europe/Warsaw", parse_day("2026-12-01").value(), std::chrono::minutes(490)) ==
        at("2026-12-01T07:10:00Z"));
  // skipped: the gap's end
  CHECK(resolve_local("Europe/Warsaw", parse_day("2026-03-29").value(), std::chrono::minutes(150)) ==
        at("2026-03-29T01:00:00Z"));
  // twice: the first
  CHECK(resolve_local("Europe/Warsaw", parse_day("2026-10-25").value(), std::chrono::minutes(150)) ==
        at("2026-10-25T00:30:00Z"));
  const Schedules schedules{std::span<const ZoneSchedule>{}};
  const UtcTime drop = batch_start(schedules.of("x.pl"), parse_day("2026-03-30").value()).value();
  const Drop found = drop_of({SourceId(1), drop, {}}, schedules.of("x.pl"));
  CHECK(found.drop_at == at("2026-03-30T06:10:00Z"));
  CHECK(found.deposit_due == found.drop_at - std::chrono::hours(72));
  CHECK_FALSE(batch_start(schedules.of("x.de"), parse_day("2026-03-30").value()).has_value());
}

TEST_CASE("schedules: the operator's rows come first, the longest suffix counts, unsound ones are refused") {
  ZoneSchedule own;
  own.zone = "com.pl";
  own.deposit_lead = std::chrono::hours(48);
  const Schedules schedules{std::span(&own, 1)};
  CHECK(schedules.of("x.com.pl").deposit_lead == std::chrono::hours(48));
  CHECK(schedules.of("x.pl").zone == "pl");
  CHECK(schedules.of("x.unheard").zone.empty());
  for (const ZoneSchedule& row : schedules.rows()) CHECK(bool(check(row)));
  own.job_lead = std::chrono::hours(49);
  CHECK(check(own).error().code == ErrorCode::invalid_schedule);
  own.job_lead = -std::chrono::hours(1);
  CHECK(check(own).error().code == ErrorCode::invalid_schedule);
  own = {};
  own.time_zone = "Europe/Nowhere";
  CHECK(check(own).error().code == ErrorCode::unknown_time_zone);
}
