#include "engine/drop.hpp"

#include <doctest/doctest.h>

#include "tests/support/books.hpp"

using namespace engine;
using support::at;

TEST_CASE("drops: the earlier of T - 3 h and F is the deadline; the deposit is due a day before it at least") {
  const ZoneSchedule schedule;
  const UtcTime drop = at("2026-08-05T18:00:00Z");
  CHECK(drop_of({SourceId(1), drop, {}}, schedule).deadline == drop - std::chrono::hours(3));
  const Drop early = drop_of({SourceId(1), drop, drop - std::chrono::hours(60)}, schedule);
  CHECK(early.deadline == drop - std::chrono::hours(60));
  CHECK(early.deposit_due == drop - std::chrono::hours(84));
  ZoneSchedule lead;
  lead.finalization_lead = std::chrono::hours(1);
  CHECK(drop_of({SourceId(1), {}, drop}, lead).drop_at == drop + std::chrono::hours(1));
}

TEST_CASE(
    "drops: between sources the earlier deadline binds, and that they differ is seen; drops that are over do not "
    "count") {
  const ZoneSchedule schedule;
  const UtcTime now = at("2026-08-05T00:00:00Z"), soon = now + std::chrono::hours(50),
                later = now + std::chrono::hours(90);
  const Listing listings[] = {{SourceId(1), later, {}}, {SourceId(2), soon, {}}, {SourceId(3), now - kDropCycle, {}}};
  const BindingDrop binding = binding_drop(listings, schedule, now);
  REQUIRE(binding.drop.has_value());
  CHECK(binding.drop->source == SourceId(2));
  CHECK(binding.conflict);
  CHECK_FALSE(binding_drop(std::span(listings).last(1), schedule, now).drop.has_value());
}
